"""Files that commands write: all of them, each whole, or none."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .refused import Fault, Refused
from .said import said


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a target's bytes are gathered: beside the file they will replace, or, for a device or pipe, nowhere named."""

    target: Path
    file: IO[bytes]
    fresh: Path | None = None

    def finish(self) -> None:
        with _unwritable(self.target):
            self.file.flush()
            if self.fresh is not None:
                self.fresh.replace(os.path.realpath(self.target))
                return
            self.file.seek(0)
            with self.target.open("wb") as device:
                shutil.copyfileobj(self.file, device)


@contextmanager
def outputs(
    targets: Sequence[Path], inputs: Iterable[Path] = (), *, folders: bool = False
) -> Iterator[list[IO[bytes]]]:
    """A file to write for each target; under their names all appear when the block ends well, none when it does not.

    Refuses, before the block runs, what `refuse_clash` does and places where nothing can be written. A link is followed,
    a file that is replaced keeps its mode, and a device or pipe is never replaced but written to, at the end.
    `folders` makes those that are missing.
    """
    refuse_clash(targets, inputs)
    with ExitStack() as stack:
        places = []
        for target in targets:
            with _unwritable(target):
                places.append(_place(target, stack, folders))
        with _unwritable(*targets):
            yield [place.file for place in places]
        for place in sorted(places, key=lambda place: place.fresh is not None):  # devices may still fail, names hardly
            place.finish()


def refuse_clash(targets: Iterable[Path], inputs: Iterable[Path] = ()) -> None:
    """Refuses every target that is an input, another target or a folder."""
    faults = []
    read, before = list(inputs), list[Path]()
    for target in targets:
        with _unwritable(target):
            if any(_same(target, one) for one in read):
                text = said("“{path}”是输入文件，不能又作输出，请换一个文件名。", path=target)
                faults.append(Fault("file.same", text, "out"))
            elif any(_same(target, one) for one in before):
                text = said("“{path}”不止一处要写，请各用一个文件名。", path=target)
                faults.append(Fault("file.same", text, "out"))
            elif target.is_dir():
                text = said("写不了“{path}”：这是一个目录，请写文件名。", path=target)
                faults.append(Fault("file.out", text, "out"))
        before.append(target)
    if faults:
        raise Refused.of(faults)


def _same(one: Path, other: Path) -> bool:
    """Whether two names mean one file; devices and pipes may be read and written."""
    try:
        return one.samefile(other) and stat.S_ISREG(one.stat().st_mode)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def _place(target: Path, stack: ExitStack, folders: bool) -> _Place:
    mode = 0
    with suppress(FileNotFoundError):
        mode = target.stat().st_mode
    if mode and not stat.S_ISREG(mode):
        return _Place(target, stack.enter_context(tempfile.TemporaryFile()))
    folder = Path(os.path.realpath(target)).parent
    if folders:
        _make(folder, stack)
    fresh = folder / f".mashang-{secrets.token_hex(8)}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    stack.callback(fresh.unlink, missing_ok=True)
    file = stack.enter_context(os.fdopen(handle, "wb"))
    if mode:
        fresh.chmod(stat.S_IMODE(mode))
    return _Place(target, file, fresh)


def _make(folder: Path, stack: ExitStack) -> None:
    """Make a folder and those above it; afterwards those that stayed empty go again."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        stack.callback(_leave, one)


def _leave(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _unwritable(*targets: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        text = said("写不了“{path}”：{why}。", path=[str(one) for one in targets], why=fault.strerror or str(fault))
        raise Refused("file.out", text, "out") from None
