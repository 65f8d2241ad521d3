"""Every sentence that a reader may meet stands in English too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

from mashang.clocks import shipped
from mashang.site import messages

ROOMS = sorted(p for p in messages.ROOT.iterdir() if p.is_dir() and (p / "__init__.py").exists())
CATALOGUES = sorted(messages.ROOT.glob("**/locale/en/LC_MESSAGES/*.po"))
PLACES = re.compile(r"%\((\w+)\)|\{(\w+)\}|%%")


@pytest.mark.parametrize("room", ROOMS, ids=lambda p: p.name)
def test_every_sentence_has_its_english(room):
    gaps = [f"{m.path}: {m.text}" for m in messages.missing([room])]
    assert not gaps, "\n".join(gaps)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda p: p.parts[-5])
def test_translations_keep_the_places_for_values_and_hold_no_chinese(path):
    wrong = []
    for entry in polib.pofile(str(path)):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            mine = set(PLACES.findall(text))
            given = set(PLACES.findall(entry.msgid))
            allowed = given | {("mon", ""), ("year", "")} if "month" in entry.msgid else given
            if text and (not mine <= allowed or (messages.CHINESE.search(text))):
                wrong.append((entry.msgid, text))
    assert not wrong


def test_one_sentence_is_not_translated_in_two_ways():
    seen: dict[str, str] = {}
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            text = entry.msgstr or entry.msgstr_plural.get(0, "")
            assert seen.setdefault(entry.msgid, text) == text, entry.msgid


def test_python_texts_are_found():
    source = 'from x import gettext as _\na = _("甲")\nb = gettext_lazy("乙")\nngettext("丙", "丙", 2)\n_(name)\nprint("丁")\n'
    assert list(messages.in_python(source)) == ["甲", "乙", "丙"]


def test_template_texts_are_found():
    source = (
        "{% load i18n %}{% translate '甲' %}{% trans \"乙\" %}{% blocktranslate with n=x %}丙 {{ n }}{% endblocktranslate %}"
        "{% lamp 'ok' _('丁') %}{% blocktranslate count n=x %}戊{% plural %}己{% endblocktranslate %}庚"
    )
    assert list(messages.in_template(source)) == ["甲", "乙", "丙 %(n)s", "丁", "戊"]


def test_compiling_writes_only_what_is_stale(tmp_path: Path):
    folder = tmp_path / "room" / "locale" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"\n\nmsgid "甲"\nmsgstr "A"\n'
    )
    assert messages.compile_all(tmp_path) == [folder / "django.mo"]
    assert messages.compile_all(tmp_path) == []
    assert polib.mofile(str(folder / "django.mo")).find("甲").msgstr == "A"
    assert messages.translated(root=tmp_path) == {"甲": "A"}


def test_gaps_come_as_entries_to_fill_in():
    text = messages.stanzas([messages.Message("甲", "a.py"), messages.Message("甲", "b.py")])
    assert text.count("msgid") == 1
    assert "#: a.py b.py" in text


def test_django_reads_the_compiled_catalogue():
    with translation.override("en"):
        assert translation.gettext("适老版") == "Large print"
    with translation.override("zh-hans"):
        assert translation.gettext("适老版") == "适老版"


TERMINAL = re.compile(
    r"commands|^site/|^(ledger/(files|keys|offline|queries/audit)|ledger/rules/growth|ledger/actions/cosigning|clocks/batchfile|text/files)"
)
"""What only speaks to terminals, in Chinese."""


REFUSALS = ("Refused", "Fault", "NotFound", "Forbidden")


def put_together(made: ast.AST) -> bool:
    """An f-string, or texts added up: with a value in it, nobody can look such a sentence up."""
    return isinstance(made, ast.JoinedStr) or (isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add))


def test_refusals_with_values_carry_their_template():
    loose = []
    for path in messages.ROOT.rglob("*.py"):
        where = str(path.relative_to(messages.ROOT))
        if TERMINAL.search(where):
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS:
                made = [ast.unparse(part) for arg in call.args[:2] for part in ast.walk(arg) if put_together(part)]
                loose += [f"{where}:{call.lineno}: {text}" for text in made if messages.CHINESE.search(text)]
    assert not loose, "\n".join(loose)


def test_clocks_and_their_grounds_have_english_names():
    shipped_rules = shipped.rules().values()
    names = {rule.label for rule in shipped_rules} | {ground.label for rule in shipped_rules for ground in rule.grounds}
    assert not names - messages.translated().keys()
