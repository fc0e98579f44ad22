"""The step ``import``: real DICOM files under the scenario's identities."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema, field_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    InputFile,
    RunFolder,
    Saved,
    Step,
    StepContext,
    StepResult,
    Text,
)
from scenario_runner.imaging.importing.assign import Assigned
from scenario_runner.imaging.importing.profile import IDENTITY
from scenario_runner.imaging.importing.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from scenario_runner.imaging.importing.deidentify import Policy
    from scenario_runner.imaging.importing.importer import Group
    from scenario_runner.imaging.importing.scan import Problem
    from scenario_runner.imaging.importing.taking import Before, Taking
    from scenario_runner.planning.plan import PlannedCase

_SHOWN = 20
_TEXTS = {"type": ["string", "number", "boolean"]}

Whose = Annotated[
    Any, WithJsonSchema({"anyOf": [_TEXTS, {"type": "array", "items": _TEXTS, "minItems": 1}]})
]


class Import(Step):
    """Take real DICOM files in, under the scenario's identities.

    Everything that says whose they are is replaced by the plan, mapped or removed (PS3.15 annex E,
    Basic Profile): see the guide for what becomes of what. Pixel data and transfer syntax stay as
    they are. All files are taken in or none. ``save_as`` gives ``{instances, studies}``, and the
    name works wherever ``what`` is asked for.
    """

    name: ClassVar[str] = "import"
    selects: ClassVar[bool] = True
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "import: {files: ../dicom/*.dcm}"

    files: InputFile | Annotated[list[InputFile], Field(min_length=1)]
    """Files, folders and patterns (``ct/*.dcm``, ``ct/**/*``), relative to the scenario's file."""
    as_: Whose = Field(default=None, alias="as")
    """Which planned patients or studies they become, in order: ``p1``, an accession number, ``{{ studies[1] }}``, or a list. By default the plan's patients and their studies in order."""
    dates: Literal["patient", "study"] = "patient"
    """Dates move by one number of days for a patient, which keeps all intervals; or for each study, so that each has its planned date."""
    private: Literal["remove", "keep"] | Annotated[list[Text], Field(min_length=1)] = "remove"
    """Private attributes: none stay, all, or those of the listed private creators."""
    keep: list[AttributeName] = Field(default=[])
    """Attributes that stay though the profile removes them, such as SeriesDescription; a text that holds a name or number of the patient is replaced all the same."""
    burned_in: Literal["refuse", "accept"] = "refuse"
    """Whether files are taken in whose pixels may show who it is: BurnedInAnnotation YES, ultrasound, secondary captures, encapsulated documents."""
    mapping: bool = False
    """Keep old and new UIDs side by side as evidence; whoever has them can undo the import."""
    to: RunFolder | None = None
    """Keep the new files in this folder inside the run folder; by default they go with the run."""

    @field_validator("keep")
    @classmethod
    def _not_the_identity(cls, value: list[str]) -> list[str]:
        if fixed := IDENTITY.intersection(value):
            raise ValueError(f"{', '.join(sorted(fixed))} comes from the plan and cannot be kept")
        return value

    @property
    def names(self) -> list[str]:
        """Files, folders and patterns, as they are written."""
        return [self.files] if isinstance(self.files, str) else self.files

    def decide(
        self,
        paths: Iterable[Path],
        case: PlannedCase,
        before: Before,
        looked: Callable[[int], None] = lambda _: None,
    ) -> Taking:
        """Look at the files of ``names``, and decide whose they become. Raises NotTaken."""
        from scenario_runner.imaging.importing.taking import Wishes, decide

        wishes = Wishes(self.names, self.as_, self.dates, self.burned_in == "accept")
        return decide(paths, case, before, wishes, looked)

    def policy(self) -> Policy:
        """What stays of them."""
        from scenario_runner.imaging.importing.deidentify import Policy

        return Policy(self.private, frozenset(self.keep))

    def run(self, context: StepContext) -> StepResult:
        """Look at all files, decide whose they become, then rewrite one after the other."""
        from scenario_runner.imaging.importing.taking import Before, NotTaken

        def looked(count: int) -> None:
            context.deadline.check()
            context.progress(count, unit="files looked at")

        before = Before(
            context.notes.get(self.name, Assigned()), list(context.ledger.imported.values())
        )
        try:
            taking = self.decide(map(context.source, self.names), context.case, before, looked)
        except NotTaken as error:
            if error.problems:
                return _failed(context, error.problems, error.total)
            return StepResult(outcome="failed", message=str(error))
        return self._bring_in(context, taking)

    def _bring_in(self, context: StepContext, taking: Taking) -> StepResult:
        from scenario_runner.imaging.importing.importer import Imported

        into = Imported(context.scratch() if self.to is None else context.folder(self.to))
        tally = Tally()
        total = len(taking.found.files)
        problems: list[Problem] = []
        taken = False
        try:
            results = taking.rewrite(self.policy(), into, tally)
            for done, problem in enumerate(results, start=1):
                context.progress(done, total)
                context.deadline.check()
                if problem is not None:
                    problems.append(problem)
            taken = not problems
        finally:
            if not taken:
                into.discard()
        if problems:
            return _failed(context, problems, total)
        context.ledger.take_in(
            context.step_id,
            (one.series for one in taking.groups),
            into,
            hidden=[series.id for series in taking.pictured],
        )
        context.notes[self.name] = taking.assigned
        if self.mapping:
            _keep_mapping(context, taking.groups)
        for one in taking.groups:
            context.preview(into(one.series.images[0]))
        return _done(context, taking, tally, into.size)


def _keep_mapping(context: StepContext, groups: Sequence[Group]) -> None:
    """A table with a line for each study, series and instance."""
    pairs: dict[tuple[str, str, str], None] = {}
    for one in groups:
        for file, image in zip(one.files, one.series.images, strict=True):
            pairs["study", file.study, one.series.study.uid] = None
            pairs["series", file.series, one.series.uid] = None
            pairs["instance", file.sop_instance, image.uid] = None
    text = "".join(f"{level},{old},{new}\n" for level, old, new in pairs)
    context.attach(
        "import-mapping.csv",
        f"level,old_uid,new_uid\n{text}".encode(),
        media_type="text/csv",
        title="Old and new UIDs",
    )


def _failed(context: StepContext, problems: Sequence[Problem], total: int) -> StepResult:
    """Nothing was taken in; every file that is to blame is named."""
    plain = [{"file": one.file.name, "message": one.message} for one in problems]
    context.attach(
        "import-problems.json",
        json.dumps(plain, ensure_ascii=False, indent=1).encode(),
        media_type="application/json",
        title="Files that cannot be imported",
    )
    first = plain[0]
    return StepResult(
        outcome="failed",
        message=f"{len(problems)} of {amount(total, 'file')} cannot be imported, so none was; "
        f"first: {first['file']}: {first['message']}",
        facts={"files": total, "problems": plain[:_SHOWN]},
    )


def _done(context: StepContext, taking: Taking, tally: Tally, size: int) -> StepResult:
    from scenario_runner.imaging.importing.importer import studies_plain

    found, groups = taking.found, taking.groups
    studies = studies_plain(groups)
    counts = {
        "files": len(found.files),
        "directories_skipped": found.directories,
        "bytes": size,
        "studies": len(studies),
        "series": len(groups),
    }
    details = {**counts, "instances": len(found.files), **tally.plain(), "as": studies}
    context.attach(
        "import.json",
        json.dumps(details, ensure_ascii=False, indent=1).encode(),
        media_type="application/json",
        title="What the import did",
    )
    told = tally.plain()
    facts = {
        **counts,
        **{name: value for name, value in told.items() if not isinstance(value, dict)},
        **{name: sum(value.values()) for name, value in told.items() if isinstance(value, dict)},
        "as": [study["study"] for study in studies][:_SHOWN],
    }
    message = (
        f"{amount(len(found.files), 'instance')} in {amount(len(groups), 'series')} became "
        f"{', '.join(study['study'] for study in studies[:4])}"
        f"{' …' if len(studies) > 4 else ''}; {amount(tally.uids, 'UID')} mapped, "
        f"{amount(tally.dates, 'date')} shifted, "
        f"{amount(tally.removed.total() + tally.private_removed, 'attribute')} removed"
    )
    value = {"instances": len(found.files), "studies": studies}
    return StepResult(message=message, value=value, facts=facts)
