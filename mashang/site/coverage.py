"""Which row of the casebook is shown by which test: read from `@pytest.mark.row("A7")` in the tests' source."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .paths import ROOT

CASEBOOK = Path(__file__).with_name("data") / "casebook.json"
PARTS = {
    "A": "Services and approvals 政务服务",
    "B": "Appeals 诉求",
    "C": "Supervision 效能督查",
    "D": "Accountability 效能问责",
    "E": "Performance 绩效管理",
    "F": "Coordination 统筹调度",
    "G": "The platform itself",
}
HEAD = """# Coverage

Which row of the casebook is shown by which test. Written by `make docs` from the `@pytest.mark.row` marks; a row
without a test says so. {shown} of {total} rows have at least one.
"""


def page() -> str:
    """The text of docs/coverage.md. Refuses (ValueError) a mark that names no row."""
    rows: dict[str, str] = json.loads(CASEBOOK.read_text("utf-8"))
    tests: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT).as_posix()
        for row, name in marks(path.read_text("utf-8")):
            if row not in rows:
                raise ValueError(f"{place}: {name} is marked with the row {row!r}, which the casebook does not have")
            tests[row].append(f"[{name.removeprefix('test_').replace('_', ' ')}](../{place})")
    lines = [HEAD.format(shown=len(tests), total=len(rows))]
    for letter, part in PARTS.items():
        lines += [f"## {letter}. {part}\n", "| row | part | tests |", "|---|---|---|"]
        lines += [
            f"| {row} | {title} | {'<br>'.join(tests[row]) or 'none yet'} |"
            for row, title in rows.items()
            if row.startswith(letter)
        ]
        lines.append("")
    return "\n".join(lines)


def marks(source: str) -> Iterator[tuple[str, str]]:
    """(row, test) for each row that a test in this source is marked with: on itself, its class or its module."""
    tree = ast.parse(source)
    general = [
        row
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for row in _rows(node.value)
    ]
    yield from _in_body(tree.body, general)


def _in_body(body: list[ast.stmt], outer: list[str]) -> Iterator[tuple[str, str]]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        rows = outer + [row for decorator in node.decorator_list for row in _rows(decorator)]
        if isinstance(node, ast.ClassDef):
            yield from _in_body(node.body, rows)
        elif node.name.startswith("test_"):
            for row in dict.fromkeys(rows):
                yield row, node.name


def _rows(expression: ast.expr) -> Iterator[str]:
    """The ids in every `...mark.row("A7", "A9")` inside an expression."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "row":
            mark = node.func.value
            if isinstance(mark, ast.Attribute) and mark.attr == "mark":
                yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
