"""The columns of the two sheets: how a definition is written into a cell and read back from one.

Reading raises ValueError with a sentence about the cell; the reader adds row and column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..rules import (
    Channel,
    Depth,
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
    spoken,
)
from ..rules.written import bases, coded, count, fees, labels, limit, lines, many, plain, visits, words

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`keys`: where the value goes in the definition, outermost first. A cell left empty leaves what was there."""

    title: str
    keys: tuple[str, ...]
    write: Callable[[T], str]
    read: Callable[[str], Any]
    required: bool = False


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
    Column("服务对象", ("objects",), lambda s: labels(s.objects), many(ServiceObject), required=True),
    Column("办件类型", ("handling",), lambda s: str(s.handling.label), coded(Handling), required=True),
    Column("法定办结时限", ("statutory",), lambda s: spoken(s.statutory), limit),
    Column("法定时限说明", ("statutory_note",), lambda s: s.statutory_note, plain),
    Column("承诺办结时限", ("promised",), lambda s: spoken(s.promised), limit, required=True),
    Column(
        "必须到场的原因", ("visits",), lambda s: "；".join(v.reason for v in s.visits) or "无", visits, required=True
    ),
    Column("办理渠道", ("channels",), lambda s: labels(s.channels), many(Channel), required=True),
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
