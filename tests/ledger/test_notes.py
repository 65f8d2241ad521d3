"""Signed notes against Go's published example, checkpoints and co-signatures against C2SP's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel.refused import Refused
from mashang.ledger.rules import notes
from mashang.ledger.rules.notes import LOG, WITNESS, Checkpoint, Key, Note, Signer

# The example in the documentation of golang.org/x/mod/sumdb/note
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example checkpoint of C2SP tlog-cosignature
BEHIND = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_note_is_signed_to_the_byte_as_in_the_published_example() -> None:
    signer = Signer.parse(NEUMANN_SECRET)
    assert signer.written() == NEUMANN_SECRET
    assert str(signer.key) == NEUMANN
    assert signer.sign(SAYING) == NEUMANN_LINE


def test_the_published_example_verifies_and_any_change_to_it_does_not() -> None:
    key = Key.parse(NEUMANN)
    note = Note.parse(notes.signed(SAYING, [NEUMANN_LINE]))
    assert note.signed_by([key]) == ([key], [])
    changed = Note.parse(notes.signed(SAYING.replace("your", "my"), [NEUMANN_LINE]))
    assert changed.signed_by([key]) == ([], [key])


def test_the_published_checkpoint_is_read_with_its_cosignature() -> None:
    note = Note.parse(BEHIND)
    assert [name for name, _, _ in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    seconds = int.from_bytes(note.signatures[1][2][:8], "big")
    assert seconds == 1679315147
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text


def test_a_witness_signs_the_time_with_the_text() -> None:
    log, witness = Signer.fresh("county/ledger", LOG), Signer.fresh("office/w1", WITNESS)
    text = Checkpoint("county/ledger", 5, b"r" * 32, {"sealed": "2026-03-02T12:00:00+08:00"}).text
    note = Note.parse(notes.signed(text, [log.sign(text), witness.sign(text, NOON)]))
    assert note.signed_by([log.key, witness.key]) == ([log.key, witness.key], [])
    assert note.time_of(witness.key) == int(NOON.timestamp())
    name, id_, signature = note.signatures[1]
    later = (int.from_bytes(signature[:8], "big") + 1).to_bytes(8, "big") + signature[8:]
    assert Note(text, ((name, id_, later),)).signed_by([witness.key]) == ([], [witness.key])


def test_signatures_of_unknown_keys_are_ignored_even_under_a_known_name() -> None:
    known, other = Signer.fresh("county/ledger", LOG), Signer.fresh("county/ledger", LOG)
    note = Note.parse(notes.signed("甲\n1\n乙\n", [other.sign("甲\n1\n乙\n")]))
    assert note.signed_by([known.key]) == ([], [])


def test_a_key_reads_back_and_its_published_form_holds_no_secret() -> None:
    signer = Signer.fresh("county/ledger", LOG)
    assert Signer.parse(signer.written() + "\n") == signer
    assert Key.parse(str(signer.key)) == signer.key
    assert notes.keys_in(f"# 2026\n\n{signer.key}\n") == [signer.key]
    assert str(signer.key).split("+")[2] not in signer.written()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # a space in the name
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another id
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",  # cut
        "PeterNeumann+c74f20a3+AhpC",  # another type
        NEUMANN_SECRET,  # the secret in place of the key
    ],
)
def test_a_wrong_key_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Key.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n" + "A" * 43 + "=\n",  # no signatures
        "a\n\n— b\n",  # no signature data
        "a\n\n- b AAAAAAAA\n",  # a hyphen
        "a\n\n— b AAAAAAAA",  # no newline at the end
        "a\x00\n\n— b AAAAAAAA\n",
        "a\n\n— b AAAAAAB=\n",  # base64 that is not canonical
        "a\n\n" + "— b AAAAAAAA\n" * 65,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Note.parse(text)


@pytest.mark.parametrize("text", ["a\n1\n", "a\n01\n" + "A" * 43 + "=\n", "a\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        Checkpoint.parse(text)


def test_a_key_name_has_no_space_and_no_plus() -> None:
    for name in ("", "a b", "a+b", "a\n"):
        with pytest.raises(Refused):
            Signer.fresh(name, LOG)


@given(st.text())
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (Note.parse, Checkpoint.parse, Key.parse, Signer.parse):
        try:
            read(text)
        except Refused as no:
            assert no.text.endswith("。")
