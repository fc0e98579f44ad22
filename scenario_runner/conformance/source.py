"""The bytes of a DICOM file by position, as they lie in it or inflated."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import BinaryIO

from scenario_runner.dicom.elements import MOST_INFLATED

_WINDOW = 1 << 17


class DamageError(Exception):
    """The bytes are not elements; ``rule`` and ``attribute`` say what they break."""

    def __init__(self, message: str, attribute: str | None = None, rule: str = "structure") -> None:
        super().__init__(message)
        self.rule, self.attribute = rule, attribute


class Source:
    """Bytes of a stream by position, through a window."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self.size = stream, size
        self.start = 0
        """Where in the stream ``window`` begins."""
        self.window = b""

    def index(self, at: int, count: int) -> int:
        """Where in ``window`` these bytes lie, all of them. Raises DamageError past the end."""
        index = at - self.start
        if index < 0 or index + count > len(self.window):
            self._stream.seek(at)
            self.window = self._stream.read(max(count, _WINDOW))
            self.start, index = at, 0
            if len(self.window) < count:
                raise DamageError("the file ends in the middle of an element", rule="truncated")
        return index

    def read(self, at: int, count: int) -> bytes:
        """These bytes, all of them. Raises DamageError past the end."""
        index = self.index(at, count)
        return self.window[index : index + count]

    def inflated(self, at: int) -> Source:
        """What is deflated from there on (PS3.5 A.5). Raises DamageError; bounded in memory."""
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        out = BytesIO()
        try:
            while at < self.size and not inflate.eof:
                chunk = self.read(at, min(_WINDOW, self.size - at))
                at += len(chunk)
                while chunk and not inflate.eof:  # padding stays the unconsumed tail for ever
                    out.write(inflate.decompress(chunk, 1 << 20))
                    chunk = inflate.unconsumed_tail
                    if out.tell() > MOST_INFLATED:
                        raise DamageError(
                            f"more than {MOST_INFLATED >> 20} MiB when inflated", rule="too-large"
                        )
        except zlib.error as error:
            raise DamageError(f"the deflated data set cannot be inflated: {error}") from None
        if not inflate.eof:
            raise DamageError("the deflated data set ends too early", rule="truncated")
        return Source(out, out.tell())
