"""The messages of a file: one, several after another, a batch (2.10.3), or framed as on the wire."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from scenario_runner.errors import Where
from scenario_runner.orders.hl7.message import MAX_BYTES, Hl7Error, Message, too_large

_HEADER: Final = re.compile(rb"MSH.")
_BATCH: Final = (b"FHS", b"BHS", b"BTS", b"FTS")
_LINE_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_FRAME: Final = bytes.maketrans(b"\x0b\x1c", b"\r\r")
_MAX_MESSAGES: Final = 1_000_000


def messages(data: bytes, name: str) -> Iterator[Message | Hl7Error]:
    """Each message of a file in order; for one that cannot be read the error, and the others go on.

    name: of the file. Segments of a batch's envelope (FHS, BHS, BTS, FTS) belong to no message. A
    file without any message is one error.
    """
    if data[:4] in (b"M\0S\0", b"\0M\0S") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield _one(data, name, 1)  # 16 bits a character; such files hold one
        return
    whole = _unframed(data)
    starts = _starts(whole)
    if not starts or _outside(whole[: starts[0]]):
        yield _one(whole[: starts[0]] if starts else whole, name, 1)
    line, before = 1, 0
    counts = _Counts()
    for number, start in enumerate(starts[:_MAX_MESSAGES]):
        end = starts[number + 1] if number + 1 < len(starts) else len(whole)
        line += _breaks(whole, before, start)
        before = start
        if end - start > MAX_BYTES:
            # Without a copy of what is not going to be read.
            counts.after(b"")
            yield too_large(end - start, Where(name, line, 1, line, 2, label=name))
            continue
        found = _one(_without_envelope(whole[start:end]), name, line)
        wrong = counts.after(whole[start:end])
        if isinstance(found, Message):
            found.remarks += wrong
        yield found


class _Counts:
    """What batches say of themselves (BTS-1, FTS-1) beside what they hold."""

    def __init__(self) -> None:
        self._messages = self._batches = 0

    def after(self, data: bytes) -> list[str]:
        """What is wrong with the trailers that follow a message, in words."""
        self._messages += 1
        wrong: list[str] = []
        if b"BTS" not in data and b"FTS" not in data:
            return wrong
        for line in _LINE_ENDS.split(data):
            said = line[4:].split(line[3:4])[0].strip() if len(line) > 4 else b""
            if line.startswith(b"BTS"):
                wrong += _told("BTS-1", said, self._messages, "messages")
                self._messages, self._batches = 0, self._batches + 1
            elif line.startswith(b"FTS"):
                wrong += _told("FTS-1", said, self._batches or 1, "batches")
                self._batches = 0
        return wrong


def _told(path: str, said: bytes, real: int, what: str) -> list[str]:
    if not said.isdigit() or int(said[:9]) == real:
        return []
    return [f"{path} says {int(said[:9])}, and the number of {what} is {real}"]


def without(data: bytes, lines: Collection[int]) -> bytes:
    """The file without the messages that begin at these lines; every other keeps its line."""
    whole = _unframed(data)
    starts = [0, *_starts(whole), len(whole)]
    kept, line = [], 1
    for number, start in enumerate(starts[:-1]):
        part = whole[start : starts[number + 1]]
        breaks = _breaks(part, 0, len(part))
        is_header = part.startswith(b"MSH")
        left_out = line in lines and (is_header or bool(part))
        kept.append(b"\r" * breaks if left_out else part)
        line += breaks
    return b"".join(kept)


def _unframed(data: bytes) -> bytes:
    """With line ends for the marks of blocks, where there are any."""
    return data.translate(_FRAME) if b"\x0b" in data or b"\x1c" in data else data


def _starts(whole: bytes) -> list[int]:
    """Where messages begin: an MSH at the begin of a line."""
    found = (match.start() for match in _HEADER.finditer(whole))
    return [at for at in found if at == 0 or whole[at - 1] in b"\r\n"]


def _one(data: bytes, name: str, line: int) -> Message | Hl7Error:
    try:
        found = Message.read(data, name, line)
        _ = found.segments
    except Hl7Error as error:
        return error
    return found


def _without_envelope(data: bytes) -> bytes:
    if not any(name in data for name in _BATCH):
        return data.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    return b"\r".join(line for line in _LINE_ENDS.split(data) if line[:3] not in _BATCH)


def _outside(data: bytes) -> bool:
    """Whether something stands before the first message that is no envelope."""
    return bool(_without_envelope(data.removeprefix(b"\xef\xbb\xbf")).strip(b" \t\r\n\0"))


def _breaks(data: bytes, start: int, end: int) -> int:
    return sum(1 for _ in _LINE_ENDS.finditer(data, start, end))


def first(data: bytes, name: str) -> Message:
    """The only message of a file. Raises Hl7Error, also for more than one."""
    found = list(messages(data, name))
    if len(found) != 1:
        where = Where(name, 1, 1, 1, 2, label=name)
        raise Hl7Error(f"'{name}' holds {len(found)} messages; one is wanted here", where)
    (only,) = found
    if isinstance(only, Hl7Error):
        raise only
    return only
