"""Who asks, by the Authorization header: a user with a password, or a token."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping


def is_known(given: str, users: Mapping[str, str], token: str | None) -> bool:
    """Whether the header names a user of these with the right password, or the token."""
    scheme, _, credentials = given.partition(" ")
    if scheme.lower() == "bearer" and token is not None:
        return _same(credentials.strip(), token)
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(credentials, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return False
        user, _, password = text.partition(":")
        return user in users and _same(password, users[user])
    return False


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8"))
