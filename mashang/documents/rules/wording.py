"""The words of each notice, with the article that asks for them. A wording gives (before the list, the list, after it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mashang.text.rules import clean

Facts = Mapping[str, Any]
Wording = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
LAW = "《中华人民共和国行政许可法》"
RECONSIDER = "如不服本决定，可以自收到本决定书之日起六十日内依法申请行政复议，也可以自收到本决定书之日起六个月内依法提起行政诉讼。"


def as_text(value: Any) -> str:
    return clean(str(value)).strip()


def as_lines(value: Any) -> tuple[str, ...]:
    """One sentence or several, empty ones left out."""
    given = [value] if isinstance(value, str) else value if isinstance(value, Sequence) else []
    return tuple(line for line in (as_text(v) for v in given) if line)


def rows_of(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Labelled lines of a certificate: `rows` as pairs, else what is known of the matter."""
    given = [(as_text(label), as_text(value)) for label, value in facts.get("rows", ())]
    if not given:
        known = (("item", "事项"), ("about", "内容"), ("conclusion", "决定"))
        given = [(label, as_text(facts[key])) for key, label in known if facts.get(key)]
    return tuple((label, value) for label, value in given if value)


def _basis(facts: Facts) -> str:
    return "、".join(as_lines(facts.get("basis", ())))


_BY_WHEN = {
    "": "本件承诺于{due}前办结。",
    "promised": "本件承诺于{due}前办结。",
    "instant": "本件承诺{due}办结。",
    "statutory": "本件依法应于{due}前作出决定。",
    "none": "本件的办结期限：{due}。",
}
"""What the day of a notice of acceptance rests on; older ones do not say."""


def _acceptance(item: str, facts: Facts) -> Wording:
    """行政许可法 32(5), 45; of what is `deemed` accepted nobody said that it is whole, art. 32(4). What may `follow` is told
    with its date and what comes of missing it (容缺受理)."""
    follow = as_lines(facts.get("follow", ()))
    whole = "主要材料齐全、符合法定形式" if follow else "材料齐全、符合法定形式"
    first = f"您提出的“{item}”申请，属于本机关职权范围，{whole}。依据{LAW}第三十二条，予以受理。"
    if facts.get("deemed"):
        silent = "本机关收到申请材料后五日内没有告知需要补正的内容"
        basis = f"依据{LAW}第三十二条第一款第四项，自收到申请材料之日起即为受理。"
        first = f"您提出的“{item}”申请，{silent}。{basis}"
    second = (
        f"{_BY_WHEN[as_text(facts.get('limit', ''))].format(due=as_text(facts['due']))}"
        "办理中依法需要听证、检验、检测、鉴定、专家评审的，所需时间不计入法定期限，将另行书面告知。"
    )
    query = "办理进度可以凭编号和手机号码后四位随时查询。"
    if not follow:
        return (first, second), (), (query,)
    until = f"请于{as_text(facts['until'])}前补交，审查同时进行；逾期没有补交的，视为撤回申请，可以重新申请。"
    return (first, second, "您承诺补交以下材料："), follow, (until, query)


def _supplement(item: str, facts: Facts) -> Wording:
    """行政许可法 32(4): everything at once."""
    due = as_text(facts.get("due", ""))
    until = f"请于{due}前补正。" if due else "补正没有期限要求，材料补齐之日即为收到申请之日。"
    first = (
        f"您提出的“{item}”申请，以下材料不齐全或者不符合法定形式。"
        f"依据{LAW}第三十二条第一款第四项，现将需要补正的全部内容一次告知："
    )
    after = (f"{until}可以在网上补交，也可以交到窗口或者由代办员代交。", "除以上内容外，不会再要求您补正其他材料。")
    return (first,), as_lines(facts["missing"]), after


def _non_acceptance(item: str, facts: Facts) -> Wording:
    """行政许可法 32(1), 38(2)."""
    first = f"您提出的“{item}”申请，经审查决定不予受理，理由如下："
    return (first,), as_lines(facts["grounds"]), (f"法律依据：{_basis(facts)}。", *_help(facts), RECONSIDER)


def _extension(item: str, facts: Facts) -> Wording:
    """行政许可法 42(1): the reason is told. Extended while the time stands still, it is by how much `more`: no day is known yet."""
    more, due = as_text(facts.get("more", "")), as_text(facts["due"])
    until = f"{more}。现在依法停表，到期日期在{due}" if more else f"至{due}"
    first = (
        f"您申请的“{item}”，因{as_text(facts['reason'])}，不能在原期限内作出决定。"
        f"依据{LAW}第四十二条，经批准，办理期限延长{until}。"
    )
    return (first,), (), ("给您带来不便，敬请谅解。",)


def _special(item: str, facts: Facts) -> Wording:
    """行政许可法 45: the time needed is told in writing."""
    time = as_text(facts["time"])
    law = as_text(facts.get("law", "")) or f"{LAW}第四十五条"
    first = (
        f"您申请的“{item}”，依法需要{as_text(facts['procedure'])}，{'' if time.startswith('预计') else '所需时间为'}{time}。"
        f"{'' if law.startswith('参照') else '依据'}{law}，这段时间不计入办理期限。"
    )
    return (first,), (), ()


def _refusal(item: str, facts: Facts) -> Wording:
    """行政许可法 38(2): reasons, reconsideration and suit."""
    first = f"您提出的“{item}”申请，经审查，不符合法定条件，决定不予行政许可，理由如下："
    return (first,), as_lines(facts["grounds"]), (f"法律依据：{_basis(facts)}。", *_help(facts), RECONSIDER)


def _help(facts: Facts) -> tuple[str, ...]:
    words = as_text(facts.get("remedy", ""))
    return (f"可以这样解决：{words.rstrip('。')}。",) if words else ()


def _grant(item: str, facts: Facts) -> Wording:
    """行政许可法 38(1)."""
    about, basis = as_text(facts.get("about", "")), _basis(facts) or f"{LAW}第三十八条第一款"
    inside = f"（{about}）" if about else ""
    first = f"您提出的“{item}”申请{inside}，经审查，符合法定条件、标准。依据{basis}，决定准予。"
    return (first,), (), ("请按准予的范围和要求开展活动，自觉接受监督检查。",)


_SAYS: dict[str, Callable[[str, Facts], Wording]] = {
    "acceptance": _acceptance,
    "supplement": _supplement,
    "non-acceptance": _non_acceptance,
    "extension": _extension,
    "special": _special,
    "refusal": _refusal,
    "grant": _grant,
}


def worded(kind: str, facts: Facts, title: str) -> Wording:
    """What a notice of this kind says of these facts."""
    return _SAYS[kind](as_text(facts.get("item") or title), facts)
