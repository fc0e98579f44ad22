"""Data sets of a long body of DICOM JSON one after another, so that nobody has to hold all of its text.

Metadata of a study may have thousands of instances (PS3.18 9.4.1 sets no bound), each of which is small: what is
bounded is one of them.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.json_model import JsonModelError, JsonObject, data_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_FIRST: Final = 1 << 14
"""Characters that are waited for before a data set that was not whole is tried again; then twice as many, and so on."""


class TooLongError(Exception):
    """One data set is longer than was allowed."""


def each_data_set(pieces: Iterable[bytes], most: int) -> Iterator[JsonObject]:
    """The data sets of a list, or one that stands alone, as soon as each is whole.

    most: characters of one data set. Raises TooLongError beyond, and JsonModelError as ``json_model.loads``
    does, once it comes to what is wrong; an empty body has none.
    """
    text = _Text(pieces)
    listed = text.next() == "["
    if text.next() == "":
        return
    if not listed:
        yield from data_sets(text.value(most))
    else:
        text.take()
        first = True
        while text.next() != "]":
            if not first:
                text.take(",")
            first = False
            yield from data_sets([text.value(most)])
        text.take("]")
    if text.next():
        raise JsonModelError("this is no JSON")


class _Text:
    """What has come and was not taken yet."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        # As json.loads reads bytes: a mark of their order is passed over.
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogatepass")
        self._json = json.JSONDecoder()
        self._held = ""
        self._at = 0

    def next(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            blank = _BLANK.match(self._held, self._at)
            assert blank is not None
            self._at = blank.end()
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def take(self, wanted: str = "") -> None:
        """Pass over the next character that is not blank. Raises JsonModelError when another was wanted."""
        if self.next() != wanted and wanted:
            raise JsonModelError("this is no JSON")
        self._at += 1

    def value(self, most: int) -> object:
        """The next value, whole."""
        self.next()
        enough = _FIRST
        while True:
            more = self._more(enough)
            try:
                found, end = self._json.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if not more:
                    raise JsonModelError("this is no JSON") from error
            else:
                # A number at the end of what has come may go on; nothing else may.
                if end < len(self._held) or not more:
                    if end - self._at > most:
                        raise TooLongError
                    self._at = end
                    return found
            if enough > most:
                raise TooLongError
            enough *= 2

    def _more(self, wanted: int = 1) -> bool:
        """Whether so many characters are held that were not taken; waits for them until the end.

        They are put together once: a peer may send a long data set in tiny pieces.
        """
        missing = wanted - (len(self._held) - self._at)
        if missing <= 0:
            return True
        parts = [self._held[self._at :]]
        try:
            for piece in self._pieces:
                parts.append(self._decoder.decode(piece))
                missing -= len(parts[-1])
                if missing <= 0:
                    break
            else:
                self._decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise JsonModelError("this is no JSON") from error
        self._held, self._at = "".join(parts), 0
        return missing <= 0
