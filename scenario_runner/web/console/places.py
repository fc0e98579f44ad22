"""Where one logs in and out, and which places a link may lead to afterwards."""

from __future__ import annotations

from typing import Final

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"


def own_place(asked: str) -> str:
    """A place of ours; where a link would lead elsewhere, the dashboard."""
    plain = asked.isprintable() and asked.isascii() and "\\" not in asked
    return asked if plain and asked.startswith("/") and not asked.startswith("//") else "/"
