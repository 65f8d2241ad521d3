"""Translations without GNU gettext: msgids are the Chinese sentences, so only English is compiled; gaps are found here.

Each room and portal may keep its own `locale/en/LC_MESSAGES/django.po`; the shell's and the portals' stand under
`mashang/site/locale`. Django joins them when it starts.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CALLS = {"_", "say", "said", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
SENTENCES = {"Refused": 1, "Fault": 1, "NotFound": 0, "Forbidden": 0, "ValueError": 0}
"""Which argument is the sentence."""
LABELS = {"title", "description"}
IN_TEMPLATE = re.compile(r"(?:_|n?gettext)\((?:u)?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
CHINESE = re.compile("[\u3400-\u9fff]")
WHOLE = re.compile(CHINESE.pattern + ".*。$", re.DOTALL)
NEEDS_ENGLISH = re.compile(CHINESE.pattern + "|[：，；。（）]")
TERMINAL = re.compile(
    r"commands|^site/|^(ledger/(files|keys|offline|queries/audit)|ledger/actions/cosigning|clocks/batchfile|text/files)"
)
"""What only speaks to terminals, in Chinese."""
WRITTEN = re.compile(
    r"^(documents/actions|documents/rules/wording|cases/actions/notices|supervision/rules|portals/shared/samples)"
)
"""Where sentences stand that are written into papers, messages and cases, which have one language; and samples."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to translate and the file that uses it, relative to the package."""

    text: str
    path: str


def compile_all(root: Path = ROOT) -> list[Path]:
    """Compile each .po under `root` whose .mo is missing or older; the files written."""
    written = []
    for source in sorted(root.glob("**/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(f".{os.getpid()}.mo")  # two processes may be at it at once
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(target)
        written.append(target)
    return written


def in_python(source: str) -> Iterator[str]:
    """Constant texts given to gettext and its kin, sentences of refusals, labels and help of forms."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        at = 0 if name in CALLS else SENTENCES.get(name)
        given: list[ast.expr] = [] if at is None else node.args[at : at + 1]
        given += [word.value for word in node.keywords if name == "Field" and word.arg in LABELS]
        yield from (g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str))


def sentences(source: str) -> Iterator[str]:
    """Whole sentences wherever else they stand: as defaults, under a name, in a table. Docstrings are none of them."""
    nodes = list(ast.walk(ast.parse(source)))
    outer = [node for node in nodes if isinstance(node, ast.Expr | ast.JoinedStr)]
    skipped = {part for node in outer for part in ast.iter_child_nodes(node)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and node not in skipped]
    yield from (text for text in texts if isinstance(text, str) and WHOLE.search(text))


def in_template(source: str) -> Iterator[str]:
    """Texts of translate and blocktranslate tags, and of _("…") inside other tags."""
    for found in IN_TEMPLATE.finditer(templatize(source)):
        yield ast.literal_eval(found[1])


def used(folders: Iterable[Path]) -> list[Message]:
    """Every sentence shown to readers by the Python files and templates under `folders`."""
    found = set()
    for folder in folders:
        for path in folder.rglob("*.py"):
            where, source = str(path.relative_to(ROOT)), path.read_text("utf-8")
            found |= {Message(text, where) for text in in_python(source)}
            if not TERMINAL.search(where) and not WRITTEN.search(where):
                found |= {Message(text, where) for text in sentences(source)}
        for path in folder.rglob("templates/**/*.*"):
            if path.suffix in (".html", ".txt"):
                found |= {Message(text, str(path.relative_to(ROOT))) for text in in_template(path.read_text("utf-8"))}
    return sorted((m for m in found if NEEDS_ENGLISH.search(m.text)), key=lambda m: (m.path, m.text))


def translated(language: str = "en", root: Path = ROOT) -> dict[str, str]:
    """msgid → translation from every catalogue; entries that are empty or marked fuzzy are left out."""
    found: dict[str, str] = {}
    for source in sorted(root.glob(f"**/locale/{language}/LC_MESSAGES/*.po")):
        for entry in polib.pofile(str(source)):
            text = entry.msgstr or entry.msgstr_plural.get(0, "")
            if text and not entry.fuzzy and not entry.obsolete:
                found[entry.msgid] = text
    return found


def missing(folders: Iterable[Path], language: str = "en") -> list[Message]:
    """What still has no translation."""
    known = translated(language)
    return [message for message in used(folders) if message.text not in known]


def stanzas(messages: Iterable[Message]) -> str:
    """The gaps as entries to paste into a .po and fill in."""
    entries: dict[str, polib.POEntry] = {}
    for message in messages:
        entry = entries.setdefault(message.text, polib.POEntry(msgid=message.text, msgstr=""))
        entry.occurrences.append((message.path, ""))
    return "\n".join(str(entry) for entry in entries.values())


if __name__ == "__main__":
    print(stanzas(missing([ROOT])))
