"""The check ``migrate``: the studies of one PACS beside another's."""

from __future__ import annotations

import dataclasses
import json
import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    Check,
    CheckResult,
    Difference,
    Differences,
    StepContext,
    TargetName,
)
from scenario_runner.api.sampling import Sample, chosen
from scenario_runner.checks.attributes import Unseen, refuse_pixels
from scenario_runner.checks.converted import Conversion
from scenario_runner.checks.settling import await_stored
from scenario_runner.checks.study_lists import Portion, StudyLists
from scenario_runner.checks.two_studies import Comparison, What, times
from scenario_runner.dicom.private_names import one_spelling
from scenario_runner.errors import Advised, of_the_machine
from scenario_runner.fields.match_keys import Keys
from scenario_runner.fields.types import Model

FOLDER = "migrate"
"""In the run folder: a file for each step with every study that is not equal."""
_UID: Final = operator.itemgetter(0)


class Migration(Model):
    """What is compared with what; the same as a step and as a check."""

    from_: TargetName = Field(alias="from")
    """The PACS that had the studies."""
    to: TargetName
    """The PACS that is to have them now."""
    match: Keys = Field(default={}, examples=[{"StudyDate": "20200101-20201231"}])
    """Only studies with these attributes. One that has them on one side alone is looked for on the other by its UID."""
    compare: list[What] = Field(default=["counts", "attributes", "pixels"], min_length=1)
    """What of each study: ``counts`` of its series and instances by UID, ``attributes`` of every instance, and its
    ``pixels``. For the last two both sides are retrieved."""
    only: list[AttributeName] = Field(default=[])
    """Look at these attributes alone."""
    except_: list[AttributeName] = Field(default=[], alias="except")
    """Leave these attributes out."""
    sample: Sample | None = None
    """Compare some studies drawn at random, so many that the stated confidence is reached. Which studies are
    missing or extra is found for all of them. By default every study is compared, in the order of dates."""
    extra: Literal["fail", "allow"] = "fail"
    """What of studies that are on ``to`` alone."""

    @model_validator(mode="after")
    def _sensible(self) -> Migration:
        if self.only and self.except_:
            raise ValueError("'only' and 'except' exclude each other")
        if "attributes" not in self.compare and (self.only or self.except_):
            raise Advised(
                "'only' and 'except' are of attributes, which 'compare' leaves out",
                "add 'attributes' to 'compare', or leave them out",
            )
        refuse_pixels(self.only, "'compare: [pixels]' compares pixels")
        if "pixels" in self.compare:
            refuse_pixels(self.except_, "leave 'pixels' out of 'compare'")
        if self.from_ == self.to:
            raise ValueError("'from' and 'to' are the same target")
        return self


class Migrate(Migration, Check):
    """Holds when every study of one PACS is on another, alike and as often, and no other study is there.

    Differences are counted by attribute and values; studies that are missing or extra are named one by one, all of
    them in the run folder under ``migrate/``. ``fabricate rerun`` compares only what was not found equal before.
    """

    name: ClassVar[str] = "migrate"
    example: ClassVar[str] = "migrate: {from: archive, to: pacs, except: [StationName]}"

    def evaluate(self, context: StepContext) -> CheckResult:
        """List both sides portion by portion, compare study by study."""
        waited = await_stored(context, self.from_, self.to)
        result = _Migrating(self, context).run()
        return dataclasses.replace(result, message=result.message + waited)


class _Migrating:
    """One evaluation: what was found so far."""

    def __init__(self, asked: Migration, context: StepContext) -> None:
        self._asked, self._context = asked, context
        self._found = Differences()
        self._counts = dict.fromkeys(
            ("on_both", "missing", "extra", "compared", "different", "instances"), 0
        )
        self._earlier = 0
        self._lacks = ""
        """The first study that one side lacks or has more often, in words."""
        source, target = context.target(asked.from_), context.target(asked.to)
        self._differs = ""
        """The first study that both have and that is not alike, in words."""
        self._lists = StudyLists(
            source, target, asked.match, context.now().date(), context.deadline
        )
        self._source, self._target = source, target
        converts = any(one.expects.converts_character_sets for one in (source, target))
        self._conversion = Conversion() if converts else None
        only = frozenset(map(one_spelling, asked.only))
        self._unseen = Unseen(only)
        self._comparison = Comparison(
            source=source,
            target=target,
            what=frozenset(asked.compare),
            only=only,
            unseen=self._unseen,
            ignored=frozenset(map(one_spelling, asked.except_)),
            conversion=self._conversion,
            scratch=context.scratch,
            deadline=context.deadline,
        )
        self._file: Path | None = None

    def run(self) -> CheckResult:
        sample, counts = self._asked.sample, self._counts
        if sample is None:
            for uid, study in self._on_both():
                self._compare(uid, study)
        else:
            # As many as could be needed of any number: the last word is had when all are counted.
            most = sample.size(10**9)
            seed = f"{self._context.case.seed}/{self._context.step_id}"
            drawn = chosen(self._on_both(), most, seed, _UID)
            some = chosen(drawn, sample.size(max(1, counts["on_both"])), "again", _UID)
            for uid, study in sorted(some, key=_UID):
                self._compare(uid, study)
        return self._result()

    def _on_both(self) -> Iterator[tuple[str, Any]]:
        """The studies that both have, each once, as the source lists them; the others are noted."""
        source, target = self._asked.from_, self._asked.to
        for portion in self._lists.portions():
            for uid, study in portion.source.items():
                if uid in portion.target or self._lists.elsewhere(self._target, uid):
                    self._counts["on_both"] += 1
                    yield uid, study
                else:
                    self._lacking(uid, study, "missing", target)
            for uid, study in portion.target.items():
                if uid in portion.source:
                    continue
                if not self._lists.elsewhere(self._source, uid):
                    self._lacking(uid, study, "extra", source)
                elif not self._lists.matches(self._source, uid):
                    # Its source has it with values that 'match' does not fit, and lists it nowhere.
                    self._counts["on_both"] += 1
                    yield uid, study
            self._repeated(portion)

    def _lacking(
        self, uid: str, study: Any, outcome: Literal["missing", "extra"], lacking: str
    ) -> None:
        self._counts[outcome] += 1
        self._context.compared(self._asked.from_, self._asked.to, uid, outcome)
        self._note(outcome, uid, study)
        if outcome == "missing" or self._asked.extra == "fail":
            called = _called(study)
            self._lacks = self._lacks or f"study {uid}{called} is not on '{lacking}'"
            self._found.append(
                Difference(
                    subject=uid,
                    attribute="StudyInstanceUID",
                    expected=f"on both{called}",
                    actual=f"not on '{lacking}'",
                    kind=f"study {outcome}",
                )
            )

    def _repeated(self, portion: Portion) -> None:
        """Note studies that one side has more often than the other, as under two patients."""
        source, target = self._asked.from_, self._asked.to
        before, after = portion.repeated
        for uid in dict.fromkeys((*before, *after)):
            had, has = before.get(uid, 1), after.get(uid, 1)
            if had == has or uid not in portion.source or uid not in portion.target:
                continue
            self._lacks = self._lacks or (
                f"study {uid} is {times(has)} on '{target}' and {times(had)} on '{source}'"
            )
            self._counts["repeated"] = self._counts.get("repeated", 0) + 1
            self._note("repeated", uid, portion.target[uid])
            self._found.append(
                Difference(
                    subject=uid,
                    attribute="StudyInstanceUID",
                    expected=f"{times(had)} on '{source}'",
                    actual=f"{times(has)} on '{target}'",
                    kind="study repeated",
                )
            )

    def _compare(self, uid: str, study: Any) -> None:
        context, source, target = self._context, self._asked.from_, self._asked.to
        counts = self._counts
        counts["compared"] += 1
        earlier = context.compared_earlier(source, target, uid)
        if earlier is not None:
            run, instances = earlier
            self._earlier += 1
            counts["instances"] += instances
            context.compared(source, target, uid, "equal", instances, earlier=run)
            return
        before = self._found.total
        steps = self._comparison.study(uid)
        instances = 0
        while True:
            try:
                self._found.append(next(steps))
            except StopIteration as end:
                instances = int(end.value or 0)
                break
        counts["instances"] += instances
        different = self._found.total > before
        counts["different"] += different
        context.compared(source, target, uid, "different" if different else "equal", instances)
        if different:
            self._note("different", uid, study)
            self._differs = self._differs or f"; the first is in study {uid}{_called(study)}"
        total = None if self._asked.sample is None else counts["on_both"]
        context.progress(counts["compared"], total, "studies")

    def _note(self, outcome: str, uid: str, study: Any) -> None:
        """A line in a file of the run folder: a report has no room for a million."""
        if self._file is None:
            self._file = self._context.folder(FOLDER) / f"{self._context.step_id}.ndjson"
        line = {"outcome": outcome, **study, "StudyInstanceUID": uid}
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise of_the_machine(f"cannot write '{self._file}'", error) from error

    def _result(self) -> CheckResult:
        asked, counts = self._asked, self._counts
        some = counts["on_both"] + counts["missing"] + counts["extra"]
        holds = not self._found.total and counts["on_both"] > 0
        # What an earlier run compared is not looked at again.
        unseen = self._unseen if counts["compared"] > self._earlier else None
        if unseen is not None and unseen.is_all:
            holds = False
        message = f"{amount(counts['compared'], 'study')} compared, {amount(counts['instances'], 'instance')}"
        if not some:
            message = f"neither '{asked.from_}' nor '{asked.to}' has a study to compare"
        elif self._found.total:
            parts = [
                f"{counts[what]} {what}"
                for what in ("missing", "extra", "repeated", "different")
                if counts.get(what)
            ]
            message += f": {', '.join(parts)}; "
            message += (
                f"first: {self._lacks}" if self._lacks else f"{self._found.sentence}{self._differs}"
            )
        elif not counts["on_both"]:
            message += f": '{asked.from_}' has none of the {amount(some, 'study')} of '{asked.to}'"
        if unseen is not None and unseen.words:
            message += f"; {unseen.words} on either side"
        if counts.get("repeated"):
            message += (
                "; where a PACS answers once for each instance, the site file may say expects:"
                " {repeated_matches: true}"
            )
        if self._earlier:
            message += f"; {self._earlier} of them in an earlier run"
        if asked.sample is not None and some:
            message += f"; a sample of {amount(counts['on_both'], 'study')}"
            if not counts["different"]:
                message += f", {asked.sample.words}"
        if self._conversion is not None and self._conversion.words:
            message += f"; {self._conversion.words}"
        if self._lists.split:
            message += "; listed by StudyDate, so studies without one were not looked at"
        return CheckResult(
            outcome="passed" if holds else "failed",
            expected={"studies": counts["on_both"] + counts["missing"]},
            actual={**counts, "differences": self._found.total},
            message=message,
            differences=self._found,
        )


def _called(study: Any) -> str:
    accession = study.get("AccessionNumber")
    return f" (accession number {accession})" if accession else ""
