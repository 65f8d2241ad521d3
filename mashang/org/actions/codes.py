"""One-time codes by phone: sent sparingly, kept as digests, guessed at five times at most."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.module_loading import import_string

from mashang.kernel import vault
from mashang.kernel.refused import Refused

from ..models import SignInCode
from ..rules import is_mobile, plain_phone

CodeSender = Callable[[str, str], None]
"""Takes a phone and a text. `settings.MASHANG_CODE_SENDER` names one."""

SIGN_IN = "sign-in"
LIFE = timedelta(minutes=5)
PAUSE = timedelta(seconds=60)
HOURLY = 5
TRIES = 5


def to_outbox(phone: str, text: str) -> None:
    """The default sender: a file a message under `var/outbox`, for installations without a gateway."""
    folder = Path(settings.VAR) / "outbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    message = json.dumps({"to": phone, "channel": "sms", "text": text}, ensure_ascii=False)
    (folder / f"code-{secrets.token_hex(8)}.json").write_text(message, encoding="utf-8")


def send_code(phone: str, purpose: str, *, now: datetime) -> None:
    """Send a code. Refuses what is no mobile number, and asking again too soon or too often."""
    phone = plain_phone(phone)
    if not is_mobile(phone):
        raise Refused("phone.wrong", "手机号码不正确，请填写11位手机号。", "phone")
    digest = vault.blind(phone, "phone")
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        sent = SignInCode.objects.filter(phone_blind=digest, sent_at__gt=now - timedelta(hours=1), sent_at__lte=now)
        latest = sent.order_by("-sent_at").first()
        if latest is not None and latest.sent_at > now - PAUSE:
            raise Refused("code.soon", "验证码刚刚发出，请一分钟后再试。", "phone")
        if sent.count() >= HOURLY:
            raise Refused("code.often", "验证码发送过于频繁，请一小时后再试，或改用账号密码登录。", "phone")
        SignInCode.objects.create(
            phone_blind=digest,
            code_blind=_digest(phone, code),
            purpose=purpose,
            sent_at=now,
            expires_at=now + LIFE,
            tries_left=TRIES,
        )
    sender: CodeSender = import_string(settings.MASHANG_CODE_SENDER)
    sender(phone, f"【马上办】验证码{code}，五分钟内有效，请勿告诉他人。")


def just_sent(phone: str, purpose: str, *, now: datetime) -> bool:
    """Whether a code was sent for this so lately that no other would be, and can still be used."""
    digest = vault.blind(plain_phone(phone), "phone")
    sent = SignInCode.objects.filter(phone_blind=digest, sent_at__gt=now - PAUSE, sent_at__lte=now, tries_left__gt=0)
    return sent.filter(purpose=purpose, used_at=None).exists()


def _digest(phone: str, code: str) -> bytes:
    return vault.blind(f"{phone}/{code}", "code")


def check_code(phone: str, code: str, purpose: str, *, now: datetime) -> None:
    """Use up a code. Refuses a wrong one (each try counts, in every process), a used one, an old one."""
    phone = plain_phone(phone)
    codes = SignInCode.objects.filter(phone_blind=vault.blind(phone, "phone"), purpose=purpose, used_at=None)
    latest = codes.order_by("-sent_at").first()
    wrong = Refused("code.wrong", "验证码不正确或已失效，请核对，或重新获取。", "code")
    if latest is None or latest.expires_at <= now:
        raise wrong
    counted = SignInCode.objects.filter(pk=latest.pk, tries_left__gt=0, used_at=None)
    if not counted.update(tries_left=F("tries_left") - 1):
        raise Refused("code.spent", "验证码输错次数过多，请重新获取。", "code")
    if not hmac.compare_digest(bytes(latest.code_blind), _digest(phone, code.strip())):
        raise wrong
    if not SignInCode.objects.filter(pk=latest.pk, used_at=None).update(used_at=now):
        raise wrong


def count_try(phone: str, purpose: str) -> None:
    """Take one of the tries that the code left which last proved this phone. Refuses when none is left: another code
    gives new ones. Outside any transaction that a refusal would undo."""
    codes = SignInCode.objects.filter(phone_blind=vault.blind(phone, "phone"), purpose=purpose, used_at__isnull=False)
    latest = codes.order_by("-sent_at").values("pk")[:1]
    left = SignInCode.objects.filter(pk__in=latest, tries_left__gt=0)
    if not left.update(tries_left=F("tries_left") - 1):
        raise Refused("code.tries", "核对次数过多，请退出后重新用手机验证码登录再试，或到窗口办理。", "number")


def forget_codes(now: datetime) -> int:
    """Delete codes a day old; gives how many."""
    return SignInCode.objects.filter(sent_at__lt=now - timedelta(days=1)).delete()[0]
