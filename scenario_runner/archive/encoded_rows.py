"""Rows of the index as the bytes of identifiers: what ``Match.encode`` gives, without a match for each.

A query by part of a name has thousands of answers that are alike but for a few texts, so each text of a column is
turned into an element once, and a row is put together from those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.keys import DIFFERING, encoded_element
from scenario_runner.dicom import vrs
from scenario_runner.dicom.element_text import split
from scenario_runner.dicom.element_writing import prepared_head

if TYPE_CHECKING:
    from scenario_runner.archive.attributes import Attribute
    from scenario_runner.archive.keys import Answer, Key
    from scenario_runner.dicom.syntaxes import Encoding

_REMEMBERED: Final = 4096
"""Texts of a column."""
_ESCAPE: Final = "\x1b"
"""What no text has that was understood: whoever read it would take it for the beginning of an escape sequence."""
_SHORT: Final = 1 << 15
"""Bytes of a text that is put together here; any VR can say such a length."""


class BeyondAsciiError(Exception):
    """A text that needs a character set, which is chosen for all texts of a row together."""


class Column(dict[object, "bytes | None"]):
    """What is in a column of the index to the bytes of its element; None where it does not match the key.

    before: encoded elements that come before it. Raises BeyondAsciiError.
    """

    def __init__(self, attribute: Attribute, key: Key, before: bytes, encoding: Encoding) -> None:
        self._tag, self._vr = attribute.tag, attribute.vr
        self._test = key.test
        self._before = before
        self._encoding = encoding
        start, self._length = prepared_head(attribute.tag, attribute.vr, encoding)
        self._head = before + start
        self._is_text = attribute.vr in vrs.TEXT
        self._remembers = attribute.vr not in DIFFERING
        self._padding = b"\0" if attribute.vr in vrs.NULL_PADDED else b" "

    def __missing__(self, value: object) -> bytes | None:
        text = "" if value is None else str(value)
        if not text.isascii():
            raise BeyondAsciiError
        values = split(text, self._vr)
        found = None
        if self._test is None or self._test(values):
            plain = self._is_text and _ESCAPE not in text
            if plain and len(values) == 1 and len(values[0]) < _SHORT:
                raw = values[0].encode("ascii")
                size = len(raw)
                found = (
                    self._head + self._length(size + 1) + raw + self._padding
                    if size & 1
                    else self._head + self._length(size) + raw
                )
            else:
                element = encoded_element(self._tag, self._vr, values, (), self._encoding)
                found = self._before + element
        if self._remembers:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[value] = found
        return found


def columns_of(
    columns: Sequence[tuple[Attribute, Key]], fixed: Answer, encoding: Encoding
) -> tuple[list[Column], bytes]:
    """One for each, and what comes behind the last. columns: by ascending tag; fixed: what each answer has."""
    constant = {
        tag: encoded_element(tag, vr, values, (), encoding) for tag, (vr, values) in fixed.items()
    }
    waiting = sorted(constant)
    found = []
    for attribute, key in columns:
        before = [constant[tag] for tag in waiting if tag < attribute.tag]
        waiting = waiting[len(before) :]
        found.append(Column(attribute, key, b"".join(before), encoding))
    return found, b"".join([constant[tag] for tag in waiting])


def encoded_rows(
    rows: Iterable[Sequence[object]], columns: Sequence[Column], behind: bytes
) -> Iterator[bytes | Sequence[object]]:
    """The identifier of each row that matches; a row itself where a text of it is not ASCII.

    rows: the values of the columns behind one of something else.
    """
    for row in rows:
        try:
            pieces = [column[value] for column, value in zip(columns, row[1:], strict=True)]
        except BeyondAsciiError:
            yield row
            continue
        if None not in pieces:
            yield b"".join([*pieces, behind])  # type: ignore[list-item]
