"""The house rules that no type checker knows. Each test lists every offence at once, as file:line."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from mashang.org import rights
from mashang.site import jobs, procedures, seeds

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mashang"
NO_ROOMS = {"site", "portals", "api", "kernel"}
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} - NO_ROOMS
OPEN_TO_OTHERS = {"actions", "queries", "rules", "measures"}
ALSO_OPEN = {("org", "rights"), ("cases", "procedure"), ("cases", "casefile")}
FILE_LINES, FUNCTION_LINES = 400, 40
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "timezone.localdate"}
CLOCKS |= {"time.time", "timezone.localtime", "datetime.datetime.now", "datetime.date.today"}


@cache
def sources() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def code(*, migrations: bool = False) -> Iterator[tuple[Path, ast.Module]]:
    return ((path, tree) for path, tree in sources().items() if migrations or "migrations" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def at(path: Path, node: ast.AST | None = None) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imports(path: Path, tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every module, or name of a module, that the file imports, written in full."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from ((node, f"{module}.{alias.name}") for alias in node.names)


@pytest.mark.slow  # reads every file of every room
def test_of_another_room_only_what_it_offers_is_imported() -> None:
    offences = []
    for path, tree in code():
        for node, name in imports(path, tree):
            parts = name.split(".")
            if len(parts) < 3 or parts[0] != "mashang" or parts[1] not in ROOMS or room_of(path) in ("site", parts[1]):
                continue
            if parts[2] not in OPEN_TO_OTHERS and (parts[1], parts[2]) not in ALSO_OPEN:
                offences.append(f"{at(path, node)} imports {name}")
    assert not offences, "\n".join(offences)


def test_rooms_have_no_pages() -> None:
    pages = [
        path
        for room in ROOMS
        for name in ("views*", "templates", "urls.py", "admin.py")
        for path in (PACKAGE / room).rglob(name)
    ]
    offences = [str(path.relative_to(ROOT)) for path in pages if path.suffix == ".py" or path.is_dir()]
    for path, tree in code():
        if room_of(path) in ROOMS:
            offences += [
                f"{at(path, n)} imports {name}"
                for n, name in imports(path, tree)
                if name.startswith(("django.http", "django.shortcuts", "django.views", "django.urls"))
            ]
    assert not offences, "\n".join(offences)


def test_rules_know_neither_django_nor_the_clock() -> None:
    allowed = ("django.utils.translation", "django.utils.functional")
    offences = [
        f"{at(path, node)} imports {name}"
        for path, tree in code()
        if room_of(path) in ROOMS and ("rules" in path.parts or path.name == "rules.py")
        for node, name in imports(path, tree)
        if name.startswith(("django", "psycopg", "mashang.kernel.sql")) and not name.startswith(allowed)
    ]
    assert not offences, "\n".join(offences)


def test_only_the_kernel_asks_what_time_it_is() -> None:
    offences = []
    for path, tree in code():
        if path == PACKAGE / "kernel" / "clock.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in CLOCKS:
                offences.append(f"{at(path, node)} calls {ast.unparse(node.func)}")
            if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
                offences.append(f"{at(path, node.value)} uses {node.arg}")
    assert not offences, "\n".join(offences)


def test_nothing_happens_behind_the_back_of_an_action() -> None:
    """No signals, no save() or delete() with side effects, no ordering hidden in a model."""
    offences = []
    for path, tree in code():
        offences += [
            f"{at(path, node)} imports {name}"
            for node, name in imports(path, tree)
            if name.startswith(("django.dispatch", "django.db.models.signals"))
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and (path.name == "models.py" or "models" in path.parts):
                offences += [
                    f"{at(path, part)} overrides {part.name}"
                    for part in node.body
                    if isinstance(part, ast.FunctionDef) and part.name in ("save", "delete")
                ]
                offences += [
                    f"{at(path, part)} orders by default"
                    for part in node.body
                    if node.name == "Meta"
                    and isinstance(part, ast.Assign)
                    and ast.unparse(part.targets[0]) == "ordering"
                ]
    assert not offences, "\n".join(offences)


def test_imports_stand_at_the_top_of_their_file() -> None:
    offences = [
        at(path, inner)
        for path, tree in code()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not offences, "\n".join(offences)


def test_files_and_functions_stay_short() -> None:
    offences = []
    for path, tree in code():
        if (lines := len(path.read_text("utf-8").splitlines())) > FILE_LINES:
            offences.append(f"{at(path)} has {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                if (lines := (node.end_lineno or 0) - first.lineno + 1) > FUNCTION_LINES:
                    offences.append(f"{at(path, node)} {node.name} has {lines} lines")
    assert not offences, "\n".join(offences)


def test_nothing_is_left_for_later_or_switched_off_without_a_reason() -> None:
    later = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    silenced = re.compile(r"#\s*(noqa|type:\s*ignore|mypy:)(\[[^\]]*\]|:\s*[A-Z0-9, ]+)?\s*(?P<reason>.*)$")
    offences = []
    for path in sources():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if later.search(line) or ((found := silenced.search(line)) and not found["reason"].strip(" #:")):
                offences.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert not offences, "\n".join(offences)


def test_no_path_of_a_machine_is_written_down() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    of_a_machine = re.compile(r"(?<![\w.\-*])/(home|Users|root|work)/[\w.]")
    offences = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix
            not in {".py", ".md", ".toml", ".in", ".lock", ".txt", ".json", ".html", ".css", ".js", ".yml", ".sh", ""}
            or not path.is_file()
        ):
            continue
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            if of_a_machine.search(line):
                offences.append(f"{name}:{number}")
    assert not offences, "\n".join(offences)


def test_every_address_stands_in_the_rights_table() -> None:
    named = {view for view, _ in views(get_resolver().url_patterns)}
    operations = {f"api:{name}" for name in rights.OPERATIONS} | {"api:api-root"}  # the root only joins addresses
    missing = named - rights.PAGES.keys() - operations
    assert not missing, f"not in org.rights, so refused: {sorted(missing)}"


def test_the_rights_table_names_no_page_that_is_gone() -> None:
    named = {view for view, _ in views(get_resolver().url_patterns)}
    assert not rights.PAGES.keys() - named, f"no such page: {sorted(rights.PAGES.keys() - named)}"


def views(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every page; a page without a name is told by its route."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name or pattern.pattern}", str(pattern.pattern)


def test_every_right_an_action_asks_for_is_in_the_table() -> None:
    asked = {action.right for procedure in procedures.load().values() for action in procedure.actions.values()}
    assert not asked - rights.RIGHTS.keys(), f"unknown rights: {sorted(asked - rights.RIGHTS.keys())}"


def test_every_verb_has_a_sentence_and_every_sentence_a_verb() -> None:
    for kind, procedure in procedures.load().items():
        assert procedure.actions.keys() == procedure.sentences.keys(), kind


def test_every_state_and_verb_stands_in_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    for kind, procedure in procedures.load().items():
        if not procedure.body_module.startswith("mashang."):
            continue  # a procedure of the tests
        words = [*procedure.states.values, *procedure.actions, *procedure.step_kinds]
        missing = [word for word in words if f"| `{word}` |" not in glossary]
        assert not missing, f"{kind}: run `make docs`, missing {missing}"


@pytest.mark.slow  # `make check` asks the same
def test_generated_documents_are_up_to_date() -> None:
    """Asked of a process of its own: this one may know what only tests declare."""
    asked = subprocess.run(
        [sys.executable, "-m", "mashang.site", "docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, f"run `make docs`: {asked.stdout}{asked.stderr}"


@pytest.mark.parametrize(
    "path", [s.function for s in jobs.SWEEPS] + [*seeds.REFERENCE, *seeds.DEMO, *seeds.DEMO_REST, *seeds.ACCOUNTS]
)
def test_what_jobs_and_seeds_name_is_there(path: str) -> None:
    assert callable(import_string(path))


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_room_has_a_readme(room: str) -> None:
    if (
        not any(path.name != "__init__.py" for path in (PACKAGE / room).glob("*.py"))
        and not (PACKAGE / room / "rules").exists()
    ):
        pytest.skip("nothing in this room yet")
    assert (PACKAGE / room / "README.md").exists()


def test_documents_link_only_to_what_exists() -> None:
    offences = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *PACKAGE.rglob("README.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                offences.append(f"{page.relative_to(ROOT)} links to {target}")
    assert not offences, "\n".join(offences)
