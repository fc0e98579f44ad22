"""Text in answers that come without SpecificCharacterSet: read, and told."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from scenario_runner.dicom.characters import named, parse

if TYPE_CHECKING:
    from scenario_runner.api import FindRequest
    from scenario_runner.api.targets import Target


class Undeclared:
    """Notes the attributes of answers whose text is beyond ASCII while no character set is declared."""

    def __init__(self) -> None:
        self._keywords: dict[str, None] = {}

    def noting(self, request: FindRequest) -> FindRequest:
        """The same request, its answers watched."""
        return dataclasses.replace(request, undeclared=self._keywords.setdefault)

    @property
    def keywords(self) -> list[str]:
        """What was noted, for the facts of a step."""
        return list(self._keywords)

    def words(self, target: Target) -> str:
        """What a message adds: nothing, or which text was not declared and what it was read as."""
        if not self._keywords:
            return ""
        terms = parse(target.expects.answer_character_set)
        read = (
            f"{named(terms)}, as the site says" if terms else "what it can be (UTF-8, else Latin-1)"
        )
        return f"; without SpecificCharacterSet, read as {read}: {', '.join(self._keywords)}"
