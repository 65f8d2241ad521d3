"""The columns of the two sheets: how a definition is written into a cell and read back from one.

Reading raises ValueError with a sentence about the cell; the reader adds row and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _

from mashang.text.rules import narrow

from ..rules import (
    Basis,
    Channel,
    Depth,
    Fee,
    Handling,
    ItemSpec,
    ItemType,
    Level,
    Material,
    MaterialForm,
    MaterialKind,
    Necessity,
    ResultKind,
    ServiceObject,
    Source,
    Visit,
    spoken,
)
from ..rules.codes import Coded

T = TypeVar("T")
_SEPARATOR = re.compile(r"\s*[、,，;；\n]\s*")
_UNITS = {
    "wd": ("个工作日", "工作日", "wd"),
    "wh": ("个工作小时", "工作小时", "个工作时", "工作时", "wh"),
    "nd": ("个自然日", "自然日", "日", "天", "nd"),
    "h": ("个小时", "小时", "h"),
}


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`keys`: where the value goes in the definition, outermost first. A cell left empty leaves what was there."""

    title: str
    keys: tuple[str, ...]
    write: Callable[[T], str]
    read: Callable[[str], Any]
    required: bool = False


def plain(text: str) -> str:
    return text


def count(text: str) -> int:
    text = narrow(text)
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII):
        raise ValueError(_("应为 0 到 999 的整数，现在是“%(t)s”。") % {"t": text})
    return int(text)


def coded(kind: type[Coded]) -> Callable[[str], Coded]:
    def read(text: str) -> Coded:
        if (found := kind.of(text)) is None:
            raise ValueError(_("“%(t)s”不在可选范围内，请填：%(w)s。") % {"t": text, "w": kind.words()})
        return found

    return read


def many(kind: type[Coded]) -> Callable[[str], tuple[Coded, ...]]:
    return lambda text: tuple(coded(kind)(word) for word in _SEPARATOR.split(text) if word)


def words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _SEPARATOR.split(text) if word)


def lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in re.split(r"\s*[;；\n]\s*", text) if line)


def limit(text: str) -> str:
    """20个工作日, 20wd, 30日, 4个工作时, 24小时; 即办 and 当场 are read as half a working day."""
    text = narrow(text)
    if text in ("即办", "当场", "当场办结", "即时办结", "即时"):
        return "4wh"
    if found := re.fullmatch(r"([1-9]\d{0,3})\s*(\D+)", text, re.ASCII):
        for unit, names in _UNITS.items():
            if found[2].strip().lower() in names:
                return f"{int(found[1])}{unit}"
    raise ValueError(_("“%(t)s”看不懂，请写成 20个工作日、30日、4个工作时或 24小时。") % {"t": text})


def visits(text: str) -> tuple[Visit, ...]:
    """One reason a visit. 0, 无 and 不用 mean that nobody need come."""
    if text in ("0", "无", "不用", "不需要"):
        return ()
    reasons = lines(text)
    return tuple(Visit(code=f"visit{n}" if n > 1 else "visit", reason=reason) for n, reason in enumerate(reasons, 1))


def bases(text: str) -> tuple[Basis, ...]:
    """《law》article, one a line."""
    found = []
    for line in lines(text):
        law, _mark, article = line.lstrip("《").partition("》") if line.startswith("《") else (line, "", "")
        found.append(Basis(law=law, article=article))
    return tuple(found)


def fees(text: str) -> tuple[Fee, ...]:
    """item|standard|basis|relief, one a line; 不收费 for none."""
    if text in ("不收费", "无", "否"):
        return ()
    parts = ([part.strip() for part in line.split("|")] + [""] * 3 for line in lines(text))
    return tuple(
        Fee(item=item, standard=standard, basis=basis, relief=relief) for item, standard, basis, relief, *_ in parts
    )


def _labels(members: tuple[Coded, ...]) -> str:
    return "、".join(str(m.label) for m in members)


ITEM: tuple[Column[ItemSpec], ...] = (
    Column("事项代码", ("code",), lambda s: s.code, plain, required=True),
    Column("事项名称", ("name",), lambda s: s.name, plain, required=True),
    Column("别名", ("aliases",), lambda s: "、".join(s.aliases), words),
    Column("主题", ("group",), lambda s: s.group, plain),
    Column("基本编码", ("codes", "basic"), lambda s: s.codes.basic, plain),
    Column("实施编码", ("codes", "implementation"), lambda s: s.codes.implementation, plain),
    Column("业务办理项编码", ("codes", "handling"), lambda s: s.codes.handling, plain),
    Column("事项类型", ("type",), lambda s: str(s.type.label), coded(ItemType), required=True),
    Column("行使层级", ("level",), lambda s: str(s.level.label), coded(Level), required=True),
    Column("实施主体", ("organ", "name"), lambda s: s.organ.name, plain, required=True),
    Column("统一社会信用代码", ("organ", "credit_code"), lambda s: s.organ.credit_code, plain),
    Column("服务对象", ("objects",), lambda s: _labels(s.objects), many(ServiceObject), required=True),
    Column("办件类型", ("handling",), lambda s: str(s.handling.label), coded(Handling), required=True),
    Column("法定办结时限", ("statutory",), lambda s: spoken(s.statutory), limit),
    Column("法定时限说明", ("statutory_note",), lambda s: s.statutory_note, plain),
    Column("承诺办结时限", ("promised",), lambda s: spoken(s.promised), limit, required=True),
    Column(
        "必须到场的原因", ("visits",), lambda s: "；".join(v.reason for v in s.visits) or "无", visits, required=True
    ),
    Column("办理渠道", ("channels",), lambda s: _labels(s.channels), many(Channel), required=True),
    Column("网上办理深度", ("depth",), lambda s: str(s.depth.label), coded(Depth), required=True),
    Column("受理条件", ("conditions",), lambda s: "\n".join(s.conditions), lines),
    Column("设定依据", ("basis",), lambda s: "\n".join(f"《{b.law}》{b.article}" for b in s.basis), bases),
    Column(
        "收费",
        ("fees",),
        lambda s: "\n".join(f"{f.item}|{f.standard}|{f.basis}|{f.relief}" for f in s.fees) or "不收费",
        fees,
    ),
    Column("结果类型", ("result", "kind"), lambda s: str(s.result.kind.label) if s.result else "", coded(ResultKind)),
    Column("结果名称", ("result", "name"), lambda s: s.result.name if s.result else "", plain),
    Column("咨询电话", ("phone",), lambda s: s.phone, plain),
    Column("来源", ("source",), lambda s: s.source, plain),
)
MATERIAL: tuple[Column[Material], ...] = (
    Column("材料代码", ("code",), lambda m: m.code, plain, required=True),
    Column("材料名称", ("name",), lambda m: m.name, plain, required=True),
    Column("类型", ("kind",), lambda m: str(m.kind.label), coded(MaterialKind)),
    Column("形式", ("form",), lambda m: str(m.form.label), coded(MaterialForm)),
    Column("必要性", ("necessity",), lambda m: str(m.necessity.label), coded(Necessity)),
    Column("来源渠道", ("source",), lambda m: str(m.source.label), coded(Source)),
    Column("核发机关", ("issuer",), lambda m: m.issuer, plain),
    Column("原件份数", ("originals",), lambda m: str(m.originals), count),
    Column("复印件份数", ("copies",), lambda m: str(m.copies), count),
    Column("已有证照代码", ("held_as",), lambda m: m.held_as, plain),
    Column("填报须知", ("guidance",), lambda m: m.guidance, plain),
    Column("受理标准", ("standard",), lambda m: m.standard, plain),
    Column("要求提供的依据", ("basis",), lambda m: m.basis, plain),
)
ITEM_SHEET, MATERIAL_SHEET, ITEM_CODE = "事项", "材料", "事项代码"
Columns = tuple[Column[ItemSpec], ...] | tuple[Column[Material], ...]


def put(target: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set a value deep in a definition given as plain dicts."""
    for key in keys[:-1]:
        inner = target.get(key)
        target[key] = dict(inner) if isinstance(inner, Mapping) else {}
        target = target[key]
    target[keys[-1]] = value
