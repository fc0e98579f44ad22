"""Secrets that a program carries: made from 256 random bits, kept as a digest only.

A digest without salt or many rounds is enough for them: nobody guesses 256 bits. Passwords, which people
choose, are kept by ``passwords``.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

API_KEY: Final = "fabk_"
VIEWER_TOKEN: Final = "fabv_"  # noqa: S105 - what such a token begins with
SESSION: Final = "fabs_"
DEVICE: Final = "fabd_"
_BYTES: Final = 32


def fresh(kind: str) -> str:
    """A new one. kind: what it begins with, so that a scanner for leaked secrets can know it."""
    return kind + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """What is kept of it: SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def csrf_of(session: str) -> str:
    """What a page of ours sends along with the session's cookie; a stranger's page cannot read it."""
    return hashlib.sha256(b"csrf\0" + session.encode("utf-8", "replace")).hexdigest()


def same(given: str, wanted: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8"))
