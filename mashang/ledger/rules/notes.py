"""Signed notes, checkpoints and co-signatures in the forms of C2SP (signed-note, tlog-checkpoint, tlog-cosignature).

A note is a text and, after an empty line, signatures. A checkpoint is a note that says: the log of this origin had
this many leaves and this root. A witness co-signs it with the time at which it saw that the log had only grown.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

LOG = 1  # signature type: Ed25519 over the text of the note
WITNESS = 4  # signature type: cosignature/v1, Ed25519 over a time and the text
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_MOST_SIGNATURES = 64
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")


def bad_note(text: str) -> Refused:
    """The refusal of a note or key that is not in its form."""
    return Refused("note.format", text)


@dataclass(frozen=True, slots=True)
class Key:
    """A published key: its text form, `name+id+base64`, is what Go's note package calls a verifier key."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Key:
        """Refuses anything but a key of type LOG or WITNESS whose id is right."""
        name, id_, data = _parts(text.strip(), said("公钥"))
        key = cls(name, data[0], data[1:])
        if key.id.hex() != id_:
            raise bad_note(said("公钥的编号与内容不符，请核对公钥是否抄录完整。"))
        return key

    @property
    def id(self) -> bytes:
        """The four bytes by which signatures name their key: SHA-256 of its name, kind and public key, cut off (C2SP signed-note)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_b64(bytes([self.kind]) + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether the signature (without its key id) is this key's over the text of a note."""
        message, signed = text.encode(), signature
        if self.kind == WITNESS:
            if len(signature) != 72:
                return False
            message, signed = _timed(int.from_bytes(signature[:8], "big"), text), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signed, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs; its text form is a secret."""

    name: str
    kind: int
    secret: bytes

    @classmethod
    def fresh(cls, name: str, kind: int) -> Signer:
        """A new Ed25519 key. Refuses a name that is empty or holds a space or a plus."""
        if not _NAME.fullmatch(name):
            raise Refused("key.name", "密钥名称不能为空，也不能含空格或加号。", "name")
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """The key of a secret text form. Refuses another form, and one whose id is not its own."""
        text = text.strip()
        if not text.startswith(_PRIVATE):
            raise bad_note(said("签名私钥的格式不对：应以 PRIVATE+KEY+ 开头。"))
        name, id_, data = _parts(text.removeprefix(_PRIVATE), said("签名私钥"))
        signer = cls(name, data[0], data[1:])
        if signer.key.id.hex() != id_:
            raise bad_note(said("签名私钥的编号与内容不符，文件可能已损坏。"))
        return signer

    @property
    def key(self) -> Key:
        """The public half, to be published."""
        return Key(self.name, self.kind, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)

    def written(self) -> str:
        """The secret text form, for the key file."""
        return f"{_PRIVATE}{self.name}+{self.key.id.hex()}+{_b64(bytes([self.kind]) + self.secret)}"

    def sign(self, text: str, now: datetime | None = None) -> str:
        """The signature line for the text of a note; a witness signs the time with it."""
        if self.kind == WITNESS:
            if now is None:
                raise ValueError("a witness signs the time")
            seconds = int(now.timestamp())
            signature = seconds.to_bytes(8, "big") + self._private.sign(_timed(seconds, text))
        else:
            signature = self._private.sign(text.encode())
        return line(self.key, signature)


@dataclass(frozen=True, slots=True)
class Note:
    """A text (ending in a newline) and its signatures: (name of the key, id of the key, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Refuses what is not a signed note."""
        head, gap, tail = note.rpartition("\n\n")
        if not gap or not tail.endswith("\n") or _CONTROL.search(note):
            raise bad_note(said("这不是一份签名文本：缺少正文与签名之间的空行，或含有控制字符。"))
        lines = tail[:-1].split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise bad_note(said("签名行过多。"))
        return cls(head + "\n", tuple(_signature(line) for line in lines))

    def signed_by(self, keys: Iterable[Key]) -> tuple[list[Key], list[Key]]:
        """The known keys that signed it, and those whose signature on it is wrong. Unknown signatures are ignored."""
        good: list[Key] = []
        bad: list[Key] = []
        for key in keys:
            for name, id_, signature in self.signatures:
                if (name, id_) == (key.name, key.id):
                    (good if key.verifies(self.text, signature) else bad).append(key)
        return good, bad

    def time_of(self, key: Key) -> int | None:
        """When the witness signed, in seconds since 1970."""
        times = [s for name, id_, s in self.signatures if (name, id_) == (key.name, key.id) and len(s) == 72]
        return int.from_bytes(times[0][:8], "big") if times else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`extra` are our extension lines, word → rest of the line: "sealed" (instant), "horizon" (era and transaction
    below which everything is in the tree), "previous" (SHA-256 of the note before, base64)."""

    origin: str
    size: int
    root: bytes
    extra: Mapping[str, str]

    @property
    def text(self) -> str:
        lines = [self.origin, str(self.size), _b64(self.root), *(f"{k} {v}" for k, v in self.extra.items())]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """From the text of a note. Refuses what is not a checkpoint."""
        origin, *rest = text.removesuffix("\n").split("\n")
        if len(rest) < 2 or not origin or not all(rest):
            raise bad_note(said("这不是检查点：应依次写明来源、条数和根值。"))
        size, root, *extra = rest
        if not re.fullmatch(r"0|[1-9][0-9]{0,17}", size):
            raise bad_note(said("检查点的条数不是规范的整数。"))
        hash_ = unb64(root)
        if len(hash_) != 32:
            raise bad_note(said("检查点的根值应为 32 字节。"))
        return cls(origin, int(size), hash_, dict(line.partition(" ")[::2] for line in extra))


def line(key: Key, signature: bytes) -> str:
    """The signature line of a note."""
    return f"— {key.name} {_b64(key.id + signature)}\n"


def signed(text: str, lines: Sequence[str]) -> str:
    """The note of a text and its signature lines."""
    return f"{text}\n{''.join(lines)}"


def keys_in(text: str) -> list[Key]:
    """One key a line; empty lines and lines that begin with # are left out."""
    lines = [line.strip() for line in text.splitlines()]
    return [Key.parse(line) for line in lines if line and not line.startswith("#")]


def digest_of(note: str) -> str:
    """What the next checkpoint says of this one under "previous"."""
    return _b64(sha256(note.encode()).digest())


def unb64(text: str) -> bytes:
    """Standard base64 in its one canonical form; refuses anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise bad_note(said("内容不是规范的 Base64 编码，可能没有抄录完整。")) from fault
    if _b64(data) != text:
        raise bad_note(said("内容不是规范的 Base64 编码。"))
    return data


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _timed(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _parts(text: str, what: str) -> tuple[str, str, bytes]:
    """name, id and data of a key's text form."""
    name, _, rest = text.partition("+")
    id_, _, data = rest.partition("+")
    if not _NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{8}", id_):
        raise bad_note(said("{what}的格式不对：应为“名称+编号+内容”。", what=what))
    decoded = unb64(data)
    if len(decoded) != 33 or decoded[0] not in (LOG, WITNESS):
        raise bad_note(said("{what}的类型不支持：只支持 Ed25519。", what=what))
    return name, id_, decoded


def _signature(line: str) -> tuple[str, bytes, bytes]:
    mark, _, rest = line.partition(" ")
    name, _, data = rest.partition(" ")
    decoded = unb64(data) if data else b""
    if mark != "—" or not _NAME.fullmatch(name) or len(decoded) < 5:
        raise bad_note(said("签名行的格式不对：应为“— 名称 签名”。"))
    return name, decoded[:4], decoded[4:]
