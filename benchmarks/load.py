"""Load from one process: wrk where it is installed, else threads with plain sockets. Both send prepared requests."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Load:
    """What came of it: times in milliseconds; `failed` are errors and answers of 400 and above."""

    requests: int
    seconds: float
    failed: int
    p50: float
    p99: float
    max: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def raw(method: str, path: str, token: str, body: object = None, key: str = "") -> bytes:
    """A request as it goes over the wire."""
    data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    if body is not None:
        head += [f"Idempotency-Key: {key}", "Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join([*head, "", ""]).encode() + data


def run(port: int, requests: Sequence[bytes], seconds: int, *, again: bool = False) -> Load:
    """Send them over 16 connections for so long; in order, and with `again` from the start when they are used up."""
    if shutil.which("wrk") is None:
        return _threads(port, requests, seconds, again)
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        for request in requests:
            file.write(b"%08d\n" % len(request) + request)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
        found = subprocess.run(
            [*command, f"http://127.0.0.1:{port}", "--", file.name, *(["again"] if again else [])],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return Load(**json.loads(found.stdout.splitlines()[-1]))


def _threads(port: int, requests: Sequence[bytes], seconds: float, again: bool) -> Load:
    """Slower than wrk, so that figures are lower than what the server could do."""
    places, times, failed = count(), [], []
    end = perf_counter() + seconds
    start = perf_counter()

    def work() -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            answers = line.makefile("rb")
            while perf_counter() < end:
                place = next(places)
                if place >= len(requests) and not again:
                    return
                began = perf_counter()
                line.sendall(requests[place % len(requests)])
                status = int(answers.readline().split()[1])
                length = 0
                while (header := answers.readline().strip().lower()) != b"":
                    length = int(header.partition(b":")[2]) if header.startswith(b"content-length") else length
                answers.read(length)
                times.append(1000 * (perf_counter() - began))
                failed.extend([status] if status >= 400 else [])

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    passed = perf_counter() - start
    middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
    return Load(len(times), passed, len(failed), middle, late, times[-1])
