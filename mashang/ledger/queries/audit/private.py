"""Private facts against the commitments in their entries."""

from __future__ import annotations

from collections.abc import Iterable

from mashang.kernel import sql, vault
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from ...rules.entry import commitment
from .findings import Finding

_AT_ONCE = 20_000
_NEXT = f"""SELECT entry_id, name, sealed FROM ledger_private WHERE (entry_id, name) > (%s::bigint, %s)
ORDER BY entry_id, name LIMIT {_AT_ONCE}"""


def faults(commitments: dict[tuple[int, str], str], erased: set[tuple[int, str]]) -> tuple[int, list[Finding]]:
    """How many facts are kept, and what is wrong: altered, gone without a recorded erasure, or added."""
    found: list[Finding] = []
    count = 0
    last: tuple[int, str] = (-(2**63), "")
    while rows := sql.run(_NEXT, last).fetchall():
        for entry, name, sealed in rows:
            last = (entry, name)
            committed = commitments.pop(last, None)
            if committed is None:
                found.append(_finding("private.extra", entry, name, said("在账本中没有对应的承诺，是事后添加的")))
            elif not _agrees(committed, name, sealed):
                found.append(_finding("private.altered", entry, name, said("与账本中的承诺不符，内容被改动过")))
            elif last in erased:
                found.append(_finding("private.kept", entry, name, said("账本记载已删除，实际仍在")))
        count += len(rows)
    return count, found + _missing(pair for pair in commitments if pair not in erased)


def _agrees(committed: str, name: str, sealed: bytes) -> bool:
    try:
        text = vault.open_(sealed)
        return commitment(bytes.fromhex(text[:32]), name, text[32:]) == committed
    except (Refused, ValueError):
        return False


def _missing(pairs: Iterable[tuple[int, str]]) -> list[Finding]:
    return [_finding("private.missing", entry, name, said("不见了，而账本没有删除记录")) for entry, name in pairs]


def _finding(code: str, entry: int, name: str, what: str) -> Finding:
    return Finding(
        code, said("记录 {entry} 的个人信息“{name}”{what}。", entry=entry, name=name, what=what), entry=entry
    )
