"""Names in a scheme that must be there, and mean one thing: attributes, measures, the columns of a table."""

from __future__ import annotations

from collections.abc import Iterator

from mashang.kernel.refused import Fault
from mashang.kernel.said import said
from mashang.performance.rules.limits import own_limits
from mashang.performance.rules.scheme import Indicator, Scheme

MEASURES = (
    "on_time_rate", "promise_cut", "site_violations", "satisfaction", "satisfaction_with_default", "supervised_deductions",
)  # fmt: skip
"""What the platform counts over its own cases (`performance.sources` says how)."""
ABOUT_UNITS = ("class", "region", "kind")
"""The texts about a unit that the platform knows; the attribute that tells classes apart may have any name."""


def name_faults(scheme: Scheme) -> Iterator[Fault]:
    """Attributes that indicators refer to exist, and hold numbers where numbers are meant; measures exist; a heading of a table
    means one column."""
    for where, leaf in rules_of(scheme):
        for key, name, number in [
            ("per", leaf.per, True),
            ("impute.by", leaf.impute.by, False),
            ("within", leaf.within, False),
        ]:
            yield from _attribute(scheme, name, number, f"{where}.{key}")
        for name in own_limits(leaf.method):
            yield from _attribute(scheme, name, True, f"{where}.method")
        yield from _source(leaf, where)
    yield from _attribute(scheme, scheme.class_by, False, "classes.by")
    yield from _attribute(scheme, scheme.rank_within, False, "scheme.rank_within")
    for impute in scheme.sensitivity.impute:
        yield from _attribute(scheme, impute.by, False, "sensitivity.impute")
    for n, method in enumerate(scheme.sensitivity.normalise, 1):
        for name in own_limits(method):
            yield from _attribute(scheme, name, True, f"sensitivity.normalise[{n}]")
    yield from _headings(scheme)


def platform_faults(scheme: Scheme) -> Iterator[Fault]:
    """Texts about units that the platform does not know: a file may bring any, here every unit's would be empty."""
    for attribute in scheme.attributes.values():
        if not attribute.number and attribute.id not in (*ABOUT_UNITS, scheme.class_by):
            text = said(
                "平台没有单位的“{id}”这一文字属性，可用：{names}，或 classes.by 所指的类别。",
                id=attribute.id, names=[*ABOUT_UNITS],
            )  # fmt: skip
            yield Fault("scheme.no-attribute", text, f"attributes.{attribute.id}")


def rules_of(scheme: Scheme) -> Iterator[tuple[str, Indicator]]:
    """Every indicator as it holds in general and as a class changes it, with its place in the file."""
    yield from ((f"indicators.{key}", leaf) for key, leaf in scheme.indicators.items())
    for name, rule in scheme.classes.items():
        yield from ((f"classes.{name}.indicators.{key}", leaf) for key, leaf in rule.indicators.items())


def _source(leaf: Indicator, where: str) -> Iterator[Fault]:
    measure = leaf.source.removeprefix("measure:")
    if leaf.source != "reported" and measure == leaf.source:
        text = said("指标“{id}”的来源应当是 reported 或 measure:名称。", id=leaf.id)
        yield Fault("scheme.source", text, f"{where}.source")
    elif measure != leaf.source and measure not in MEASURES:
        text = said("没有名为“{name}”的实测指标，可用：{names}。", name=measure, names=[*MEASURES])
        yield Fault("score.no-measure", text, f"{where}.source")
    elif measure != leaf.source and leaf.inputs != (leaf.id,):
        text = said("指标“{id}”由平台统计，只有一个数，不能用评议平均；各份评分应当上报（reported）。", id=leaf.id)
        yield Fault("scheme.source-marks", text, f"{where}.source")


def _headings(scheme: Scheme) -> Iterator[Fault]:
    """Each word that may head a column heads one: what is read twice or of two kinds could not be told apart."""
    meant: dict[str, str] = {}
    for of, words, where in _columns(scheme):
        for word in dict.fromkeys(words):
            if (known := meant.setdefault(word, of)) != of:
                text = said("列名“{word}”已经用于{known}，不能又用于{of}，请改名。", word=word, known=known, of=of)
                yield Fault("scheme.column-twice", text, where)


def _columns(scheme: Scheme) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What a column holds, the words that may head it, and where the file says so."""
    yield said("单位"), scheme.unit_columns, "values.unit"
    yield said("期间"), scheme.period_columns, "values.period"
    for attribute in scheme.attributes.values():
        of = said("属性“{id}”", id=attribute.id)
        yield of, (attribute.id, *attribute.columns), f"attributes.{attribute.id}"
    for leaf in scheme.indicators.values():
        for name in leaf.inputs:
            words = (name, leaf.name, *leaf.columns) if name == leaf.id else (name,)
            yield said("数据“{id}”", id=name), words, f"indicators.{leaf.id}"


def _attribute(scheme: Scheme, name: str, number: bool, field: str) -> Iterator[Fault]:
    if not name:
        return
    if name not in scheme.attributes:
        yield Fault(
            "scheme.unknown-attribute",
            said("“{field}”提到的属性“{name}”没有在 attributes 里声明。", field=field, name=name),
            field,
        )
    elif scheme.attributes[name].number != number:
        wanted = said('数（type = "number"）') if number else said("文字")
        yield Fault(
            "scheme.attribute-type",
            said("“{field}”提到的属性“{name}”应当是{wanted}。", field=field, name=name, wanted=wanted),
            field,
        )
