"""The demo as a newcomer meets it: started from nothing, its first page read, stopped with Ctrl-C, nothing left over."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

FIRST_PAGE_SECONDS, STOP_SECONDS, MEMORY_BYTES = 60.0, 60.0, 1_000_000_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mashang-smoke-") as folder:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"MASHANG_VAR": folder, "COLUMNS": "200"}
        Path(folder).chmod(0o755)
        started = time.monotonic()
        demo = subprocess.Popen(
            [sys.executable, "-m", "mashang.site", "demo", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            address = ready_address(demo)
            took = time.monotonic() - started
            page = read(address).decode()
            assert "马上办" in page, f"the first page does not say who it is:\n{page[:500]}"
            assert took < FIRST_PAGE_SECONDS, f"the first page took {took:.0f} s"
            for link in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
                read(address.rstrip("/") + link)
            memory = resident(demo.pid, folder)
            print(f"first page after {took:.1f} s, {memory / 1e6:.0f} MB resident")
            assert memory < MEMORY_BYTES, "the platform takes more than 1 GB"
        finally:
            demo.send_signal(signal.SIGINT)
            try:
                status = demo.wait(STOP_SECONDS)
            finally:
                demo.kill()
        assert status == 0, f"the demo ended with {status}"
        left = [process.info["cmdline"] for process in ours(folder)]
        assert not left, f"still running: {left}"
    print("stopped, nothing left over")


def ready_address(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        print("   ", line, end="", flush=True)
        if found := re.search(r"ready: (http://\S+)", line):
            return found[1]
    raise SystemExit(f"the demo ended with {demo.wait()} before its first page")


def read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return bytes(answer.read())


def ours(folder: str) -> list[psutil.Process]:
    """Every process whose command or working folder lies in the demo's folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(folder in part for part in process.info["cmdline"] or ())
    ]


def resident(pid: int, folder: str) -> int:
    """Proportional memory of the demo, its children and the database, bytes shared counted once."""
    family = {process.pid: process for process in psutil.Process(pid).children(recursive=True)}
    family |= {child.pid: child for server in ours(folder) for child in (server, *server.children(recursive=True))}
    family[pid] = psutil.Process(pid)
    total = 0
    for process in family.values():
        try:
            total += process.memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue
    return total


if __name__ == "__main__":
    main()
