"""Many instances in one line of the log: what is alike stands once, and of each no more than tells it from the others.

The line is begun with its first instance, each further one is a write of its own, and whatever else happens ends it: a
process that is killed leaves a line without its end, which says all that was told.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from scenario_runner.events import InstanceSent, InstancesSent
from scenario_runner.evidence.sent_images import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scenario_runner.events import Stamped

SINGLY = 1_000
"""Instances of a run that have a line each, before those that are alike share one."""
_MOST = 1_000
"""Instances of a line."""
_TENTH = len("2026-01-31T09:30:00.1")
"""Of a time, what all of a line share."""
_END = b"]}\n"
_KIND = f'"event":"{InstancesSent.kind}"'.encode()
_HEAD = 100
"""Bytes within which a line of ours says what it is."""
_ALIKE = ("case", "id", "target", "status", "stored", "maybe_stored", "comment", "earlier")
_alike = attrgetter(*_ALIKE)
_PLACE = _ALIKE[:3]
_USUAL = {
    field.name: field.default
    for field in dataclasses.fields(InstancesSent)
    if field.default is not dataclasses.MISSING
}
"""What a line does not say where it is so: what was answered of most instances."""


def _said(alike: tuple[Any, ...]) -> Iterable[tuple[str, Any]]:
    return zip(_USUAL, alike[len(_PLACE) :], strict=True)


class Packer:
    """Says what is to be written of each instance: the beginning of a line, or what continues it."""

    def __init__(self) -> None:
        self._singly = SINGLY
        self._alike: tuple[Any, ...] = ()
        self._open = False
        self._room = 0
        """For how many more a line that is begun has room."""
        self._tenth = self._below = self._stem = ""
        self._next = 0
        """The number of the image that needs no key, in the series whose keys begin with the stem."""

    def more(self, stamped: Stamped, sent: InstanceSent) -> bytes | None:
        """What goes on with the line that is begun; None where the instance is none of its kind."""
        if not self._room or _alike(sent) != self._alike or stamped.time[:_TENTH] != self._tenth:
            return None
        uid = sent.uid
        rest = uid[len(self._below) :]
        if not (rest.isdigit() and uid.isascii() and uid.startswith(self._below)):
            return None
        key = ""
        if sent.image == f"{self._stem}{self._next}":
            self._next += 1
        elif (found := self._key(sent.image)) is not None:
            key = found
        else:
            return None
        self._room -= 1
        return f',"{key}{rest}"'.encode()

    def begin(self, stamped: Stamped, sent: InstanceSent) -> tuple[dict[str, Any], str] | None:
        """The head of a line and what is first in it; None where the instance gets a line of its own.

        So do the first of a run, and one that is not like the one before it.
        """
        alike = _alike(sent)
        again, self._alike = alike == self._alike, alike
        if self._singly:
            self._singly -= 1
            return None
        above, dot, rest = sent.uid.rpartition(".")
        digits = rest.isdigit() and above.replace(".", "").isdigit() and sent.uid.isascii()
        self._stem = ""
        if not again or not digits or (key := self._key(sent.image)) is None:
            return None
        self._below, self._tenth = above + dot, stamped.time[:_TENTH]
        self._open, self._room = True, _MOST - 1
        head = {
            "seq": stamped.seq,
            "time": stamped.time,
            "event": InstancesSent.kind,
            **dict(zip(_PLACE, alike[: len(_PLACE)], strict=True)),
            **{name: value for name, value in _said(alike) if value != _USUAL[name]},
            "uids": self._below,
        }
        return head, f"{key}{rest}"

    def end(self) -> bytes:
        """What ends the line that is begun, if one is."""
        if not self._open:
            return b""
        self._open, self._room = False, 0
        return _END

    def _key(self, image: str) -> str | None:
        """What names an image that is not the next one: its number, or all of its key in another series."""
        series, place = place_of(image)
        if not series or not series.replace(".", "").isalnum() or not series.isascii():
            return None
        same = f"{series}.i" == self._stem
        self._stem, self._next = f"{series}.i", place + 2
        return f"{place + 1} " if same else f"{image} "


def is_packed(line: bytes) -> bool:
    """Whether a line may be one of several instances, which its beginning says."""
    return _KIND in line[:_HEAD]


def begun(line: bytes) -> dict[str, Any] | None:
    """What a line says that was cut by a kill, when it is one of instances; None for any other."""
    try:
        value = from_json(line, allow_partial=True)
    except ValueError:
        return None
    is_ours = isinstance(value, dict) and value.get("event") == InstancesSent.kind
    return value if is_ours and value.get("sent") else None


def unpacked(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each instance as an ``instance_sent`` of its own. Raises KeyError, TypeError and ValueError for what is none."""
    seq, below = event["seq"], event["uids"]
    if type(seq) is not int or type(below) is not str:
        raise TypeError("a line of instances has a number and the beginning of their UIDs")
    before = {"event": InstanceSent.kind, **{name: event[name] for name in _PLACE}}
    after = {name: event.get(name, usual) for name, usual in _USUAL.items()}
    stem, number = "", 0
    for element in event["sent"]:
        key, _, rest = element.rpartition(" ")
        if not key:
            number += 1
        elif key.isdigit():
            number = int(key)
        else:
            series, place = place_of(key)
            stem, number = f"{series}.i" if series else "", place + 1
        if not (stem and rest):
            raise ValueError(f"'{element[:40]}' names no instance")
        yield {
            "seq": seq,
            "time": event["time"],
            **before,
            "image": f"{stem}{number}",
            "uid": f"{below}{rest}",
            **after,
        }
        seq += 1
