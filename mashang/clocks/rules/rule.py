"""A clock as data: what starts it, how long it runs, what may suspend it, what follows when it runs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .counting import USUAL_COUNTING, Counting
from .limit import Limit

Kind = Literal["statutory", "promised", "service"]
KINDS = {"statutory": "法定时限", "promised": "承诺时限", "service": "服务时限"}


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a clock may be suspended. `doubtful`: live practice does it, the law does not plainly say so."""

    code: str
    label: str
    article: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """By how much at most, how often, and who approves."""

    limit: Limit
    times: int = 1
    approver: str = ""


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One version of one clock; immutable. A running clock stays on the version it began under.

    `limit` None: the case brings its own (a promised limit, a dispatcher's order).
    `direction` "before": the limit lies before the trigger ("seven days before the hearing").
    `document`: the number or the place of publication under which the wording was read, of versions published here.
    `effect`: what follows on expiry, for the room that owns the case ("deemed_accepted", "violation", "remind", ...).
    """

    code: str
    label: str
    kind: Kind
    trigger: str
    limit: Limit | None
    effect: str
    source: str
    verified: bool = False
    grounds: tuple[Ground, ...] = ()
    extension: Extension | None = None
    warn: Limit | None = None
    direction: Literal["after", "before"] = "after"
    counting: Counting = USUAL_COUNTING
    effect_label: str = ""
    note: str = ""
    document: str = ""
    version: int = 1

    def ground(self, code: str) -> Ground | None:
        """The ground on which the rule lets its clock stand still; None where it knows none of this code."""
        return next((ground for ground in self.grounds if ground.code == code), None)

    def length(self, own: Limit | str | None = None) -> Limit:
        """The rule's limit, or the case's own where the rule leaves it open. Refuses a missing or a forbidden one."""
        if own is not None:
            own = Limit.parse(own, periods=True) if isinstance(own, str) else own
            if self.limit is not None and own != self.limit:
                raise Refused(
                    "clock.limit-fixed",
                    said(
                        "“{label}”的时限是{fixed}，不能另定为{given}。",
                        label=self.label,
                        fixed=self.limit.label,
                        given=own.label,
                    ),
                    "limit",
                )
            return own
        if self.limit is None:
            raise Refused(
                "clock.limit-missing", said("“{label}”的时限由本件确定，请填写时限。", label=self.label), "limit"
            )
        return self.limit


def write_rule(rule: ClockRule) -> dict[str, Any]:
    """The rule as JSON values, its grounds whole; `read_rule` with those grounds gives it back."""
    data = {key: value for key, value in asdict(rule).items() if value not in (None, "", ()) and key != "version"}
    for key in ("limit", "warn"):
        if key in data:
            data[key] = str(getattr(rule, key))
    if rule.extension:
        data["extension"] = {**asdict(rule.extension), "limit": str(rule.extension.limit)}
    data["grounds"] = [asdict(ground) for ground in rule.grounds]
    return data


def read_rule(data: Mapping[str, Any], grounds: Mapping[str, Ground], version: int = 1) -> ClockRule:
    """A rule from its data form (the shipped catalogue, or a row of the database). Refuses unknown grounds and units."""
    extension = data.get("extension")
    unknown = [code for code in data.get("grounds", ()) if code not in grounds]
    if unknown or data["kind"] not in KINDS:
        raise Refused(
            "rule.form",
            said(
                "时钟“{code}”的类别或中止事由不认识：{unknown}。",
                code=data["code"],
                unknown="、".join(unknown) or data["kind"],
            ),
        )
    limit, warn = data.get("limit"), data.get("warn")
    return ClockRule(
        code=data["code"],
        label=data["label"],
        kind=data["kind"],
        trigger=data["trigger"],
        limit=Limit.parse(limit, periods=True) if limit else None,
        effect=data["effect"],
        source=data["source"],
        verified=data["verified"],
        grounds=tuple(grounds[code] for code in data.get("grounds", ())),
        extension=extension and Extension(
            Limit.parse(extension["limit"], periods=True), extension.get("times", 1), extension.get("approver", "")
        ),
        warn=Limit.parse(warn, periods=True) if warn else None,
        direction=data.get("direction", "after"),
        counting=Counting(**data["counting"]) if data.get("counting") else USUAL_COUNTING,
        effect_label=data.get("effect_label", ""),
        note=data.get("note", ""),
        document=data.get("document", ""),
        version=version,
    )  # fmt: skip
