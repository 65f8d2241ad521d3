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


def seal(text: str) -> bytes:
    """The text encrypted under the installation's key; each call gives other bytes."""
    nonce = os.urandom(12)
    return _VERSION + nonce + _current()[0].encrypt(nonce, text.encode(), _VERSION)


def open_(sealed: bytes | memoryview) -> str:
    """The text again. Refuses bytes that were altered or sealed under another key."""
    data = bytes(sealed)
    try:
        return _current()[0].decrypt(data[1:13], data[13:], data[:1]).decode()
    except InvalidTag as fault:
        raise Refused("vault.altered", "这条加密数据已损坏或密钥不符，请联系系统管理员。") from fault


def blind(text: str, field: str = "") -> bytes:
    """A keyed digest for exact search (`field` keeps phones and identity numbers apart)."""
    return hmac.new(_current()[1], f"{field}\x00{text}".encode(), hashlib.sha256).digest()
