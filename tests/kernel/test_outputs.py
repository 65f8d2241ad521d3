"""What commands write: all of it or nothing, never over what they read, and devices as they are."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from mashang.kernel.outputs import outputs
from mashang.kernel.refused import Refused


def write(targets: Sequence[Path], inputs: Sequence[Path] = (), *, folders: bool = False) -> None:
    with outputs(targets, inputs, folders=folders) as files:
        for number, file in enumerate(files):
            file.write(b"new %d" % number)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_together_and_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("old")
    kept.chmod(0o600)
    write([kept, tmp_path / "fresh"])
    assert (kept.read_text(), (tmp_path / "fresh").read_text()) == ("new 0", "new 1")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert names(tmp_path) == ["fresh", "kept"]


def test_nothing_is_written_and_nothing_left_behind_when_the_work_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(Refused), outputs([tmp_path / "a", tmp_path / "new" / "b"], folders=True) as files:
        files[0].write(b"new")
        raise Refused("no", "不行。")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("second", ["", "missing/b", "plain/b"])  # a folder, one that is not there, none at all
def test_of_several_outputs_none_is_written_when_one_cannot_be(tmp_path: Path, second: str) -> None:
    (tmp_path / "plain").write_text("in the way")
    with pytest.raises(Refused, match="写不了") as no:
        write([tmp_path / "a", tmp_path / second])
    assert no.value.code == "file.out"
    assert names(tmp_path) == ["plain"]


def test_an_input_is_no_output_whatever_it_is_called(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("old")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    for target in (source, tmp_path / "." / "in.csv", tmp_path / "link", tmp_path / "hard"):
        with pytest.raises(Refused, match="是输入文件") as no:
            write([target], [tmp_path / "other", source])
        assert no.value.code == "file.same"
    assert source.read_text() == "old"


def test_two_outputs_are_not_one_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for second in (tmp_path / "a", tmp_path / "link"):
        with pytest.raises(Refused, match="不止一处"):
            write([tmp_path / "a", second])
    assert names(tmp_path) == ["link"]


def test_a_link_is_followed_even_where_its_end_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "file")
    for _ in range(2):
        write([tmp_path / "link"])
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "deep" / "file").read_text() == "new 0"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(Refused, match="写不了"):
        write([tmp_path / "loop"])


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write([pipe], [pipe])
    reader.join(10)
    assert read == [b"new 0"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_stay_devices_and_a_full_one_keeps_the_other_files_back(tmp_path: Path) -> None:
    nothing, full = tmp_path / "nothing", tmp_path / "full"
    try:
        os.mknod(nothing, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        nothing.write_bytes(b"")
    except OSError:
        pytest.skip("this machine does not let us make devices")
    write([nothing])
    with pytest.raises(Refused, match="full"):
        write([tmp_path / "a", full])
    assert stat.S_ISCHR(nothing.stat().st_mode) and stat.S_ISCHR(full.stat().st_mode)
    assert names(tmp_path) == ["full", "nothing"]
