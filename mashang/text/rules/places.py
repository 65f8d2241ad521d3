"""Places that messages name: found by their endings, cut on the left where the messages themselves stop agreeing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_ENDINGS = (
    "小区|新城|花园|家园|广场|公园|学校|小学|中学|幼儿园|大学|学院|医院|市场|商场|街道|社区|公寓|大厦|山庄|工业园|产业园|水库"
    "|大道|大桥|高速|地铁站|车站|号线|码头|新村|苑|村|镇|乡|路|街|巷|桥|河|湖|府|城|湾|园|里|居|庭|站"
)
_PLACE = re.compile(rf"(?=([\u4e00-\u9fff]{{2,6}}?(?:{_ENDINGS})))")
_END = re.compile(rf"(?:{_ENDINGS})$")
_EDGE = re.compile(
    r".*(?:[市区县省在于到从至和与及的是对就由把被给向往经过该本此我你他这那有无没要请求问投诉举报反映关咨询建议希望]|位于|附近|旁边)"
)
_VAGUE = frozenset(
    re.findall(
        r"\S+",
        "小区 社区 街道 学校 村 镇 乡 路 街 园 城 站 广场 公园 市场 医院 大学 马路 公路 道路 铁路 农村 乡村 小学 中学 车站 临街 政府 旧城",
    )
)
LONGEST = 10
AGREED = 0.6  # a longer name is taken when so many of the texts that hold the shorter one hold it too


def endings(text: str) -> set[str]:
    """All strings of a text that end like a place, from two characters before the ending to `LONGEST` in all."""
    found = set()
    for match in _PLACE.finditer(text):
        name = match[1]
        ending = _END.search(name)
        if ending:
            found.add(name[max(0, ending.start() - 6) :])
    return found


def places(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The places each text names, in order of name. The more texts name a place, the surer its beginning."""
    tails = [endings(text) for text in texts]
    held: Counter[str] = Counter()
    for mine in tails:
        held.update({name[at:] for name in mine for at in range(len(name) - 2)})
    cuts = [{_cut(name, held) for name in mine} for mine in tails]
    return [
        tuple(sorted(name for name in mine if name and name not in _VAGUE and name[-2:] != "政府")) for mine in cuts
    ]


def main_places(named: Counter[str], most: int = 3) -> tuple[str, ...]:
    """The places named most often, at least twice; of names inside one another only the longest that most agree on."""
    chosen: list[str] = []
    ranked = sorted((n for n in named if named[n] > 1), key=lambda n: (-named[n], -len(n), n))
    for name in ranked:
        inside = next((at for at, other in enumerate(chosen) if other in name or name in other), None)
        if inside is None and len(chosen) < most:
            chosen.append(name)
        elif inside is not None and chosen[inside] in name and named[name] >= AGREED * named[chosen[inside]]:
            chosen[inside] = name
    return tuple(chosen)


def _cut(name: str, held: Counter[str]) -> str:
    """The name from where most texts that hold its end agree on its beginning; "" when nothing of it is a name."""
    ending = _END.search(name)
    last = ending.start() if ending else len(name)
    edge = _EDGE.match(name[:last])
    name, last = (name[edge.end() :], last - edge.end()) if edge else (name, last)
    if last < 1:
        return ""
    at = max(last - 2, 0)
    while at and held[name[at - 1 :]] >= max(2, AGREED * held[name[at:]]):
        at -= 1
    return name[at:]
