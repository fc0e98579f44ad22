"""Text in answers that come without SpecificCharacterSet: read, and told."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from scenario_runner.dicom.characters import named, parse

if TYPE_CHECKING:
    from scenario_runner.api import FindRequest
    from scenario_runner.api.targets import Target
    from scenario_runner.dicom.characters import UndeclaredText


class Undeclared:
    """Notes the text of answers that is beyond ASCII while no character set is declared."""

    def __init__(self) -> None:
        self.texts: dict[UndeclaredText, None] = {}

    def noting(self, request: FindRequest) -> FindRequest:
        """The same request, its answers watched."""
        return dataclasses.replace(request, undeclared=self.texts.setdefault)

    @property
    def keywords(self) -> list[str]:
        """The attributes that were noted, for the facts of a step."""
        return list(dict.fromkeys(one.keyword for one in self.texts))

    def words(self, target: Target) -> str:
        """What a message adds: nothing, or which text was not declared and what it was read as."""
        if not self.texts:
            return ""
        terms = parse(target.expects.answer_character_set)
        read = (
            f"{named(terms)}, as the site says" if terms else "what it can be (UTF-8, else Latin-1)"
        )
        return f"; without SpecificCharacterSet, read as {read}: {', '.join(self.keywords)}"
