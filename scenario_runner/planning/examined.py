"""Which examinations a study can be of, by what its scenario says, and what one of them means for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.anatomy import usual_view
from scenario_runner.planning.examinations import CODING_SCHEME, ENGLISH, Examination, examinations
from scenario_runner.planning.given_character_sets import writable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.language.model import StudySpec
    from scenario_runner.planning.blueprint import SeriesPart

_SAID_IN_TAGS = frozenset(
    ("BodyPartExamined", "PerformedProcedureStepDescription", "ProtocolName", "SeriesDescription",
     "StudyDescription", "ViewPosition")
)  # fmt: skip

_VIEWS_OF_A_BREAST = 2
"""CC and MLO; more images are of both breasts."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The examination that a study is of."""

    examination: Examination
    side: str | None
    language: str
    terms: Sequence[Sequence[str]]
    """Lists of defined terms that its texts have to be written in."""

    def words(self, of: Callable[[str], str]) -> str:
        """A text in the study's language, or in English where that cannot be written. of: by language."""
        text = of(self.language)
        return text if writable(text, self.terms) else of(ENGLISH)

    def description(self) -> str:
        """StudyDescription."""
        return self.words(lambda language: self.examination.description(language, self.side))

    def protocol(self) -> str:
        """ProtocolName."""
        return self.words(lambda language: self.examination.protocol(language, self.side))

    def code(self) -> tuple[str, str, str]:
        """Value, scheme and meaning for ProcedureCodeSequence."""
        return self.examination.code, CODING_SCHEME, self.description()


def leading(series: Sequence[SeriesPart]) -> SeriesPart | None:
    """The series that says what a study is of: the first with images."""
    return next((part for part in series if part.defaults.has_pixels), None)


def said_in_words(spec: StudySpec, series: Sequence[SeriesPart]) -> bool:
    """Whether the scenario says in words of its own what is examined; those are for people."""
    own = [spec.description, spec.procedure, *(part.spec.description for part in series)]
    return any(each is not None for each in own) or any(
        _SAID_IN_TAGS & set(part.tags) for part in series
    )


def possible(spec: StudySpec, series: Sequence[SeriesPart]) -> Sequence[Examination]:
    """The examinations that a study can be of; none where the table does not have such a one.

    Of the body part that is given; of the modality's usual one where the scenario says anything else
    about what is shown, or where a PET is to lie on its CT; otherwise any of the modality.
    """
    lead = leading(series)
    if lead is None:
        return ()
    found = examinations(lead.modality)
    given = lead.spec
    body_part = _body_part(series, lead)
    usual = body_part is None and (
        said_in_words(spec, series)
        or _mixed(series)
        or any(part.spec.view or part.spec.phantom or part.spec.protocol for part in series)
    )
    if usual:
        body_part = lead.defaults.body_part
    if body_part is not None:
        of_it = [each for each in found if each.body_part == body_part.upper()]
        found = of_it or (found if usual and _mixed(series) else ())
    if given.view is not None:
        found = [each for each in found if given.view in each.series] or found
    if given.laterality is not None:
        found = [each for each in found if given.laterality in each.sides] or found
    if lead.modality == "MG" and lead.image_count > _VIEWS_OF_A_BREAST:
        found = [each for each in found if not each.sides] or found
    among = places(series)
    count = sum(part.count for part in series if part.first in among)
    return tuple([each for each in found if len(each.views) in (0, count)] or found)


def places(series: Sequence[SeriesPart]) -> Mapping[int, int]:
    """Which series show what the study is of: ``first`` of a part to its place among those.

    Those of the leading one's modality that are of no other body part.
    """
    lead = leading(series)
    if lead is None:
        return {}
    body_part = (_body_part(series, lead) or "").upper()
    found: dict[int, int] = {}
    count = 0
    for part in series:
        alike = part.modality == lead.modality and part.defaults.has_pixels
        if alike and (part.spec.body_part or body_part).upper() == body_part:
            found[part.first] = count
            count += part.count
    return found


def _mixed(series: Sequence[SeriesPart]) -> bool:
    """Whether there are images of several modalities."""
    return len({part.modality for part in series if part.defaults.has_pixels}) > 1


def _body_part(series: Sequence[SeriesPart], lead: SeriesPart) -> str | None:
    """The first that is given for a series of the leading one's modality."""
    given = (part.spec.body_part for part in series if part.modality == lead.modality)
    return next((each for each in given if each is not None), None)


def series_fields(part: SeriesPart, examined: Examined, place: int) -> dict[str, Any]:
    """What a series has of its study's examination, by field; what the scenario says stays.

    place: among the series that show what the study is of.
    """
    spec, kind, one = part.spec, part.defaults, examined.examination
    found: dict[str, Any] = {}
    if spec.body_part is None:
        found["body_part"] = one.body_part
    body_part = found.get("body_part", part.body_part)
    if spec.view is None:
        usual = kind.view if body_part == kind.body_part else usual_view(kind.modality, body_part)
        found["view"] = one.view(place) or usual
    if spec.description is None:
        view = spec.view or found["view"]
        name = examined.words(partial(one.series_name, place, view=view))
        found["description"] = name or examined.description()
    if spec.protocol is None:
        found["protocol"] = examined.protocol()
    if spec.phantom is None:
        found["phantom"] = part.phantom_of(body_part)
    return found
