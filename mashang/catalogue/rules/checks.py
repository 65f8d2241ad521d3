"""Everything wrong with a definition, at once: what checkers of public catalogues look for, and 安阳市政务服务条例 13."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from mashang.kernel.refused import Fault

from .codes import (
    DECIDING,
    INTAKE_CODE,
    ONLINE,
    Channel,
    Depth,
    FieldType,
    Handling,
    ItemType,
    Necessity,
    ResultKind,
    Source,
    StepKind,
)
from .figures import in_days, spoken
from .merge import merged_fields, parts_of
from .spec import ItemSpec, Material, PackageSpec, Spec, Step, When, finite

_CATCH_ALL = re.compile(
    r"(其他|其它)(有关|相关|需要|必要|应当|要求|规定)?.*(材料|资料|文件|证明)|^(相关|有关)(证明)?(材料|资料|文件)$|等(材料|资料|文件)$"
)
LONGEST_VALID = 100
_ENDINGS = (
    ("批复", ResultKind.REPLY),
    ("证", ResultKind.CERTIFICATE),
    ("证书", ResultKind.CERTIFICATE),
    ("执照", ResultKind.CERTIFICATE),
    ("文", ResultKind.DOCUMENT),
)


def _fault(field: str, text: str, code: str = "") -> Fault:
    return Fault(f"catalogue.{code or field}", text, field)


def _limits(spec: ItemSpec) -> Iterator[Fault]:
    if spec.statutory and spec.promised and in_days(spec.promised) > in_days(spec.statutory):
        names = {"p": spoken(spec.promised), "s": spoken(spec.statutory)}
        yield _fault("promised", _("承诺办结时限(%(p)s)不能长于法定办结时限(%(s)s)。") % names)
    if not spec.promised:
        yield _fault("promised", _("请填写承诺办结时限，例如 3wd（3 个工作日）。"), "promised-missing")
    if not spec.statutory and not spec.statutory_note:
        yield _fault("statutory", _("请填写法定办结时限；法律没有规定的，请在说明中写明。"))
    if spec.handling == Handling.INSTANT and in_days(spec.promised) > 1:
        yield _fault("promised", _("即办件的承诺办结时限不能超过 1 个工作日，否则请改为承诺件。"), "instant")
    if spec.handling == Handling.PROMISED:
        kinds = {s.kind for s in spec.steps}
        if spec.steps and not {StepKind.REVIEW, StepKind.DECISION} <= kinds:
            yield _fault("steps", _("承诺件应先审后批，办理环节至少要有一个审查环节和一个决定环节。"), "two-stages")


def _visits(spec: ItemSpec) -> Iterator[Fault]:
    for number, visit in enumerate(spec.visits, 1):
        if not visit.reason:
            yield _fault(
                "visits",
                _("第 %(n)d 次到现场没有写明原因；没有必须到场的原因，就不能要求到场。") % {"n": number},
                "visit-reason",
            )
    if spec.visits and spec.depth == Depth.WHOLE:
        yield _fault("depth", _("全程网办（四级）的事项不能再要求申请人到现场。"))
    if not spec.visits and not ONLINE & set(spec.channels) and Channel.MAIL not in spec.channels:
        yield _fault("channels", _("到现场次数为 0 又不能网上办的事项，必须可以邮寄办。"))
    if not spec.channels:
        yield _fault("channels", _("请至少选择一种办理渠道。"), "channels-missing")
    if ONLINE & set(spec.channels) and spec.depth == Depth.NONE:
        yield _fault("depth", _("可以网上办的事项，请填写网上办理深度。"), "depth-missing")


def _material(material: Material) -> Iterator[Fault]:
    if _CATCH_ALL.search(material.name):
        yield _fault(
            "materials",
            _("材料“%(m)s”是兜底条款，请逐项写明要什么材料，或者删去。") % {"m": material.name},
            "catch-all",
        )
    if material.source == Source.GOVERNMENT and not material.issuer:
        yield _fault(
            "materials", _("材料“%(m)s”由政府部门核发，请写明由哪个部门核发。") % {"m": material.name}, "issuer"
        )
    if material.source == Source.INTERMEDIARY and not material.basis:
        text = _("材料“%(m)s”要由中介机构出具，请写明依据的法律法规。") % {"m": material.name}
        yield _fault("materials", text, "intermediary")
    if not material.originals and not material.copies and material.necessity == Necessity.REQUIRED:
        yield _fault("materials", _("材料“%(m)s”的份数为 0，请填写原件或复印件份数。") % {"m": material.name}, "copies")


def _fees(spec: ItemSpec) -> Iterator[Fault]:
    for number, fee in enumerate(spec.fees, 1):
        for name, label in (("item", _("收费项目")), ("basis", _("收费依据")), ("standard", _("收费标准"))):
            if not getattr(fee, name):
                yield _fault(
                    "fees", _("第 %(n)d 项收费没有写明%(what)s。") % {"n": number, "what": label}, f"fee-{name}"
                )


def _result(spec: ItemSpec) -> Iterator[Fault]:
    if spec.result is None:
        return
    if not 0 <= spec.result.valid_years <= LONGEST_VALID:
        yield _fault("result.valid_years", _("有效期应在 0 到 100 年之间；长期有效填 0。"), "valid-years")
    for ending, kind in _ENDINGS:
        if spec.result.name.endswith(ending):
            if spec.result.kind != kind:
                names = {"r": spec.result.name, "k": kind.label}
                yield _fault("result", _("结果“%(r)s”的类型应为“%(k)s”。") % names)
            return


def _grounds(spec: ItemSpec) -> Iterator[Fault]:
    if spec.type == ItemType.PERMIT and not spec.basis:
        yield _fault("basis", _("行政许可事项必须写明设定依据。"))
    if not spec.organ.name:
        yield _fault("organ", _("请填写实施主体。"))
    if not spec.objects:
        yield _fault("objects", _("请至少选择一类服务对象。"))


def _twice(what: str, field: str, codes: Iterable[str]) -> Iterator[Fault]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield _fault(
                field,
                _("%(what)s的代码“%(code)s”用了 %(n)d 次，每个代码只能用一次。")
                % {"what": what, "code": code, "n": times},
                "twice",
            )


def _known_facts(field: str, name: str, conditions: Sequence[When], facts: set[str]) -> Iterator[Fault]:
    for condition in conditions:
        if condition.fact not in facts:
            names = {"name": name, "fact": condition.fact}
            yield _fault(
                field, _("“%(name)s”的条件用到了“%(fact)s”，但引导问题和表单里没有这一项。") % names, "unknown-fact"
            )
        if condition.sizes and finite(condition.value) is None:
            value = condition.value if isinstance(condition.value, str) else "、".join(condition.value)
            names = {"name": name, "value": value}
            yield _fault(
                field, _("“%(name)s”的条件要比大小，只能跟数字比，现在写的是“%(value)s”。") % names, "no-number"
            )


def _facts(spec: Spec) -> Iterator[Fault]:
    fields = merged_fields(spec)
    facts = {q.code for q in spec.questions} | {f.code for f in fields}
    items = spec.items if isinstance(spec, PackageSpec) else (spec,)
    for step in spec.steps:
        yield from _known_facts("steps", step.label, step.when, facts)
    for item in items:
        yield from _known_facts("instant_when", item.name, item.instant_when, facts)
        for material in item.materials:
            yield from _known_facts("materials", material.name, material.when, facts)
    earlier = {q.code for q in spec.questions}
    for field in fields:
        yield from _known_facts("form", field.label, field.when, earlier)
        earlier.add(field.code)
    for question in spec.questions:
        if len(question.choices) < 2:
            yield _fault("questions", _("引导问题“%(q)s”至少要有两个选项。") % {"q": question.text}, "choices")


def _fields(spec: ItemSpec) -> Iterator[Fault]:
    yield from _twice(_("表单项"), "form", (f.code for f in spec.form))
    for field in spec.form:
        if field.type == FieldType.CHOICE and len(field.choices) < 2:
            yield _fault("form", _("选择项“%(f)s”至少要有两个选项。") % {"f": field.label}, "choices")
        if field.min is not None and field.max is not None and field.min > field.max:
            yield _fault("form", _("“%(f)s”的最小值大于最大值。") % {"f": field.label}, "range")


def _applicant(spec: Spec) -> Iterator[Fault]:
    """Each application says who applies: without a person that is asked of everyone nobody could apply."""
    for part, label in parts_of(spec):
        fields = merged_fields(spec, part)
        if not any(f.type == FieldType.PERSON and f.required and not f.when for f in fields):
            text = _("“%(p)s”的表单没有问申请人是谁，谁也申请不了：请加一项类型为“人员”、必填、不带条件的申请人。")
            yield _fault("form", text % {"p": label}, "no-applicant")


def _circle(steps: Sequence[Step]) -> list[str]:
    """The labels of steps that wait for each other; none when the graph is sound."""
    waiting = {s.code: set(s.after) for s in steps}
    while ready := [code for code, after in waiting.items() if not after & waiting.keys()]:
        for code in ready:
            del waiting[code]
    return [s.label for s in steps if s.code in waiting]


def _steps(spec: Spec) -> Iterator[Fault]:
    yield from _twice(_("环节"), "steps", (s.code for s in spec.steps))
    codes = {s.code for s in spec.steps}
    items = spec.items if isinstance(spec, PackageSpec) else (spec,)
    given = {name for i in items if i.result for name in (i.result.document, i.result.code)}
    for step in spec.steps:
        if step.code == INTAKE_CODE:
            text = _("环节“%(s)s”的代码不能用“%(c)s”，它是平台受理环节的代码，请换一个。")
            yield _fault("steps", text % {"s": step.label, "c": INTAKE_CODE}, "step-code")
        for before in step.after:
            if before not in codes:
                yield _fault(
                    "steps", _("环节“%(s)s”的前置环节“%(b)s”不存在。") % {"s": step.label, "b": before}, "unknown-step"
                )
        if step.role not in spec.roles:
            yield _fault(
                "steps",
                _("环节“%(s)s”的办理单位“%(r)s”没有在单位角色中定义。") % {"s": step.label, "r": step.role},
                "role",
            )
        if step.statutory and step.promised and in_days(step.promised) > in_days(step.statutory):
            yield _fault("steps", _("环节“%(s)s”的承诺时限长于法定时限。") % {"s": step.label}, "step-limit")
        if step.suspends and not step.ground:
            yield _fault("steps", _("环节“%(s)s”会停止计时，请写明法定事由。") % {"s": step.label}, "ground")
        for name in step.produces:
            if name not in given:
                names = {"s": step.label, "d": name}
                yield _fault("steps", _("环节“%(s)s”出具的“%(d)s”不是办理结果。") % names, "produces")
        if step.kind == StepKind.SITE_CHECK and step.moment is None:
            yield _fault("steps", _("到场检查“%(s)s”没有写明在哪个节点到场。") % {"s": step.label}, "moment")
    if circle := _circle(spec.steps):
        yield _fault("steps", _("这些环节互相等待，谁也开不了头：%(c)s。") % {"c": "、".join(circle)}, "circle")
    if not any(s.kind == StepKind.DECISION for s in spec.steps):
        yield _fault("steps", _("办理环节里没有决定环节。"), "no-decision")


def clock_faults(spec: Spec, limits: Mapping[str, str], grounds: Collection[str]) -> list[Fault]:
    """What steps say of clocks that are not in the catalogue: `limits` by rule code ("" where the item gives it), and the
    known grounds of suspension."""
    found: list[Fault] = []
    for step in spec.steps:
        names = {"s": step.label, "r": step.rule, "g": step.ground}
        if step.rule and step.rule not in limits:
            found.append(_fault("steps", _("环节“%(s)s”的计时规则“%(r)s”不在时钟目录里。") % names, "rule"))
        elif step.rule and step.kind == StepKind.DECISION and step.rule not in DECIDING:
            names |= {"all": "、".join(DECIDING)}
            found.append(_fault("steps", _("决定环节“%(s)s”的计时规则只能是 %(all)s。") % names, "rule"))
        elif step.rule and not limits[step.rule] and (step.rule != DECIDING[-1] or not step.statutory):
            text = _("环节“%(s)s”的计时规则“%(r)s”没有自己的期限：请用 FD-x，并填写法定时限。") % names
            found.append(_fault("steps", text, "rule-limit"))
        if step.ground and step.ground not in grounds:
            found.append(_fault("steps", _("环节“%(s)s”的停表事由“%(g)s”不在时钟目录里。") % names, "unknown-ground"))
    return found


_ITEM: tuple[Callable[[Any], Iterator[Fault]], ...] = (
    _limits, _visits, _fees, _result, _grounds, _fields, _applicant, _steps, _facts,
)  # fmt: skip


def item_faults(spec: ItemSpec, *, inside: bool = False) -> list[Fault]:
    """What is wrong with one item. Of a published name only, nothing more is known, so nothing more is judged.

    `inside` a package the package's questions, steps and whole form hold, so the item's own are not judged.
    """
    if spec.detail == "name":
        return []
    rules = [rule for rule in _ITEM if not (inside and rule in (_applicant, _steps, _facts))]
    faults = [fault for rule in rules for fault in rule(spec)]
    faults += _twice(_("材料"), "materials", (m.code for m in spec.materials))
    return faults + [fault for material in spec.materials for fault in _material(material)]


def _composition(spec: PackageSpec) -> Iterator[Fault]:
    used = [code for part in spec.parts for code in part.items]
    known = {i.code for i in spec.items}
    yield from _twice(_("事项"), "parts", used)
    for code in sorted(set(used) - known):
        yield _fault("parts", _("套餐用到的事项“%(c)s”没有定义。") % {"c": code}, "unknown-item")
    for code in sorted(known - set(used)):
        yield _fault("parts", _("事项“%(c)s”没有列入任何一次申请。") % {"c": code}, "unused-item")
    if len(known) < 2:
        yield _fault("items", _("一件事至少要合并两个事项。"), "too-few")
    parts, done = {p.code for p in spec.parts}, {s.item for s in spec.steps}
    for step in spec.steps:
        if step.part not in parts:
            yield _fault("steps", _("环节“%(s)s”没有归入任何一次申请。") % {"s": step.label}, "step-part")
        if step.item and step.item not in known:
            yield _fault(
                "steps", _("环节“%(s)s”所属事项“%(i)s”没有定义。") % {"s": step.label, "i": step.item}, "step-item"
            )
    for item in spec.items:
        if item.code not in done:
            yield _fault("steps", _("事项“%(i)s”没有任何办理环节。") % {"i": item.name}, "no-step")
    deciding = {s.part for s in spec.steps if s.kind == StepKind.DECISION}
    for part in spec.parts:
        if deciding and part.code not in deciding:  # where there is none at all, `_steps` says so
            yield _fault("steps", _("“%(p)s”没有决定环节，申请了也办不结。") % {"p": part.label}, "no-decision")


def _shared(spec: PackageSpec) -> Iterator[Fault]:
    types: dict[str, FieldType] = {}
    names: dict[str, str] = {}
    for item in spec.items:
        for field in item.form:
            if types.setdefault(field.code, field.type) != field.type:
                yield _fault(
                    "form", _("表单项“%(f)s”在不同事项里类型不一致，不能合并。") % {"f": field.label}, "conflict"
                )
        for material in item.materials:
            if names.setdefault(material.code, material.name) != material.name:
                two = {"a": names[material.code], "b": material.name}
                yield _fault(
                    "materials", _("材料“%(a)s”和“%(b)s”用了同一个代码，请统一名称或分开代码。") % two, "conflict"
                )
    visits = {v.code for i in spec.items for v in i.visits}
    for replaced in spec.replaced_visits:
        if replaced.code not in visits:
            yield _fault("replaced_visits", _("没有事项要求到场“%(v)s”，不必替代。") % {"v": replaced.code})


def package_faults(spec: PackageSpec) -> list[Fault]:
    """What is wrong with a package, its items included."""
    own = [fault for rule in (_composition, _shared, _steps) for fault in rule(spec)]
    if any(fault.code in ("catalogue.unknown-item", "catalogue.unused-item") for fault in own):
        return own
    own += [*_facts(spec), *_applicant(spec)]
    for place, item in enumerate(spec.items):
        for fault in item_faults(item, inside=True):
            own.append(Fault(fault.code, f"{item.name}：{fault.text}", f"items.{place}.{fault.field}"))
    return own


def faults_of(spec: Spec) -> list[Fault]:
    """Everything wrong with a definition; empty when it may be published."""
    return package_faults(spec) if isinstance(spec, PackageSpec) else item_faults(spec)


def coherent(spec: Spec) -> bool:
    """Whether figures and a guide can be made of it: items of parts are known, and no steps wait for each other."""
    known = {i.code for i in spec.items} if isinstance(spec, PackageSpec) else set()
    used = {c for p in spec.parts for c in p.items} if isinstance(spec, PackageSpec) else set()
    return used <= known and not _circle(spec.steps)
