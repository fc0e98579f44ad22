"""Text of which nobody said the character set: what it may be."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.dicom.characters.reading import decode
from scenario_runner.dicom.characters.sets import ESC, MULTI_BYTE, REPLACEMENT, ROWS
from scenario_runner.dicom.characters.terms import ALONE
from scenario_runner.dicom.vrs import ONE_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Terms = tuple[str, ...]

_PADDING: Final = " \0"


class UndeclaredText(NamedTuple):
    """A value beyond ASCII in a data set without Specific Character Set.

    value: as it came, with padding, and with backslashes where there are several. vr: its VR.
    """

    keyword: str
    value: bytes
    vr: str

    @property
    def guesses(self) -> list[str]:
        """The text that ``decode`` guesses, or the texts of several values; those beyond ASCII."""
        guess = decode(self.value, self.vr, ())
        several = [guess] if self.vr in ONE_TEXT else guess.split("\\")
        return [text for one in several if not (text := one.strip(_PADDING)).isascii()]

    def readings(self, text: str) -> dict[Terms, str]:
        """What a piece of this value may say as well, by the defined terms it would be declared with.

        text: the value as ``decode`` guesses it, or a part of that. Nothing for a text that is no part of it, and no
        reading that has bytes without a meaning. A value with escape sequences is read as a whole only.
        """
        piece = self._bytes_of(text)
        if piece is None:
            return {}
        escapes = ESC in piece
        found = {terms: decode(piece, self.vr, terms).strip(_PADDING) for terms in _sets(escapes)}
        return {terms: one for terms, one in found.items() if _means_something(one)}

    def _bytes_of(self, text: str) -> bytes | None:
        guess = decode(self.value, self.vr, ())
        if not text or text not in guess:
            return None
        if ESC in self.value:
            return self.value if text == guess.strip(_PADDING) else None
        return text.encode("utf-8" if guess.encode("utf-8") == self.value else "latin-1")


class UndeclaredTexts:
    """Such values of a query's answers, by attribute and by the text that they are guessed to be."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[UndeclaredText, None]] = {}

    def add(self, value: UndeclaredText) -> None:
        """Keep one in mind."""
        for guess in value.guesses:
            self._kept.setdefault((value.keyword, guess), {})[value] = None

    def readings(self, keyword: str, texts: Sequence[str]) -> Iterator[list[str]]:
        """What the values of an attribute may say as well: the values once more for each set that has all of them.

        texts: the values as they were guessed. Nothing where all are ASCII, or are not of these answers.
        """
        found = [self._of(keyword, text) for text in texts if not text.isascii()]
        for terms in found[0] if found else ():
            if all(terms in one for one in found):
                others = iter(found)
                yield [text if text.isascii() else next(others)[terms] for text in texts]

    def _of(self, keyword: str, text: str) -> dict[Terms, str]:
        readings: dict[Terms, str] = {}
        for value in self._kept.get((keyword, text), ()):
            readings |= value.readings(text)
        return readings


def _sets(escapes: bool) -> Iterator[Terms]:
    """What one peer may have meant. escapes: whether a value has escape sequences."""
    for number, (_, upper) in ROWS.items():
        if upper is None:
            continue  # ASCII, and what an escape sequence alone can begin
        if number in MULTI_BYTE:
            yield "", f"ISO 2022 IR {number}"
        else:
            yield (f"{'ISO 2022 IR' if escapes else 'ISO_IR'} {number}",)
    if not escapes:
        yield from ((term,) for term in ALONE)


def _means_something(text: str) -> bool:
    return REPLACEMENT not in text and not any(
        one > "\x7f" and unicodedata.category(one) == "Cc" for one in text
    )
