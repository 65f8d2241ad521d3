"""Files and proofs: uploads and downloads, results, receipts, verification."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from django.http import HttpResponse
from ninja import File, Path, Router
from ninja.files import UploadedFile

from mashang.cases import actions, queries
from mashang.documents import actions as documents
from mashang.kernel import clock
from mashang.ledger import queries as ledger

from . import shapes, shown
from .base import given, operation
from .cases import Number
from .door import Called

router = Router(tags=["documents"])
proofs = Router(tags=["proofs"])
OFFICE = "application/vnd.openxmlformats-officedocument."
FILES = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    f"{OFFICE}wordprocessingml.document",
    f"{OFFICE}spreadsheetml.sheet",
)


def _binary(*types: str) -> dict[str, Any]:
    return {"responses": {200: {"content": {t: {"schema": {"type": "string", "format": "binary"}} for t in types}}}}


RECEIPT = {"responses": {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}}
DISPOSITION = {"Content-Disposition": ("string", "The file's name")}


@operation(
    router, "POST", "/documents", {201: shapes.DocumentShown}, summary="Upload a file, to be handed in with a case",
    headers={"Location": ("string", "Address of the file")},
)  # fmt: skip
def upload_document(request: Called, file: Annotated[UploadedFile, File()]) -> HttpResponse:
    """PDF, JPG, PNG, DOCX or XLSX, at most 20 MB, decided by content. What no case takes within seven days is forgotten."""
    kept = actions.keep(file.name or "", file, by=request.auth, now=clock.now())
    made = shown.document(kept.pk, kept.name, kept.media_type, kept.size, "", kept.at)
    return given(made, 201, {"Location": f"/api/v1/documents/{kept.pk}"})


@operation(
    router, "GET", "/documents/{id}", {200: None}, summary="Download a file", headers=DISPOSITION,
    openapi_extra=_binary(*FILES),
)  # fmt: skip
def download_document(request: Called, id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> HttpResponse:
    found, content = queries.document_for(request.auth, id)
    return _file(content, found.name, found.media_type)


@operation(
    router, "GET", "/cases/{number}/results/{result}", {200: None}, summary="A certificate of the case, as PDF",
    headers=DISPOSITION, openapi_extra=_binary(FILES[0]),
)  # fmt: skip
def read_result(request: Called, number: Number, result: Annotated[str, Path(max_length=100)]) -> HttpResponse:
    view = queries.case_for(request.auth, number)
    made = documents.hand_over(shown.result_code(view, result), now=clock.now())
    return _file(made.data, made.name, made.media_type)


@operation(
    proofs, "GET", "/cases/{number}/receipt", {200: None}, summary="The receipt, to be checked offline", faults={409},
    openapi_extra=RECEIPT,
)  # fmt: skip
def read_receipt(request: Called, number: Number) -> HttpResponse:
    """Every sealed act of the case with its proof. 409 while nothing of it is sealed yet."""
    view = queries.case_for(request.auth, number)
    text = json.dumps(ledger.receipt(view.case.number), ensure_ascii=False)
    return HttpResponse(text, content_type="application/json")


@operation(
    proofs, "GET", "/certificates/{code}", {200: shapes.CertificateShown}, summary="Whether a certificate is genuine"
)
def verify_certificate(request: Called, code: Annotated[str, Path(max_length=100)]) -> HttpResponse:
    """Anyone may ask; the code is the one under the QR code."""
    return given(shown.certificate(code))


@operation(proofs, "GET", "/keys", {200: shapes.KeysShown}, summary="The keys that receipts are checked with")
def read_keys(request: Called) -> HttpResponse:
    return given(shapes.KeysShown(keys=ledger.public_keys().splitlines()))


def _file(content: Any, name: str, media_type: str) -> HttpResponse:
    """Always a download, under a name that is safe in a header."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return HttpResponse(content, content_type=media_type, headers={"Content-Disposition": disposition})
