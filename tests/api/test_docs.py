"""The examples in docs/api.md are run, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.flows.story import PDF

from .test_cases import at

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"```sh\n# (\d{3})\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def curl(command: str, known: dict[str, str]):
    """What the command line says, said to the application."""
    for name, value in known.items():
        command = command.replace(f"'${name}'", value).replace(f"${name}", value)
    program, *words = shlex.split(command)
    assert program == "curl"
    assert not re.search(r"\$[A-Z]", command), command
    headers, body, file = {}, None, None
    while len(words) > 1:
        option, value = words.pop(0), words.pop(0)
        if option == "-H":
            headers.update([value.split(": ", 1)])
        elif option == "-d":
            body = value
        elif option == "-F":
            file = {"file": SimpleUploadedFile(value.rpartition("@")[2], PDF)}
        else:
            raise AssertionError(f"the page uses {option}, which this test does not know")
    path = words[0].removeprefix("http://here")
    if file:
        return Client().post(path, file, headers=headers)
    if body is None:
        return Client().get(path, headers=headers)
    kind = headers.pop("Content-Type")
    return Client().post(path, body, content_type=kind, headers=headers)


@pytest.mark.django_db
def test_the_examples_answer_what_the_page_says(admit):
    system = admit(
        "cases:read",
        "cases:write",
        "cases:rate",
        "text:use",
        "score:use",
        "score:read",
        "score:report",
        unit="武平县人民政府",
    )
    known = {"URL": "http://here", "TOKEN": system.token}
    assert len(EXAMPLES) >= 12
    with at():
        for status, command in EXAMPLES:
            response = curl(command, known)
            assert response.status_code == int(status), (command, response.content.decode())
            if response.status_code == 201:
                name = "DOCUMENT" if "documents" in command else "NUMBER"
                known[name] = str(response.json()["id" if name == "DOCUMENT" else "number"])


def test_the_page_names_every_scope():
    assert set(re.findall(r"^\| `(\w+:\w+)` ", PAGE.read_text("utf-8"), re.MULTILINE)) == {
        "cases:read", "cases:write", "cases:rate", "catalogue:read", "text:use", "score:use", "score:read",
        "score:report",
    }  # fmt: skip
