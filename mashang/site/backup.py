"""One file that holds everything but the keys: a tar of manifest, database dump (pg_dump, custom form), documents.

The keys stay out unless asked for: a backup that held them would undo the encryption of personal data at rest. The
manifest carries a fingerprint, so that a restore under another key is refused before anything is touched.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import mashang
from mashang.kernel import clock
from mashang.kernel.refused import Refused

from .place import installed

FORM = 1
DUMP, MANIFEST = "database.dump", "manifest.json"


def write(target: Path, *, url: str, documents: Path, keys: Path | None, vault_key: str) -> dict[str, Any]:
    """Write the backup whole or not at all, readable for this account alone. The dump comes first: documents are kept
    before the row that names them is committed, so each one the dump names is there when the folder is read."""
    manifest = {
        "form": FORM,
        "mashang": mashang.__version__,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "key": fingerprint(vault_key),
        "keys": keys is not None,
    }
    fresh = target.with_name(f".{target.name}.part")
    try:
        with (
            tempfile.NamedTemporaryFile(dir=target.parent, prefix=".mashang-") as dump,
            os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            _call("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={dump.name}")
            _add(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False).encode())
            archive.add(dump.name, DUMP)
            manifest["documents"] = _add_folder(archive, documents, "documents")
            if keys is not None:
                _add_folder(archive, keys, "keys")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return manifest


@contextmanager
def opened(source: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any]]]:
    """The archive and its manifest. Refuses what is no backup of ours."""
    try:
        with tarfile.open(source, "r:") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member and member.name == MANIFEST else None
            manifest = json.load(content) if content else {}
            if manifest.get("form") != FORM:
                raise Refused("backup.unknown", f"{source} 不是马上办的备份文件，或由更新的版本写成。")
            yield archive, manifest
    except (OSError, tarfile.TarError, ValueError) as fault:
        raise Refused("backup.unreadable", f"备份文件 {source} 读不出来：{fault}") from fault


def read_files(archive: tarfile.TarFile, kind: str, folder: Path) -> int:
    """Put back the files of one kind ("documents", "keys") that are not there; the number written. A file that is
    there with other content is refused for keys; documents are named by their content and never differ."""
    count = 0
    for member in archive.getmembers():
        if not member.name.startswith(f"{kind}/") or not member.isfile():
            continue
        if {"", ".", ".."} & set(member.name.split("/")):
            raise Refused("backup.path", f"备份里的文件名 {member.name!r} 不安全，已停止恢复。")
        target = folder / member.name.removeprefix(f"{kind}/")
        content = archive.extractfile(member)
        assert content is not None
        data = content.read()
        if not target.exists():
            _place(target, data)
            count += 1
        elif kind == "keys" and target.read_bytes() != data:
            raise Refused("backup.keys", f"{target} 已有另一把密钥；请先把它移走，再恢复。")
    return count


def read_database(archive: tarfile.TarFile, url: str, *, replace: bool) -> None:
    """Restore the dump in one transaction: whole, or the database stays as it was."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT nspname, EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relkind = 'r') "
            "FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()
    if any(filled for _, filled in rows) and not replace:
        raise Refused("backup.present", "数据库里已经有数据；确认要用备份覆盖时，请加 --replace。")
    start = (
        sql.SQL("")
        .join(sql.SQL("DROP SCHEMA {} CASCADE;\n").format(sql.Identifier(name)) for name, _ in rows)
        .as_string()
    )
    content = archive.extractfile(DUMP)
    assert content is not None
    with tempfile.NamedTemporaryFile(prefix="mashang-") as dump:
        while block := content.read(1 << 20):
            dump.write(block)
        dump.flush()
        _replay(Path(dump.name), url, f"BEGIN;\nSET LOCAL lock_timeout = '15s';\n{start}CREATE SCHEMA public;\n")


def fingerprint(vault_key: str) -> str:
    """Tells two keys apart without telling anything about either."""
    return hashlib.sha256(b"mashang backup\x00" + vault_key.encode()).hexdigest()[:16]


def _replay(dump: Path, url: str, start: str) -> None:
    """pg_restore writes statements, psql runs them; COMMIT is sent only after pg_restore ended well."""
    address, environment = _address(url)
    programs = installed() / "bin"
    psql = subprocess.Popen(
        [str(programs / "psql"), "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-d", address, "-f", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    with psql, tempfile.TemporaryFile() as words:
        assert psql.stdin is not None and psql.stderr is not None
        reader = subprocess.Popen(
            [str(programs / "pg_restore"), "--no-owner", "--no-privileges", "-f", "-", str(dump)],
            stdout=subprocess.PIPE,
            stderr=words,
        )
        with reader:
            assert reader.stdout is not None
            try:
                psql.stdin.write(start.encode())
                _pass_on(reader.stdout, psql.stdin)
                if reader.wait() == 0:
                    psql.stdin.write(b"\nCOMMIT;\n")
                psql.stdin.close()
            except BrokenPipeError:
                reader.kill()  # psql stopped at an error, told below
        fault = psql.stderr.read().decode(errors="replace").strip()
        words.seek(0)
        fault = fault or words.read().decode(errors="replace").strip()
        if psql.wait() or reader.returncode:
            raise Refused("backup.restore", f"恢复没有完成，数据库保持原样：{fault[-2000:]}")


def _pass_on(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy the statements; the head loses a setting that servers before PostgreSQL 17 don't know."""
    for _ in range(40):
        line = source.readline()
        if not line.startswith(b"SET transaction_timeout"):
            target.write(line)
    while block := source.read(1 << 20):
        target.write(block)


def _call(program: str, url: str, *arguments: str) -> None:
    address, environment = _address(url)
    command = [str(installed() / "bin" / program), f"--dbname={address}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise Refused("backup.failed", f"{program} 没有完成：{done.stderr.strip()[-2000:]}")


def _address(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which goes by the environment, where other accounts don't see it."""
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    return make_conninfo("", **parts), environment


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def _add_folder(archive: tarfile.TarFile, folder: Path, kind: str) -> int:
    """The files of a folder, but those that are still being written; gives how many."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.exists() else []
    paths = [path for path in paths if not path.name.startswith(tempfile.gettempprefix())]
    added = 0
    for path in paths:
        with suppress(FileNotFoundError):  # the platform goes on working: what was forgotten meanwhile is not needed
            archive.add(path, f"{kind}/{path.relative_to(folder).as_posix()}")
            added += 1
    return added


def _place(target: Path, data: bytes) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(target)
