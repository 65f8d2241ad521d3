"""Definitions in from a workbook or CSV: all faults together, each with sheet, row and column; nothing half-read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import told

from ..rules import Depth, Handling, ItemSpec, ItemType, Level, faults_of, plain_process, with_applicant
from ..rules.written import put
from .columns import ITEM, ITEM_CODE, ITEM_SHEET, MATERIAL, MATERIAL_SHEET, Columns
from .tables import Line, Table, cell_text, tables

_NAMES = ("department", "main_item", "name", "item_code", "task_type")


class _Faults:
    """Faults of one file as they are found, each with its place."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, table: str, line: int, title: str, text: str, code: str = "cell") -> None:
        place = _("“%(s)s”表第 %(n)d 行") % {"s": table, "n": line} + (f"“{title}”列" if title else "")
        self.found.append(Fault(f"sheet.{code}", f"{place}：{text}", f"{table}!{line}:{title}"))

    def raise_if_any(self) -> None:
        if self.found:
            raise Refused.of_many(self.found)


def _cells(
    table: Table, line: Line, columns: Columns, target: dict[str, Any], faults: _Faults, old: Any = None
) -> None:
    """The cells of one row into a definition; an empty cell, or one that says what was there, leaves it as it was."""
    for column in columns:
        text = line.cells.get(column.title, "")
        if old is not None and text == cell_text(column.write(old)):
            continue
        if not text:
            if column.required and old is None:
                faults.add(table.name, line.number, column.title, _("不能为空。"), "missing")
            continue
        try:
            put(target, column.keys, column.read(text))
        except ValueError as fault:
            faults.add(table.name, line.number, column.title, told(fault.args[0], _))


def _heads(table: Table, columns: Columns, extra: Sequence[str], faults: _Faults) -> None:
    known = {c.title for c in columns} | set(extra)
    for title in table.titles:
        if title and title not in known:
            faults.add(table.name, 1, title, _("不认识这一列，请用导出的表头。"), "title")
    for title in [*extra, *(c.title for c in columns if c.required)]:
        if title not in table.titles:
            faults.add(table.name, 1, title, _("缺少这一列。"), "title")


def _sentence(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return _("%(where)s 填写有误（%(msg)s）。") % {"where": where, "msg": fault["msg"]}


def _item(table: Table, line: Line, known: Mapping[str, ItemSpec], faults: _Faults) -> dict[str, Any]:
    old = known.get(line.cells.get(ITEM_CODE, ""))
    spec: dict[str, Any] = old.model_dump() if old else {}
    _cells(table, line, ITEM, spec, faults, old)
    spec["detail"] = "full"
    if result := spec.get("result"):
        spec["result"] = {"code": "result", **result} if result.get("name") else None
    return spec


def _materials(table: Table, codes: set[str], faults: _Faults) -> dict[str, list[dict[str, Any]]]:
    _heads(table, MATERIAL, [ITEM_CODE], faults)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in table.lines:
        code = line.cells.get(ITEM_CODE, "")
        if code not in codes:
            text = _("“%(c)s”不在“%(s)s”表里。") % {"c": code, "s": ITEM_SHEET}
            faults.add(table.name, line.number, ITEM_CODE, text, "unknown")
            continue
        material: dict[str, Any] = {}
        _cells(table, line, MATERIAL, material, faults)
        found[code].append(material)
    return found


def _kept(material: dict[str, Any], old: ItemSpec | None) -> dict[str, Any]:
    """What the sheet has no column for stays as it was."""
    same = next((m for m in old.materials if m.code == material.get("code")), None) if old else None
    return {**same.model_dump(), **material} if same else material


def read(data: bytes, filename: str, known: Mapping[str, ItemSpec]) -> list[ItemSpec]:
    """The items of a file. `known` are those in force: form, steps and whatever has no column stay as they are.

    A CSV holds items only, so their materials stay too. Refuses with every fault of every row.
    """
    found = {t.name: t for t in tables(data, filename)}
    table = found.get(ITEM_SHEET) or next(iter(found.values()))
    faults = _Faults()
    _heads(table, ITEM, (), faults)
    faults.raise_if_any()
    if not table.lines:
        raise Refused("sheet.empty", _("“%(s)s”表里没有事项。") % {"s": table.name}, "file")
    lines: dict[str, Line] = {}
    for line in table.lines:
        code = line.cells.get(ITEM_CODE, "")
        if code and code in lines:
            text = _("与第 %(n)d 行的代码“%(c)s”重复。") % {"n": lines[code].number, "c": code}
            faults.add(table.name, line.number, ITEM_CODE, text, "twice")
        lines.setdefault(code or f"\x00{line.number}", line)
    specs = {code: _item(table, line, known, faults) for code, line in lines.items()}
    if sheet := found.get(MATERIAL_SHEET):
        materials = _materials(sheet, set(lines), faults)
        for code, spec in specs.items():
            spec["materials"] = [_kept(m, known.get(code)) for m in materials.get(code, [])]
    faults.raise_if_any()
    items = [_built(table, lines[code].number, spec, faults) for code, spec in specs.items()]
    faults.raise_if_any()
    return [item for item in items if item]


def _built(table: Table, number: int, spec: dict[str, Any], faults: _Faults) -> ItemSpec | None:
    try:
        item = ItemSpec.model_validate(spec)
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            faults.add(table.name, number, "", _sentence(error), "value")
        return None
    if item.detail == "full":
        item = with_applicant(item) if item.steps else plain_process(item)
    for found in faults_of(item):
        faults.add(table.name, number, "", found.text, found.code)
    return item


def names_from_csv(data: bytes, filename: str, *, region: str, place: str, source: str) -> list[ItemSpec]:
    """Published item names of another place (columns department, main_item, name, item_code, task_type) as bare names.

    Nothing but the name, department, code and type is known of them; none can be applied for here.
    """
    table = tables(data, filename)[0]
    faults = _Faults()
    for title in _NAMES:
        if title not in table.titles:
            faults.add(table.name, 1, title, _("缺少这一列。"), "title")
    faults.raise_if_any()
    specs: dict[str, ItemSpec] = {}
    for line in table.lines:
        cells = line.cells
        kind = ItemType.of(cells["task_type"])
        if kind is None:
            faults.add(table.name, line.number, "task_type", _("“%(t)s”不是事项类型代码。") % {"t": cells["task_type"]})
            continue
        if cells["item_code"] in specs:
            faults.add(table.name, line.number, "item_code", _("代码重复。"), "twice")
        organ = f"{place}·{cells['department']}"
        spec = {**_bare(cells), "region": region, "type": kind, "organ": {"name": organ}, "source": source}
        if item := _built(table, line.number, spec, faults):
            specs[item.code] = item
    faults.raise_if_any()
    return list(specs.values())


def _bare(cells: Mapping[str, str]) -> dict[str, Any]:
    """A published name as a definition without substance."""
    return {
        "code": cells["item_code"],
        "name": cells["name"],
        "detail": "name",
        "group": "" if cells["main_item"] == "未分类" else cells["main_item"],
        "level": Level.COUNTY,
        "codes": {"implementation": cells["item_code"]},
        "handling": Handling.OTHER,
        "depth": Depth.NONE,
        "statutory_note": "以实施单位公布为准",
        "promised_note": "以实施单位公布为准",
    }
