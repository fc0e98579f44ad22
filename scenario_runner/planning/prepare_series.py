"""The series of one study as parts: what they are made of and what they show, decided and checked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.language.model import SeriesSpec
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning import judged, object_kinds
from scenario_runner.planning.blueprint import Path, SeriesPart
from scenario_runner.planning.burn_in import unwritable, written
from scenario_runner.planning.dates import study_day
from scenario_runner.planning.image_content import ImageContent, examined
from scenario_runner.planning.series_faults import Faults
from scenario_runner.planning.tagged_fields import SERIES, tagged_fields, text_of
from scenario_runner.planning.tags import merge
from scenario_runner.planning.told_of_specs import Told
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path as FilePath

    from scenario_runner.language.model import PatientSpec, StudySpec
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.findings import Findings
    from scenario_runner.planning.given_uids import GivenUids
    from scenario_runner.planning.offers import Offers
    from scenario_runner.planning.pictures import Picture

_TEXTS = (("description", "LO"), ("protocol", "LO"), ("body_part", "CS"), ("view", "CS"))


@dataclass(frozen=True, slots=True)
class _Placed:
    """One entry of series: what it says, where, and below whom."""

    spec: SeriesSpec
    path: Path
    study: StudySpec
    study_path: Path
    patient: PatientSpec

    @property
    def count(self) -> int:
        """Series that the entry makes, of all studies of all patients."""
        return self.patient.count * self.study.count * self.spec.count

    @property
    def modality_path(self) -> Path:
        """Where its modality is said: by itself or by its study."""
        return self.study_path if self.spec.modality is None else self.path

    @property
    def levels(self) -> Sequence[tuple[Path, Mapping[str, Any]]]:
        """(path, tags) from the nearest on."""
        own = ((self.path, self.spec.tags),) if self.is_written else ()
        return (
            *own,
            (self.study_path, self.study.tags),
            (self.study_path[:2], self.patient.tags),
        )

    @property
    def is_written(self) -> bool:
        """Whether the scenario has the series; else a study with a modality alone is meant."""
        return self.path != self.study_path


class SeriesPreparation:
    """Turns specs of series into parts. What is wrong goes to ``findings``; a part is made all the same.

    folder: of the scenario, where the pictures it names are looked for. uids: what the case has given so far.
    """

    def __init__(
        self,
        offers: Offers,
        findings: Findings,
        today: dt.date,
        folder: FilePath,
        uids: GivenUids,
    ) -> None:
        self._modalities = offers.modalities
        self._findings, self._today, self._uids = findings, today, uids
        self._told = Told(findings)
        self._content = ImageContent(offers, folder, findings)
        self._faults = Faults(offers.faults, findings)

    def of(self, study: StudySpec, path: Path, patient: PatientSpec) -> tuple[SeriesPart, ...]:
        """All series of a study at ``path``, those left out that have no known modality."""
        entries: list[tuple[Path, SeriesSpec]] = [
            ((*path, "series", index), spec) for index, spec in enumerate(study.series)
        ]
        if not entries and "series" in study.model_fields_set:
            return ()  # none on purpose: an import brings them
        if not entries and study.modality is not None:
            entries = [(path, SeriesSpec())]
        if not entries:
            self._no_modality(path, "the study has neither a modality nor a series")
        made: list[SeriesPart] = []
        for below, spec in entries:
            part = self._one(_Placed(spec, below, study, path, patient), made)
            if part is not None:
                made.append(part)
        return tuple(made)

    def _one(self, at: _Placed, before: Sequence[SeriesPart]) -> SeriesPart | None:
        spec, path = at.spec, at.path
        found = self._object(at)
        if found is None:
            return None
        kind, sop_class = found
        referred = self._referred(at, kind, before)
        self._told.texts(spec, path, _TEXTS)
        self._told.tags(spec.tags, path)
        picture = self._content.picture(spec, kind.modality, path)
        rows, columns = spec.size or (
            (picture.rows, picture.columns) if picture else (kind.rows, kind.columns)
        )
        about = examined(spec, kind)
        tags = merge(at.patient.tags, at.study.tags, spec.tags)
        frames = spec.frames or kind.frames
        images = _images(spec, kind, picture, referred)
        self._take_uids(at, images)
        transfer_syntax = self._content.transfer_syntax(spec, kind, (rows, columns), path)
        tagged = tagged_fields(tags, SERIES)
        body_part = tagged.get("body_part", about.body_part)
        made = judged.Object(
            kind.key, sop_class, transfer_syntax, self._decided(body_part, at.study)
        )
        self._judge(at, tags, made)
        for below, problem in unwritable(spec, kind, tags, rows, columns):
            self._told.note((*path, *below), problem)
        faults = self._faults.planned(
            spec.faults,
            path,
            kind=kind,
            sop_class_uid=sop_class,
            images=images,
            transfer_syntax=transfer_syntax,
        )
        sop_class = self._faults.sop_class(faults, kind.modality, sop_class)
        return SeriesPart(
            spec=spec,
            path=path,
            first=sum(part.count for part in before),
            count=spec.count,
            defaults=kind,
            kind=kind.key,
            modality=kind.modality,
            color=object_kinds.shows_color(kind, sop_class),
            sop_class_uid=sop_class,
            transfer_syntax_uid=transfer_syntax,
            image_count=images,
            frames=frames,
            rows=rows,
            columns=columns,
            phantom=self._content.phantom(spec, kind, about.body_part, frames),
            phantom_of=lambda body_part: self._content.phantom(spec, kind, body_part, frames),
            picture=picture,
            **written(spec.burn_in),
            description=about.description,
            protocol=about.protocol,
            body_part=about.body_part,
            view=about.view,
            tags=tags,
            tagged=tagged,
            instances=tuple(spec.instances or ()),
            image_uid=text_of(tags.get("SOPInstanceUID")) or None,
            faults=faults,
            uid_of=partial(self._faults.uid, faults) if faults else None,
        )

    def _object(self, at: _Placed) -> tuple[ModalityDefaults, str] | None:
        """The kind of object and its SOP class; None where the modality is not known."""
        spec = at.spec
        given = spec.modality or at.study.modality
        if given is None:
            self._no_modality(at.path, "neither the series nor its study has a modality")
            return None
        chosen = object_kinds.choose(given, spec.sop_class, self._modalities)
        if isinstance(chosen[1], ValueProblem):
            owner = at.path if chosen[0] == "sop_class" else at.modality_path
            self._findings.add((*owner, str(chosen[0])), chosen[1])
            # Whatever else is wrong is told, too, by the usual object of the modality.
            chosen = object_kinds.choose(given, None, self._modalities)
            if isinstance(chosen[1], ValueProblem):
                self._content.unknown(spec, at.path)
                return None
        kind, named = chosen
        several = (spec.frames or kind.frames) > 1
        sop_class = named or (several and kind.multiframe_sop_class_uid) or kind.sop_class_uid
        for key, contradiction in object_kinds.contradictions(spec, kind, sop_class):
            self._findings.add((*at.path, key), contradiction)
        return kind, sop_class

    def _referred(self, at: _Placed, kind: ModalityDefaults, before: Sequence[SeriesPart]) -> int:
        """How many series before it an object of this kind refers to."""
        count, nothing = object_kinds.referred(kind, before)
        if nothing is not None:
            self._findings.add((*at.modality_path, "modality"), nothing)
        return count

    def _take_uids(self, at: _Placed, images: int) -> None:
        if at.is_written:
            self._uids.not_below_its_study(at.path, at.spec.tags)
        self._uids.take("SeriesInstanceUID", at.levels, at.count)
        if at.spec.instances is None:
            self._uids.take("SOPInstanceUID", at.levels, at.count * images)
        else:
            self._uids.listed(at.path, at.spec, at.count)

    def _judge(self, at: _Placed, tags: Mapping[str, Any], made: judged.Object) -> None:
        for below, problem in judged.problems(tags, made):
            above = next(where for where, given in at.levels if below[0] in given)
            self._findings.add((*above, "tags", *below), problem)

    def _decided(self, body_part: str, study: StudySpec) -> dict[str, str]:
        """What the scenario says elsewhere than in ``tags`` and rules look at, by keyword."""
        day = self._today if study.date is None else study_day(study.date, self._today)
        return {
            "BodyPartExamined": body_part,
            "StudyDate": day.strftime("%Y%m%d"),
            "PatientBirthDate": "",  # one that is given is held to the study's day by Lives
        }

    def _no_modality(self, path: Path, message: str) -> None:
        names = ", ".join(sorted(object_kinds.usual(self._modalities)))
        how = "write modality: on the study or on each series"
        if self._findings.place(path).label:
            how = "say which those have that name none: a column 'modality' of a table, 'modality' beside files of orders, --modality, or its field in the console"
            path = (*path, "modality")  # a source may know where it would stand
        hint = f"{how}; modalities are: {names}"
        self._findings.add(path, ValueProblem("FAB306", message, hint))


def _images(
    spec: SeriesSpec, kind: ModalityDefaults, picture: Picture | None, referred: int
) -> int:
    """Images of one series: as said, else the planes of its picture, else what is usual."""
    frames = spec.frames or kind.frames
    planes = picture.planes if picture is not None and frames == 1 else 0
    usual = planes if planes > 1 else kind.images
    return spec.images or len(spec.instances or ()) or usual or max(1, referred)
