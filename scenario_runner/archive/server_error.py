"""What the server of an index refused; apart from what speaks to one, which few archives need."""

from __future__ import annotations


class ServerError(OSError):
    """What the server of an index, or the way to it, refused. hint: what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
