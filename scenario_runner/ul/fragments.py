"""Messages cut into P-DATA-TF PDUs at the peer's maximum length, without copying (PS3.8 9.3.5)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scenario_runner.ul.pdu import P_DATA, Buffer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND, LAST = 0x01, 0x02
"""Bits of the message control header (PS3.8 E.2)."""

_UNLIMITED = 0x100000
"""Bytes of a PDU for a peer that sets no maximum."""
_HEADER = struct.Struct(">BxIIBB")
"""PDU type, PDU length, PDV length, presentation context id, message control header."""


class Alike:
    """Messages with one command set on one presentation context, for many small data sets.

    command: the command set. What ``message`` gives are the bytes of ``fragments``, joined.
    """

    def __init__(self, context_id: int, command: bytes, max_pdu: int) -> None:
        self._context_id = context_id
        self._max_pdu = max_pdu
        self._room = _room(max_pdu)
        self._command = b"".join(fragments(context_id, [command], max_pdu, command=True))

    def message(self, data: bytes) -> bytes:
        """A whole message, in as many PDUs as it takes."""
        size = len(data)
        if size > self._room:
            cut = fragments(self._context_id, [data], self._max_pdu, command=False)
            return b"".join((self._command, *cut))
        head = _HEADER.pack(P_DATA, size + 6, size + 2, self._context_id, LAST)
        return b"".join((self._command, head, data))


def _room(max_pdu: int) -> int:
    """Bytes of a fragment at most: an even number (PS3.8 annex E), whatever maximum the peer names."""
    return ((max_pdu or _UNLIMITED) - 6) & ~1


def fragments(
    context_id: int, buffers: Sequence[Buffer], max_pdu: int, *, command: bool
) -> Iterator[Buffer]:
    """Headers and slices, in the order they go to the wire; one PDV a PDU.

    buffers: the command set or data set; its pieces are sliced, never joined. max_pdu: the peer's
    maximum length (bytes after the six of the PDU header), 0 for none.
    """
    control = COMMAND if command else 0
    room = _room(max_pdu)
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    left = sum(map(len, views))
    if left <= room:
        yield _HEADER.pack(P_DATA, left + 6, left + 2, context_id, control | LAST)
        yield from views
        return
    middle = _HEADER.pack(P_DATA, room + 6, room + 2, context_id, control)
    space = 0
    for view in views:
        at, size = 0, len(view)
        while at < size:
            if not space and left > room:
                yield middle
                space = room
                left -= room
            elif not space:
                yield _HEADER.pack(P_DATA, left + 6, left + 2, context_id, control | LAST)
                space = left
            end = at + space if space < size - at else size
            yield view[at:end]
            space -= end - at
            at = end
