"""Blocks of the minimal lower layer protocol: 0x0B, the message, 0x1C 0x0D.

What stands between two blocks belongs to none and is counted. A block that ends without its carriage
return is taken, for some engines forget it.
"""

from __future__ import annotations

from typing import Final

START: Final = 0x0B
END: Final = 0x1C
_TAIL: Final = b"\x1c\r"
_BETWEEN: Final = b"\r\n"
_START_KEPT: Final = 24


def framed(message: bytes) -> bytes:
    """A message as one block."""
    return bytes((START,)) + message + _TAIL


def is_tls(start: bytes) -> bool:
    """Whether bytes that should begin a block begin a handshake or an alert of TLS (RFC 8446 5.1)."""
    return start[:2] in (b"\x16\x03", b"\x15\x03")


class TooLargeError(Exception):
    """A block has more bytes than are taken."""


class Blocks:
    """Messages out of bytes as they come, in whatever pieces. largest: bytes of a message."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._held = bytearray()
        self._inside = False
        self.stray = 0
        """Bytes that came outside any block, line breaks apart."""
        self.stray_start = b""
        """How they began."""

    @property
    def midway(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. Raises TooLargeError."""
        found: list[bytes] = []
        while data:
            if not self._inside:
                before, mark, data = data.partition(bytes((START,)))
                if outside := before.translate(None, _BETWEEN):
                    self.stray += len(outside)
                    self.stray_start += outside[: _START_KEPT - len(self.stray_start)]
                self._inside = bool(mark)
                continue
            part, mark, data = data.partition(bytes((END,)))
            self._held += part
            if len(self._held) > self._largest:
                raise TooLargeError
            if mark:
                found.append(bytes(self._held))
                self._held.clear()
                self._inside = False
        return found
