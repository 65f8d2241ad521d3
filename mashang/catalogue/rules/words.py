"""The parts of a definition in the reader's words, and a place in it told in a sentence: 材料第 2 项“设计图”的必要性."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from mashang.kernel.said import listed, said, strung

from .codes import Coded
from .figures import spoken
from .spec import ItemSpec, PackageSpec, Spec

LABELS: dict[str, str | Promise] = {
    "shape": _("种类"), "code": _("代码"), "name": _("名称"), "aliases": _("别名"), "summary": _("一句话说明"),
    "group": _("主题"), "region": _("适用地区"), "level": _("行使层级"), "objects": _("服务对象"),
    "channels": _("办理渠道"), "depth": _("网上办理深度"), "questions": _("引导问题"), "steps": _("办理环节"),
    "roles": _("单位角色"), "hours": _("办理时间"), "places": _("办理地点"), "phone": _("咨询电话"),
    "complaints": _("投诉渠道"), "remedies": _("救济途径"), "source": _("来源"), "unverified": _("待核实"),
    "detail": _("详细程度"), "codes": _("编码"), "type": _("事项类型"), "organ": _("实施主体"),
    "handling": _("办件类型"), "statutory": _("法定办结时限"), "statutory_note": _("法定时限说明"),
    "promised": _("承诺办结时限"), "promised_note": _("承诺时限说明"), "instant_when": _("零日办条件"),
    "instant_limit": _("零日办时限"), "visits": _("到现场"), "conditions": _("受理条件"), "quota": _("数量限制"),
    "commitment": _("告知承诺"), "form": _("表单"), "materials": _("材料"), "fees": _("收费"),
    "result": _("办理结果"), "basis": _("设定依据"), "lead": _("牵头单位"), "parts": _("申请"),
    "items": _("事项"), "replaced_visits": _("免去的到场"), "by": _("替代办法"), "reason": _("原因"),
    "label": _("名称"), "text": _("问题"), "help": _("说明"), "choices": _("选项"), "stops": _("不能申请的提示"),
    "required": _("必填"), "private": _("不公开"), "unit": _("单位"), "min": _("最小值"), "max": _("最大值"),
    "max_length": _("最多字数"), "prefill": _("预填"), "past": _("已经发生（日期不能在将来）"), "when": _("条件"), "fact": _("条件项"), "op": _("比较"),
    "value": _("比较值"), "kind": _("类型"), "necessity": _("必要性"), "issuer": _("核发机关"),
    "originals": _("原件份数"), "copies": _("复印件份数"), "held_as": _("已有证照代码"), "filled": _("由平台按表单生成"), "sample": _("样表"),
    "blank": _("空白表"), "guidance": _("填报须知"), "standard": _("受理标准"), "match": _("单位名称用字"),
    "unit_kind": _("单位类别"), "role": _("办理单位"), "after": _("前置环节"), "item": _("所属事项"),
    "part": _("所属申请"), "rule": _("计时规则"), "suspends": _("停止计时"), "ground": _("停止计时的事由"),
    "moment": _("到场节点"), "opens": _("开始方式"), "checks": _("核查要点"), "produces": _("出具"),
    "relief": _("减免"), "online_pay": _("网上缴费"), "document": _("文书种类"), "validity": _("有效期"),
    "valid_years": _("有效年数"), "law": _("法律法规"), "article": _("条款"), "credit_code": _("统一社会信用代码"),
    "nature": _("主体性质"), "basic": _("基本编码"), "implementation": _("实施编码"), "local": _("地方编码"),
    "Material.form": _("形式"), "Material.source": _("来源渠道"), "Material.basis": _("要求提供的依据"),
    "Field.type": _("填写方式"), "Field.group": _("分组"), "Step.promised": _("承诺时限"),
    "Step.statutory": _("法定时限"), "Basis.text": _("条文"), "Fee.item": _("收费项目"), "Fee.basis": _("收费依据"),
    "Fee.standard": _("收费标准"), "Result.kind": _("结果类型"),
    "PackageSpec.basis": _("依据"), "Codes.handling": _("业务办理项编码"),
}  # fmt: skip
LIMITS = frozenset({"statutory", "promised", "instant_limit"})
_OPS = {"eq": "=", "ne": "≠", "in": "∈", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}


def label_of(kind: type[BaseModel], name: str) -> str | Promise:
    """The word for a field; for one that nobody knows its name as it was written."""
    return LABELS.get(f"{kind.__name__}.{name}") or LABELS.get(name) or name


def label_at(spec: Spec, path: str) -> str:
    """The words for a dotted path like "organ.name", the last of them: 名称 stands for what it is the name of."""
    kind: type[BaseModel] = type(spec)
    words = []
    for name in path.split("."):
        words.append(str(label_of(kind, name)))
        kind = inner_of(kind, name) or kind
    return words[0] if words[-1] == str(LABELS["name"]) else words[-1]


def inner_of(kind: type[BaseModel], name: str) -> type[BaseModel] | None:
    """What a field holds, singly or many of: materials → Material."""
    field = kind.model_fields.get(name)
    return _class_in(field.annotation, BaseModel) if field else None


def codes_of(kind: type[BaseModel], name: str) -> type[Coded] | None:
    """The code set of a field, if it has one."""
    field = kind.model_fields.get(name)
    return _class_in(field.annotation, Coded) if field else None


def _class_in(annotation: Any, wanted: type) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, wanted):
        return annotation
    return next((found for part in get_args(annotation) if (found := _class_in(part, wanted))), None)


def named(thing: Any) -> str:
    """What one calls a part of a definition, from its values or its raw table: its name, else its code."""
    for key in ("name", "label", "text", "reason", "code"):
        found = thing.get(key) if isinstance(thing, Mapping) else getattr(thing, key, "")
        if isinstance(found, str) and found:
            return found
    return ""


def place_of(kind: type[BaseModel], path: Sequence[int | str], values: Any = None) -> str:
    """A path like ("materials", 1, "necessity") as 材料第 2 项“设计图” · 必要性; `values` are the raw definition."""
    return strung(list(_steps(kind, path, values)), "{one} · {other}")


def _steps(kind: type[BaseModel], path: Sequence[int | str], values: Any) -> Iterator[str]:
    rest = list(path)
    while rest:
        name = str(rest.pop(0))
        known = name in kind.model_fields
        word: str = said("{word}", word=str(label_of(kind, name)))
        here = values.get(name) if isinstance(values, Mapping) else None
        kind = inner_of(kind, name) or kind
        if rest and isinstance(rest[0], int):
            number = rest.pop(0)
            here = dict(enumerate(here)) if isinstance(here, list | tuple) else here
            here = here.get(number) if isinstance(here, Mapping) else None
            word = said("{what}第 {n} 项", what=word, n=int(number) + 1)
            if here is not None and named(here):
                word = said("{what}“{name}”", what=word, name=named(here))
        values = here
        if known or not rest:
            yield word


def words_of(name: str, value: Any) -> str:
    """A value as people read it: codes by their word, limits in days, lists one after the other; "" for nothing."""
    if value is None or value == "" or value == () or value == {}:
        return ""
    if isinstance(value, Coded):
        return str(value.label)
    if isinstance(value, bool):
        return said("是") if value else said("否")
    if name in LIMITS and isinstance(value, str):
        return spoken(value) or value
    if isinstance(value, BaseModel):
        return _whole(value)
    if isinstance(value, tuple):
        return listed([words_of(name, one) for one in value])
    return _OPS.get(str(value), str(value)) if name == "op" else str(value)


def _whole(value: BaseModel) -> str:
    """A small thing in one line: its values that say something, one after the other."""
    told = [
        words_of(name, given)
        for name, field in type(value).model_fields.items()
        if name != "code" and not ((given := getattr(value, name)) is field.default and isinstance(given, bool))
    ]
    return " ".join(str(word) for word in told if word) or str(getattr(value, "code", ""))


def shape_of(values: Mapping[str, Any]) -> type[ItemSpec] | type[PackageSpec]:
    """What a raw definition means to be: it says so, or it has what only a package has."""
    package = values.get("shape") == "package" or ("shape" not in values and {"parts", "items"} & values.keys())
    return PackageSpec if package else ItemSpec
