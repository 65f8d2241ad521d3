"""Personal data at rest: sealed with AES-256-GCM, found again only by an exact keyed digest."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from .refused import Refused

_VERSION = b"\x01"


@cache
def _keys(secret: bytes) -> tuple[AESGCM, bytes]:
    return AESGCM(hashlib.sha256(b"mashang seal" + secret).digest()), hashlib.sha256(b"mashang blind" + secret).digest()


def _current() -> tuple[AESGCM, bytes]:
    return _keys(settings.MASHANG_KEY)


def seal_bytes(data: bytes) -> bytes:
    """The bytes encrypted under the installation's key; each call gives other bytes."""
    nonce = os.urandom(12)
    return _VERSION + nonce + _current()[0].encrypt(nonce, data, _VERSION)


def open_bytes(sealed: bytes | memoryview) -> bytes:
    """The bytes again. Refuses what was altered, cut off or sealed under another key."""
    data = bytes(sealed)
    try:
        return _current()[0].decrypt(data[1:13], data[13:], data[:1])
    except (InvalidTag, ValueError) as fault:  # altered, or cut off within the nonce
        raise Refused("vault.altered", "这条加密数据已损坏或密钥不符，请联系系统管理员。") from fault


def seal(text: str) -> bytes:
    """A text that only this installation's key opens; twice the same text gives different bytes."""
    return seal_bytes(text.encode())


def open_(sealed: bytes | memoryview) -> str:
    """The text again. Refuses as `open_bytes` does."""
    return open_bytes(sealed).decode()


def blind(text: str, field: str = "") -> bytes:
    """A keyed digest for exact search (`field` keeps phones and identity numbers apart)."""
    return hmac.digest(_current()[1], f"{field}\x00{text}".encode(), "sha256")


def blind_bytes(data: bytes, field: str) -> str:
    """The same for content, as hex: equal content is found, but without the key not even guessed at."""
    return hmac.digest(_current()[1], field.encode() + b"\x00" + data, "sha256").hex()
