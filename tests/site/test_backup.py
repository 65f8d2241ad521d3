"""A backup restores to the same: every table compared row by row, and nothing half done."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from mashang.kernel.refused import Refused
from mashang.site import backup
from mashang.site.postgres import drop

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
KEY = "the vault's key"


@contextmanager
def fresh_database() -> Iterator[str]:
    """An empty database beside the tests' own, and its address."""
    named = settings.DATABASES["default"]
    name = f"test_mashang_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    parts = {"user": named["USER"], "password": named["PASSWORD"], "host": named["HOST"], "port": named["PORT"]}
    parts = {key: value for key, value in parts.items() if value}
    admin = make_conninfo(dbname="postgres", **parts)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield f"postgresql:///{name}?" + "&".join(f"{key}={value}" for key, value in parts.items())
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            drop(connection, name)


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    """A database as `mashang setup` leaves it, with some rows that are easy to spoil."""
    with fresh_database() as url:
        environment = os.environ | {"DATABASE_URL": url}
        subprocess.run([sys.executable, "-m", "mashang.site", "setup"], cwd=ROOT, env=environment, check=True)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE odd (id bigint GENERATED ALWAYS AS IDENTITY, t text, b bytea, at timestamptz)"
            )
            connection.execute(
                "INSERT INTO odd (t, b, at) VALUES (%s, %s, now()), (%s, NULL, NULL)",
                ["龙岩市“新罗区”\t\\N\n𠮷", bytes(range(256)), ""],
            )
        yield url


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, and where every sequence stands."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'"
        ).fetchall()
        found = {
            table: [row for (row,) in connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()]
            for (table,) in tables
        }
        numbers = connection.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1").fetchall()
        for kind, query in SHAPE.items():
            found[kind] = [str(row) for row in connection.execute(query).fetchall()]
    return found | {"sequences": [str(number) for number in numbers]}


# names, not texts: PostgreSQL writes an expression it read back in other words of the same meaning
SHAPE = {
    "constraints": "SELECT conrelid::regclass, conname, contype, convalidated FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace ORDER BY 1::text, 2",
    "indexes": "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
}


def write(target: Path, url: str, documents: Path, keys: Path | None = None) -> Path:
    backup.write(target, url=url, documents=documents, keys=keys, vault_key=KEY)
    return target


def test_what_is_restored_equals_what_was_backed_up(filled: str, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    (documents / "ab").mkdir(parents=True)
    (documents / "ab" / "abcd").write_bytes(b"%PDF \x00\xff")
    file = write(tmp_path / "备份.tar", filled, documents)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with fresh_database() as other, backup.opened(file) as (archive, manifest):
        assert backup.read_files(archive, "documents", tmp_path / "again") == 1
        backup.read_database(archive, other, replace=False)
        before, after = contents(filled), contents(other)
    assert manifest["key"] == backup.fingerprint(KEY)
    assert (tmp_path / "again" / "ab" / "abcd").read_bytes() == b"%PDF \x00\xff"
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert len(before["public.odd"]) == 2
    assert len(before["public.django_migrations"]) > 50


def test_a_filled_database_is_replaced_only_when_asked(filled: str, tmp_path: Path) -> None:
    file = write(tmp_path / "b.tar", filled, tmp_path)
    with fresh_database() as other:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE TABLE precious (id int)")
        with backup.opened(file) as (archive, _), pytest.raises(Refused, match="--replace"):
            backup.read_database(archive, other, replace=False)
        assert list(contents(other)) == ["public.precious", *SHAPE, "sequences"]
        with backup.opened(file) as (archive, _):
            backup.read_database(archive, other, replace=True)
        assert contents(other) == contents(filled)


def test_a_broken_dump_leaves_the_database_as_it_was(filled: str, tmp_path: Path) -> None:
    file, broken = write(tmp_path / "b.tar", filled, tmp_path), tmp_path / "broken.tar"
    with tarfile.open(file) as whole, tarfile.open(broken, "w") as short:
        for member in whole.getmembers():
            data = whole.extractfile(member).read()  # type: ignore[union-attr]
            data = data[: len(data) * 2 // 3] if member.name == backup.DUMP else data
            member.size = len(data)
            short.addfile(member, io.BytesIO(data))
    with fresh_database() as other:
        with psycopg.connect(other) as connection:
            connection.execute("CREATE TABLE precious (id int)")
        with backup.opened(broken) as (archive, _), pytest.raises(Refused, match="保持原样"):
            backup.read_database(archive, other, replace=True)
        assert "public.precious" in contents(other)


def test_keys_are_in_it_only_when_asked_and_never_overwrite_others(filled: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "vault").write_text("one")
    without = write(tmp_path / "without.tar", filled, tmp_path / "none")
    with tarfile.open(without) as archive:
        assert archive.getnames() == [backup.MANIFEST, backup.DUMP]
    file = write(tmp_path / "with.tar", filled, tmp_path / "none", keys)
    with backup.opened(file) as (archive, manifest):
        assert manifest["keys"] is True
        assert backup.read_files(archive, "keys", tmp_path / "restored") == 1
        assert stat.S_IMODE((tmp_path / "restored" / "vault").stat().st_mode) == 0o600
        (keys / "vault").write_text("another")
        with pytest.raises(Refused, match="另一把密钥"):
            backup.read_files(archive, "keys", keys)


@pytest.mark.parametrize("name", ["documents/../../etc/x", "documents/./x", "documents/..", "keys/a/../../b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for path, data in ((backup.MANIFEST, json.dumps({"form": backup.FORM}).encode()), (name, b"x")):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with backup.opened(tmp_path / "evil.tar") as (archive, _), pytest.raises(Refused, match="不安全"):
        backup.read_files(archive, name.partition("/")[0], tmp_path / "in")


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x00" * 2048])
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(Refused, match="备份文件"), backup.opened(tmp_path / "x.tar"):
        pass


def test_files_that_are_forgotten_or_still_written_meanwhile_stop_no_backup(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("aa", "bb", "cc", "tmp1234"):
        (folder / name).write_bytes(b"x")

    class Meanwhile(tarfile.TarFile):
        def add(self, name: object, *more: object, **options: object) -> None:
            (folder / "bb").unlink(missing_ok=True)
            super().add(name, *more, **options)  # type: ignore[arg-type]

    with Meanwhile(tmp_path / "x.tar", "w") as archive:
        assert backup._add_folder(archive, folder, "documents") == 2
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert archive.getnames() == ["documents/aa", "documents/cc"]


def test_a_password_does_not_appear_among_the_arguments() -> None:
    address, environment = backup._address("postgresql://u:secret@db.example/mashang")
    assert "secret" not in address
    assert environment["PGPASSWORD"] == "secret"
