"""The characters that divide a message; each message brings its own (HL7 v2.5.1 2.5.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple


class Delimiters(NamedTuple):
    """One character each; one that a message does not declare is empty and divides nothing.

    ``encoding_characters`` is MSH-2 as it is written. truncation: from version 2.7 on, it marks a value
    that was cut (2.5.5.2).
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding_characters(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation

    @classmethod
    def of(cls, header: str) -> Delimiters:
        """The delimiters that a header segment (MSH, BHS, FHS) declares.

        Raises ValueError, which says what is wrong with them.
        """
        field = header[3:4]
        if not field or field.isalnum() or field.isspace():
            raise ValueError("no field separator follows its name")
        characters = header[4:].partition(field)[0]
        if not 1 <= len(characters) <= 5:
            raise ValueError(f"it declares {len(characters)} encoding characters; one to five are")
        return _declared(field, characters)


@lru_cache(maxsize=64)
def _declared(field: str, characters: str) -> Delimiters:
    if len({field, *characters}) <= len(characters):
        raise ValueError(f"'{characters}' uses a delimiter twice")
    if any(one.isalnum() or one.isspace() for one in characters):
        raise ValueError(f"'{characters}' holds a letter, digit or space")
    return Delimiters(field, *characters, *[""] * (4 - len(characters)))


USUAL: Final = Delimiters()
