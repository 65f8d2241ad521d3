"""A receipt proves, offline and with the published key alone, that the acts on a case stand in the sealed ledger."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said

from . import merkle, notes
from .entry import Row, commitment
from .notes import Checkpoint, Key, Note

FORMAT = "mashang-receipt/1"
LARGEST = 8_000_000  # characters; a case of 5,000 acts needs about 4 million
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Proven:
    """One act of a receipt. `facts` and `private` are to be believed only if `proven`."""

    leaf: int
    id: int
    at: datetime
    verb: str
    by: str
    facts: dict[str, Any]
    private: dict[str, str]
    proven: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt proves. `log` and `witnesses` (name, seconds since 1970) are the known keys that signed."""

    case: str
    origin: str
    size: int
    sealed_at: str
    log: str
    witnesses: tuple[tuple[str, int], ...]
    acts: tuple[Proven, ...]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


def verify(receipt: str, keys: Sequence[Key]) -> Verdict:
    """Check a receipt (its JSON text) against published keys, of the log and of witnesses. Everything found wrong
    stands in `faults`. Refuses what is not a receipt at all."""
    data = _read(receipt)
    case, note = _take(data, "case", str), Note.parse(_take(data, "checkpoint", str))
    checkpoint = Checkpoint.parse(note.text)
    good, bad = note.signed_by(keys)
    log = next((k.name for k in good if k.kind == notes.LOG and k.name == checkpoint.origin), "")
    faults = [
        Fault("receipt.signature", said("“{name}”在检查点上的签名不对，检查点可能被改动。", name=k.name)) for k in bad
    ]
    if not log and not bad:
        faults.append(Fault("receipt.unsigned", "检查点没有所给公钥的签名，请核对公钥是否属于出具回执的机关。"))
    acts: dict[int, Proven] = {}
    for place, act in enumerate(_take(data, "acts", list), start=1):
        proven, wrong = _act(act, place, case, checkpoint)
        if acts.setdefault(proven.leaf, proven) is not proven:
            wrong = [*wrong, Fault("receipt.twice", said("第 {place} 项记录重复出现。", place=place), str(proven.id))]
        faults += wrong
    if not acts:
        faults.append(Fault("receipt.empty", "回执中没有任何办理记录。"))
    witnesses = tuple((k.name, note.time_of(k) or 0) for k in good if k.kind == notes.WITNESS)
    return Verdict(
        case=case,
        origin=checkpoint.origin,
        size=checkpoint.size,
        sealed_at=checkpoint.extra.get("sealed", ""),
        log=log,
        witnesses=witnesses,
        acts=tuple(acts.values()),
        faults=tuple(faults),
    )


def format_of(text: str) -> str:
    """What a JSON file of ours says it is. Refuses what is too large or not JSON."""
    data = _json(text)
    return str(data.get("format", "")) if isinstance(data, dict) else ""


def _json(text: str) -> Any:
    if len(text) > LARGEST:
        raise _no(said("文件过大，不是回执。"))
    try:
        return _parsed(text)
    except (ValueError, RecursionError) as fault:
        raise _no(said("文件不是 JSON 格式，可能没有下载完整。")) from fault


def _parsed(text: str) -> Any:
    """JSON that UTF-8 can hold: half a character, written as an escape, is an error as broken JSON is."""
    data = json.loads(text)
    json.dumps(data, ensure_ascii=False).encode()
    return data


def _read(receipt: str) -> dict[str, Any]:
    data = _json(receipt)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _no(said("文件不是办理回执（应注明格式 {format}）。", format=FORMAT))
    return data


def _act(data: Any, place: int, case: str, checkpoint: Checkpoint) -> tuple[Proven, list[Fault]]:
    """One act and what is wrong with it."""
    if not isinstance(data, dict):
        raise _no(said("第 {place} 项记录不完整。", place=place))
    leaf = _take(data, "leaf", int)
    era, xid, id_ = (_take(data, name, int) for name in ("era", "xid", "id"))
    row = Row(era, xid, id_, case, _take(data, "body", str))
    proof = [notes.unb64(_text(item)) for item in _take(data, "proof", list)]
    try:
        root = merkle.root_from_inclusion(leaf, checkpoint.size, merkle.leaf_hash(row.leaf), proof)
        proven = root == checkpoint.root
    except ValueError:  # a proof that does not fit the tree, or text that UTF-8 cannot hold, proves nothing
        proven = False
    except struct.error as fault:
        raise _no(said("第 {place} 项记录的编号超出范围。", place=place)) from fault
    body = _body(row.body, place)
    faults = []
    if not proven:
        text = said(
            "第 {place} 项记录（{verb}）不在检查点所封存的账本中，记录或证明被改动过。", place=place, verb=body["verb"]
        )
        faults.append(Fault("receipt.inclusion", text, str(row.id)))
    private, wrong = _private(data.get("private", {}), body, place)
    at = _instant(body["at"], place)
    return Proven(leaf, row.id, at, body["verb"], body["by"], body["facts"], private, proven), [*faults, *wrong]


def _private(disclosed: Any, body: dict[str, Any], place: int) -> tuple[dict[str, str], list[Fault]]:
    """The disclosed private facts that agree with their commitments, and faults for those that don't."""
    if not isinstance(disclosed, dict):
        raise _no(said("第 {place} 项记录的个人信息不完整。", place=place))
    agreed: dict[str, str] = {}
    faults = []
    for name, fact in disclosed.items():
        salt, value = _take(fact, "salt", str), _take(fact, "value", str)
        try:
            made = commitment(bytes.fromhex(salt), name, value)
        except ValueError:
            made = ""
        if made and made == body.get("withheld", {}).get(name):
            agreed[name] = value
        else:
            text = said("第 {place} 项记录中的“{name}”与账本中的承诺不符，内容被改动过。", place=place, name=name)
            faults.append(Fault("receipt.private", text, name))
    return agreed, faults


def _body(text: str, place: int) -> dict[str, Any]:
    try:
        body = _parsed(text)
    except (ValueError, RecursionError) as fault:
        raise _no(said("第 {place} 项记录的正文不是 JSON 格式。", place=place)) from fault
    for name in ("at", "by", "verb"):
        _take(body, name, str)
    _take(body, "facts", dict)
    if not isinstance(body.get("withheld", {}), dict):
        raise _no(said("第 {place} 项记录的正文不完整。", place=place))
    return dict(body)


def _instant(text: str, place: int) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as fault:
        raise _no(said("第 {place} 项记录的时间不对。", place=place)) from fault


def _take(data: Any, name: str, kind: type[_T]) -> _T:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _no(said("回执缺少“{name}”，或其类型不对。", name=name))
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _no(said("回执的证明不完整。"))
    return value


def _no(text: str) -> Refused:
    return Refused("receipt.format", text)
