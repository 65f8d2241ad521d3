"""Looking for a case without an account: four digits are soon guessed, so that who misses too often has to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from mashang.kernel import vault
from mashang.kernel.refused import NotFound, Refused

from .. import queries, rules
from ..models import Miss

HOUR = timedelta(hours=1)
OF_NUMBER, OF_CALLER = 10, 100  # misses in an hour


def track(number: str, phone_tail: str, *, caller: str, now: datetime) -> queries.CaseView:
    """`queries.track`, each miss counted against the number that was asked for, whether there is one or not, and against
    `caller`, an address. Refuses both beyond their misses an hour, the right digits too."""
    asked = vault.blind(rules.typed_number(number), "track-number")
    by = vault.blind(caller, "track-caller")
    lately = Miss.objects.filter(at__gt=now - HOUR, at__lte=now)
    if lately.filter(number=asked).count() >= OF_NUMBER or lately.filter(caller=by).count() >= OF_CALLER:
        raise Refused("track.too-many", "没有查到的次数过多，请一小时后再试，或登录后查看，也可以拨打12345查询。")
    try:
        return queries.track(number, phone_tail)
    except NotFound:
        Miss.objects.create(number=asked, caller=by, at=now)
        raise


def forget_misses(now: datetime) -> int:
    """Delete misses a day old; gives how many."""
    return Miss.objects.filter(at__lt=now - timedelta(days=1)).delete()[0]
