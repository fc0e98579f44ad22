"""Where a program listens, as URLs and messages write it."""

from __future__ import annotations


def authority(host: str, port: int | str) -> str:
    """``HOST:PORT``, with brackets around an IPv6 address (RFC 3986 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
