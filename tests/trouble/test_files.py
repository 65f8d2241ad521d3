"""Files that go wrong: no room for them, not what they say they are, too large, with names that would lead astray."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from mashang.cases import actions, queries
from mashang.cases.actions import documents
from mashang.cases.models import Case, Document
from mashang.catalogue.sheets import read
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from tests.flows.story import ANSWERS, PDF, PNG, applicant, hand_in_house, upload, who
from tests.trouble.hands import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
MATERIALS = ("identity", "household", "house-form", "neighbours", "drawing")


def form(**files: SimpleUploadedFile) -> dict[str, Any]:
    """The house's form as a browser sends it."""
    posted: dict[str, Any] = {name: value for name, value in ANSWERS.items() if isinstance(value, str)}
    posted |= {f"applicant.{name}": value for name, value in applicant().items()}
    posted |= {"site.address": ANSWERS["site"]["address"], "region": ANSWERS["site"]["region"], "key": "k1"}
    given = {code: SimpleUploadedFile("材料.pdf", PDF) for code in MATERIALS} | files
    return posted | {f"materials.{code}": file for code, file in given.items()}


def left(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and "documents" in p.parts]


def full(*given: Any, **more: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "mkdir"])
def test_a_full_disk_is_told_at_the_field_and_the_form_is_kept(call, sign_in, folder, monkeypatch):
    monkeypatch.setattr(documents.os, "fsync", full) if call == "fsync" else monkeypatch.setattr(Path, "mkdir", full)
    with clock.at(BEGAN):
        answer = sign_in("citizen").post("/apply/rural-house/approval", form())
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("服务器存储空间已满") >= len(MATERIALS)
    assert "新村 12 号旁（演示）" in page, "what was typed is still there"
    monkeypatch.undo()
    assert Case.objects.count() == Document.objects.count() == 0
    assert left(folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_on_a_disk_that_is_really_full_nothing_is_left_half_written(tmp_path, settings):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=256k tmpfs {disk} 2>/dev/null"):
        pytest.skip("this machine lets nobody mount")
    try:
        settings.VAR = disk
        small = upload(who("citizen"))
        with pytest.raises(Refused) as no:
            upload(who("citizen"), data=PDF + os.urandom(400_000))
        assert no.value.code == "document.no-space"
        assert len(left(disk)) == Document.objects.count() == 1
        assert queries.document_for(who("citizen"), small)[1] == PDF
    finally:
        os.system(f"umount {disk}")


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("材料.pdf", PNG, "document.ending"),  # a picture that calls itself a PDF
        ("材料.exe", PDF, "document.ending"),
        ("材料", PDF, "document.ending"),
        ("材料.pdf", b"MZ\x90\x00 This program", "document.type"),
        ("材料.html", b"<html><script>alert(1)</script>", "document.type"),
        ("材料.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "document.type"),
        ("材料.pdf", b"", "document.empty"),
        ("../../etc/", PDF, "document.name"),
        ("\x00\x1f", PDF, "document.name"),
        ("材料\ud800.pdf", PDF, None),  # a lone surrogate, which nothing can store, falls out of the name
    ],
)
def test_files_are_judged_by_what_they_are(name, data, code):
    if code is None:
        assert actions.keep(name, io.BytesIO(data), by=who("citizen"), now=BEGAN).name == "材料.pdf"
        return
    with pytest.raises(Refused) as no:
        actions.keep(name, io.BytesIO(data), by=who("citizen"), now=BEGAN)
    assert no.value.code == code
    assert Document.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\boot.pdf", "boot.pdf"),
        ("/etc/cron.d/x.pdf", "x.pdf"),
        ("C:\\temp\\证 明.pdf", "证 明.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("单\u202efdp.exe.pdf", "单fdp.exe.pdf"),  # the sign that turns what follows around
        ("长" * 300 + ".pdf", "长" * 110 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere(name, kept, folder):
    made = actions.keep(name, io.BytesIO(PDF), by=who("citizen"), now=BEGAN)
    assert made.name == kept
    [file] = left(folder)
    assert file.parent.parent == folder / "documents"
    assert (file.parent.name + file.name) == made.digest


def test_a_file_of_more_than_twenty_megabytes_is_refused_and_a_body_of_more_than_the_limit_unread(
    sign_in, settings, folder
):
    client = sign_in("citizen")
    with clock.at(BEGAN):
        large = SimpleUploadedFile("大.pdf", PDF + bytes(20 * 1024 * 1024))
        answer = client.post("/apply/rural-house/approval", form(identity=large))
        assert answer.status_code == 422
        assert "超过 20 MB" in answer.content.decode()
        settings.MASHANG_MAX_BODY = 2_000
        answer = client.post("/apply/rural-house/approval", form())
    assert answer.status_code == 413
    assert "不超过 20 MB" in answer.content.decode()
    assert Case.objects.count() == 0


def bomb(name: str = "xl/worksheets/sheet1.xml", size: int = 300_000_000) -> bytes:
    """A small file that would unpack to hundreds of megabytes."""
    out = io.BytesIO()
    packing = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packing as packed, packed.open(name, "w", force_zip64=True) as file:
        for _ in range(size // 1_000_000):
            file.write(b" " * 1_000_000)
    return out.getvalue()


def test_a_zip_bomb_handed_in_as_a_document_is_only_stored_and_never_unpacked(monkeypatch):
    data = bomb("word/document.xml")
    monkeypatch.setattr(zipfile.ZipFile, "open", full)
    made = actions.keep("通知.docx", io.BytesIO(data), by=who("citizen"), now=BEGAN)
    assert queries.document_for(who("citizen"), made.pk)[1] == data


def test_a_zip_bomb_imported_as_a_workbook_is_refused_without_filling_the_memory():
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused):
        read(bomb(), "事项.xlsx", {})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


@pytest.mark.parametrize(
    "header", ["filename*=utf-7''%2B2AA-.pdf", "filename*=nonsense''a.pdf", "filename*=unicode_escape''%5Cud800.pdf"]
)
def test_a_file_name_in_an_encoding_made_up_is_no_fault_of_ours(header, sign_in):
    body = (
        f'--b\r\nContent-Disposition: form-data; name="materials.identity"; {header}\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--b--\r\n"
    ).encode()
    answer = sign_in("citizen").generic(
        "POST", "/apply/rural-house/approval", body, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code in (400, 422)


@pytest.mark.django_db(transaction=True)
def test_a_file_uploaded_while_the_same_content_is_forgotten_keeps_its_bytes():
    """The same content, once old and unclaimed, once new: whichever comes first, the new row can be read."""
    by = who("citizen")
    for place in range(4):
        data = PDF + str(place).encode()
        actions.keep("旧.pdf", io.BytesIO(data), by=by, now=BEGAN)
        later = BEGAN + timedelta(days=30)
        new, _ = at_once(
            [
                partial(actions.keep, "新.pdf", io.BytesIO(data), by=by, now=later),
                partial(actions.forget_unattached, later),
            ]
        )
        assert queries.document_for(by, new.pk)[1] == data
        assert Document.objects.filter(name="旧.pdf").count() == 0


def test_what_was_uploaded_for_a_case_is_no_longer_the_uploaders_when_the_case_is_not():
    with clock.at(BEGAN):
        story = hand_in_house("citizen")
    document = Document.objects.filter(case=story.case).first()
    Document.objects.filter(pk=document.pk).update(owner=who("zhangpu").ref)
    with pytest.raises(Refused):
        queries.document_for(who("zhangpu"), document.pk)
