"""Names for references, and addresses for notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from mashang.kernel import vault

from ..models import Account, ApiClient, Person, Staff
from .places import region, unit_table


def shown_names(refs: Collection[str], *, inside: bool) -> Mapping[str, str]:
    """What a timeline shows for actor references like "staff:12": unit and name for colleagues, the unit for citizens.

    Persons are shown as such and never named; the case page shows their masked names where they take part.
    """
    ids: dict[str, list[int]] = {}
    for ref in refs:
        kind, _, number = ref.partition(":")
        if number.isdigit():
            ids.setdefault(kind, []).append(int(number))
    names = dict.fromkeys(refs, "系统")
    names |= {ref: "申请人" for ref in refs if ref.startswith("person")}
    names |= {f"client:{c.id}": c.name for c in ApiClient.objects.filter(pk__in=ids.get("client", ()))}
    for account in Account.objects.filter(pk__in=ids.get("staff", ())).select_related("staff"):
        known = unit_table().get(account.staff.unit_id)
        place = known.short_name if known else ""
        names[f"staff:{account.pk}"] = f"{place} {account.staff.name}" if inside else place
    return names


def address_of(*, person: int | None, staff: int | None) -> str:
    """The phone a message goes to, in clear, for the sender alone; empty when none is known."""
    if person is not None:
        sealed = Person.objects.filter(pk=person).values_list("phone_sealed", flat=True).first()
    else:
        sealed = Staff.objects.filter(pk=staff).values_list("phone_sealed", flat=True).first()
    return vault.open_(sealed) if sealed else ""


@lru_cache(maxsize=4096)
def _trimmed(name: str) -> str:
    return name[:-1] if len(name) > 2 and name[-1] in "省市县区" else name


def region_short(code: str) -> str:
    """The county's (else the city's, the province's) everyday name, as case numbers carry it: 武平县桃溪镇 → 武平."""
    return _trimmed(region(code[:6] if len(code) >= 6 else code).name)
