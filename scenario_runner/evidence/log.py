"""``events.ndjson``: written as things happen, read back however it ended.

One event is one write to the operating system, so a killed process loses nothing it had reported; at worst the last
line is cut, and the reader expects that. It is one line, too, but for instances, of which ``packed`` puts many into one.
"""

from __future__ import annotations

import errno
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from scenario_runner.errors import MachineError, is_disk_full, text_of, without_halves
from scenario_runner.events import InstanceSent, InstancesSent
from scenario_runner.evidence.packed import Packer, begun, is_packed, unpacked
from scenario_runner.evidence.unseen import escaped, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.events import Stamped

DAMAGED = "log_damaged"
"""The ``event`` of what ``read_events`` yields in place of a line it cannot read."""

_OWN = re.compile(r"[\w.:|-]+", re.ASCII).fullmatch
"""What needs no escape in JSON."""
_DEEPEST = 100
"""Levels of a value that is none of JSON's."""
_LONGEST_LINE = 64 * 1024 * 1024


class EventLog:
    """An EventHandler that appends every event to a file, one JSON object a line.

    Raises MachineError when the file cannot be opened or written (disk full, no permission).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._packer = Packer()
        try:
            # Unbuffered: a line is with the operating system before the next event is made.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise MachineError(
                f"cannot write the event log '{path}': {_reason(error)}",
                hint="make room on it" if is_disk_full(error) else None,
            ) from error

    def handle(self, stamped: Stamped) -> None:
        """Append one event."""
        event = stamped.event
        if type(event) is InstanceSent:
            data = self._packer.more(stamped, event)
            if data is None:
                data = self._packer.end() + self._instance(stamped, event)
        else:
            data = self._packer.end() + event_line(stamped)
        self._write(data)

    def close(self) -> None:
        """End the last line and close the file. Events already handled are safe without it."""
        try:
            self._write(self._packer.end())
        finally:
            self._file.close()

    def _instance(self, stamped: Stamped, sent: InstanceSent) -> bytes:
        packed = self._packer.begin(stamped, sent)
        if packed is None:
            return event_line(stamped)
        head, first = packed
        return _encode(head)[:-1] + f',"sent":["{first}"'.encode()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                written = self._file.write(data)
                data = data[written or 0 :]
        except OSError as error:
            self._packer.end()  # not written: behind half of an instance it would damage the whole line
            raise MachineError(
                f"cannot write the event log '{self.path}': {_reason(error)}",
                hint="everything up to here is recorded; free some space or name another --out",
            ) from error


def event_line(stamped: Stamped) -> bytes:
    """The line of one event by itself, with its line end: UTF-8, and whole whatever the event holds."""
    if type(stamped.event) is InstanceSent:
        line = _sent_line(stamped, stamped.event)
        if line is not None:
            return line
    return _encode(stamped.as_json()) + b"\n"


def _sent_line(stamped: Stamped, sent: InstanceSent) -> bytes | None:
    """The same of an instance, in half of the time: there may be a million, which differ in three values.

    None where one of these is not what it is from a plan of ours.
    """
    own = f"{stamped.time}|{sent.image}|{sent.uid}"
    if not _OWN(own):
        return None
    try:
        head, tail = _shared(
            sent.case, sent.id, sent.target, sent.status, sent.stored, sent.maybe_stored,
            sent.comment, sent.earlier,
        )  # fmt: skip
    except TypeError:  # a plugin's value that cannot be looked up
        return None
    return (
        f'{{"seq":{stamped.seq},"time":"{stamped.time}",{head},"image":"{sent.image}","uid":"{sent.uid}",{tail}\n'
    ).encode()


@lru_cache(maxsize=256, typed=True)
def _shared(
    case: str,
    id_: str,
    target: str,
    status: str | None,
    stored: bool,
    maybe_stored: bool,
    comment: str,
    earlier: str | None,
) -> tuple[str, str]:
    """What stands before and behind the values that no two lines share."""
    head = {"event": InstanceSent.kind, "case": case, "id": id_, "target": target}
    tail = {
        "status": status,
        "stored": stored,
        "maybe_stored": maybe_stored,
        "comment": comment,
        "earlier": earlier,
    }
    return _encode(head).decode()[1:-1], _encode(tail).decode()[1:]


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of a log as the objects that were written, in file order.

    Instances that share a line are events of their own. A last line without its line end was cut by a kill; of one of
    instances those that are whole are yielded, any other is left out unless it is whole. Any other line that is not a
    JSON object yields ``{"event": "log_damaged", "line": n, "message": …}``. Raises MachineError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                whole = line.endswith(b"\n")
                event = _decode(line)
                if event is None and not whole:
                    event = begun(line)
                events = [] if event is None else _each(event)
                if events:
                    yield from events
                elif whole and line.strip():
                    yield {
                        "event": DAMAGED,
                        "line": number,
                        "message": f"line {number} of {path.name} cannot be read",
                    }
    except OSError as error:
        raise MachineError(f"cannot read the event log '{path}': {_reason(error)}") from error


def events_in(line: bytes) -> list[bytes]:
    """The events of a whole line, each as the line that it would have by itself; never none."""
    if not is_packed(line):
        return [line]
    event = _decode(line)
    return [_encode(one) for one in _each(event or {})] or [line]


def events_in_cut(line: bytes) -> list[bytes]:
    """The same of a line that a kill has cut: of several instances those that are whole, of anything else none."""
    event = begun(line)
    return [] if event is None else [_encode(one) for one in _each(event)]


def _each(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that a line stands for; none where it makes no sense."""
    if event.get("event") != InstancesSent.kind:
        return [event]
    try:
        return list(unpacked(event))
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def _encode(value: dict[str, Any]) -> bytes:
    try:
        line = to_json(value)  # a third of the time of the standard library's encoder
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - what JSON does not know, a lone surrogate, a plugin's value that throws
        return _encode_oddly(value)
    if b"NaN" in line or b"Infinity" in line:  # it writes numbers so that are none of JSON's
        return _encode_oddly(value)
    return line if is_plain(line) else escaped(line.decode("utf-8")).encode("utf-8")


def _encode_oddly(value: dict[str, Any]) -> bytes:
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return escaped(text).encode("utf-8")


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        value = from_json(line)
    except ValueError:
        value = _decode_oddly(line)
    if not isinstance(value, dict):
        return None
    cleaned = _plain(value) if b"\\ud" in line.lower() else value
    return cleaned if isinstance(cleaned, dict) else None


def _decode_oddly(line: bytes) -> Any:
    """By the reader that takes halves of surrogate pairs, too, at a third of the speed."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any, depth: int = 0) -> Any:
    """The nearest thing that JSON in UTF-8 can hold: a log entry is never lost to odd content."""
    if depth > _DEEPEST:
        return "…"
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    text = text_of(value)
    if text is None:
        text = f"<{type(value).__name__}>"
    return without_halves(text)


def _reason(error: OSError) -> str:
    if is_disk_full(error):
        return "the disk is full"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "no permission to write there"
    return error.strerror or str(error)
