"""Scattered buffers: joined for sockets that take one at a time, and what is left of those that are sent in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.ul.pdu import Buffer

_JOINED = 0x10000
"""Bytes put together where buffers cannot be sent scattered."""


def left_of(batch: list[Buffer], sent: int) -> list[Buffer]:
    """What is left of a batch when so many bytes of it have gone."""
    first = 0
    while sent >= len(batch[first]):
        sent -= len(batch[first])
        first += 1
    return [memoryview(batch[first])[sent:], *batch[first + 1 :]]


def joined(buffers: Iterable[Buffer]) -> Iterator[Buffer]:
    """Larger pieces, for sockets that take one at a time."""
    parts: list[Buffer] = []
    size = 0
    for buffer in buffers:
        parts.append(buffer)
        size += len(buffer)
        if size >= _JOINED:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)
