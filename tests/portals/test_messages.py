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


def test_sentences_of_every_kind_of_refusal_are_found():
    source = (
        'Refused("a", "甲", "x")\nFault("b", "乙")\nNotFound("丙")\nForbidden("丁")\nValueError("戊")\nNotFound()\n'
    )
    assert list(messages.in_python(source)) == ["甲", "乙", "丙", "丁", "戊"]


@pytest.mark.parametrize(
    "source",
    [
        'text = "甲。"\nraise Refused("a", text)',
        'SAID = {"missing": "甲。"}',
        'PAIRS = (("a", "甲。"),)',
        'def no(text: str = "甲。"): ...',
        'check(empty, "甲。" if full else words)',
        'SAID.get(code, "甲。")',
    ],
)
def test_a_sentence_is_found_wherever_it_stands(source):
    assert list(messages.sentences(source)) == ["甲。"]


def test_docstrings_parts_of_texts_and_bare_words_are_no_sentences():
    source = '"""甲。"""\nclass A:\n    """乙。"""\n    b: int\n    """丙。"""\nc = f"{d}丁。"\ne = "戊"\nf = "。"\n'
    assert list(messages.sentences(source)) == []


def test_sentences_are_looked_for_in_rooms_but_not_in_papers_and_terminals():
    found = {(m.path, m.text) for m in messages.used([messages.ROOT])}
    assert ("kernel/refused.py", "没有找到您要的内容，请核对编号。") in found
    assert ("cases/rules.py", "内容太长，最多 {max_length} 个字。") in found
    assert not [text for path, text in found if path == "documents/rules/wording.py" and text.endswith("。")]


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


def put_together(made: ast.AST) -> bool:
    """An f-string, texts added up or filled in: with a value in it, nobody can look such a sentence up."""
    filled = isinstance(made, ast.Call) and getattr(made.func, "attr", "") in ("format", "format_map")
    return filled or isinstance(made, ast.JoinedStr) or (isinstance(made, ast.BinOp) and isinstance(made.op, ast.Add))


def test_refusals_with_values_carry_their_template():
    loose = []
    for path in messages.ROOT.rglob("*.py"):
        where = str(path.relative_to(messages.ROOT))
        if messages.TERMINAL.search(where):
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in messages.SENTENCES:
                made = [ast.unparse(part) for arg in call.args[:2] for part in ast.walk(arg) if put_together(part)]
                loose += [f"{where}:{call.lineno}: {text}" for text in made if messages.CHINESE.search(text)]
    assert not loose, "\n".join(loose)


def test_clocks_and_their_grounds_have_english_names():
    shipped_rules = shipped.rules().values()
    names = {rule.label for rule in shipped_rules} | {ground.label for rule in shipped_rules for ground in rule.grounds}
    assert not names - messages.translated().keys()
