"""Whether text that came back is what was asked for but for letters that its character set does not have.

A server that answers in a smaller set leaves such letters out, or puts a question mark or a spelling in ASCII in
their places. That accuses nobody; another name in the place of the one that was asked for does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from scenario_runner.dicom.characters import unencodable

_LOST: Final = frozenset("?\ufffd")
_BEYOND: Final = re.compile(r"[^\x00-\x7f]")
_RUNS: Final = re.compile(r"[^\x00-\x7f]+")
_MARKS: Final = re.compile(r"[^\x00-\x3e\x40-\x7f]+")
"""What may stand for any number of lost letters: question marks, and what is no ASCII itself."""
_MARKS_AMONG_LETTERS: Final = re.compile(r"[?\ufffd]+")
"""The same where letters beyond ASCII are what they are, for the set that they are in was declared."""
_SAID: Final = re.compile(r"[\x21-\x29\x2b-\x3e\x40-\x5d\x5f-\x7e]")
"""What is said in ASCII of a component group, but delimiters and wildcards."""
_LETTER: Final = re.compile(r"[0-9A-Za-z]")
_MAY_BE: Final = "\x00"
"""Begins what may be any character or none; letters behind it are the only ones that it may be."""
_ADDED: Final = "ehjnyz"
"""Second letters of spellings in ASCII, beside one that is doubled: MUELLER, MUNYOZ, SHIMEK, AAGE."""


def may_have_lost(
    wanted: Sequence[str], have: Sequence[str], terms: Sequence[str] = (), *, some: bool = False
) -> bool:
    """Whether values are what was asked for but for letters that their character set does not have.

    A name that has none can only be said to be lost where nothing else stands in its place: ``SMITH^JOHN`` is
    another name than one in kanji, and MILLER than MÜLLER. terms: the character sets that the values are declared
    in; of letters that these have, none is written otherwise, though it may be missing. some: it is known that the
    set lacks letters, and what stands there may be anything; otherwise it has to show.
    """
    lost = [_Lost(want, terms, some=some) for want in wanted if not want.isascii()]
    return any(one.may_be(text) for one in lost for text in have)


class _Lost:
    """A text that was asked for, with what may stand for its letters beyond ASCII."""

    def __init__(self, wanted: str, terms: Sequence[str], *, some: bool) -> None:
        self.wanted = wanted
        self.terms = terms
        self.some = some
        self.unwritable = frozenset(unencodable(wanted, "PN", terms))

    def may_be(self, text: str) -> bool:
        """Whether each component group that was asked for may be one of the text, or was lost as a whole."""
        if not (self.some or text.isascii() or _LOST & set(text) or self._mixed):
            return False
        groups = [group for group in self.wanted.split("=") if group]
        whole = [one for one in text.split("=") if not _MARKS.search(one)]
        return all(
            (len(groups) > 1 and not _SAID.search(group))
            or (group.isascii() and any(self._left(group, one) for one in whole))
            or any(self._left(group, one + "^" * 4) for one in text.split("="))
            or self._left(group, text)
            for group in groups
        )

    @property
    def _mixed(self) -> bool:
        """Whether the declared character set lacks letters, so that others beyond ASCII may stand beside the gaps."""
        return bool(self.terms and self.unwritable)

    def _left(self, group: str, text: str) -> bool:
        """Whether what stands there may be left of a component group."""
        said = _SAID.search(group) or (self._mixed and set(group) - self.unwritable - set("^*?= "))
        if not (self.some or said) and _LETTER.search(text):
            return False
        marks = _MARKS_AMONG_LETTERS if self._mixed and not self.some else _MARKS
        return _may_be_one(list(self._pattern(group, text)), marks.sub("*", text).casefold())

    def _pattern(self, group: str, text: str) -> Iterator[str]:
        """What each character may be: itself or a wildcard, or with ``_MAY_BE`` one of some, or none."""
        if self.some:
            yield from _RUNS.sub("*", group).casefold()
            return
        for one in group:
            if one.isascii():
                yield one.casefold()
            elif one in self.unwritable:
                yield from _spellings(one)
            else:
                # Where others of its set came, it is there; a set is lost whole or not at all.
                for letter in one.casefold():  # ß is two
                    yield letter if not text.isascii() else _MAY_BE + letter


def _spellings(letter: str) -> Iterator[str]:
    """What may stand for a letter beyond ASCII: what is no letter, nothing, or a spelling of two letters in ASCII.

    Scripts but the Latin one are written in too many ways to tell one of them from another text.
    """
    from anyascii import anyascii  # a table of scripts that few answers need

    if not unicodedata.name(letter, "").startswith("LATIN "):
        yield from (_MAY_BE, _MAY_BE)
        return
    spelt = anyascii(letter).casefold()
    yield _MAY_BE + spelt
    yield _MAY_BE + spelt + _ADDED


def _may_stand(wanted: str, character: str) -> bool:
    """Whether a character may be what a part of a pattern asks for."""
    if wanted[0] == _MAY_BE:
        return len(wanted) == 1 or not character.isalnum() or character in wanted
    return "?" in (wanted, character) or wanted == character


def _may_be_one(one: Sequence[str], other: str) -> bool:
    """Whether some text fits both patterns, of ``*`` and ``?``; the first also of what may be a character or none."""
    reached = {0}
    for wanted in (*one, ""):
        # Places of ``other`` that can be met before this character; its stars may stand for nothing.
        for place in range(len(other)):
            if place in reached and other[place] == "*":
                reached.add(place + 1)
        if not wanted:
            break
        if wanted == "*":
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
            continue
        step = set(reached) if wanted[0] == _MAY_BE else set()
        for place in reached:
            if place < len(other):
                if other[place] == "*":
                    step.add(place)
                elif _may_stand(wanted, other[place]):
                    step.add(place + 1)
        reached = step
    return len(other) in reached
