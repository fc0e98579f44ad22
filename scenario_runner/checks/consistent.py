"""The check ``consistent``: one study, told of by many, told of alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Check, CheckResult, SavedName, StepContext, Text
from scenario_runner.api.guessed import as_it_fits, of_no_declared_set
from scenario_runner.checks.compare import verdict
from scenario_runner.checks.telling import Facts, Told, facts_of_plan, told_by
from scenario_runner.errors import UsageError

_PLAN = "plan"


class Consistent(Check):
    """Holds when all who tell of a study agree on patient, accession number, procedure and study UID.

    The plan is one of them. Others are what steps saved: messages (``hl7_send``, ``hl7_wait``), worklist items,
    answers to a query, performed procedure steps (``mpps``), images (``retrieve``), and ImagingStudy resources
    (``fhir_search``, ``fhir_read``, ``fhir_write``) with the patient and the orders that they refer to, which are read from their
    server, as is what was written. Compared is what two of them say; what one leaves out or empty accuses nobody, nor does text whose letters a
    PACS lost in the character set of its answer, which is told. Each difference is named with who says what.
    """

    name: ClassVar[str] = "consistent"
    example: ClassVar[str] = "consistent: {of: study, with: [order, scheduled, performed, back]}"

    of: Text = "study"
    """The study: an accession number, StudyInstanceUID or key of the plan such as ``p1.s2``; ``study`` is the first."""
    with_: Annotated[list[SavedName] | SavedName, Field(alias="with")]
    """What was saved, by name; several in a list."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Gather what each says, then hold them against each other."""
        plan = self._plan(context)
        names = self.with_ if isinstance(self.with_, list) else [self.with_]
        told: dict[str, list[Facts]] = {_PLAN: [plan]}
        silent: list[str] = []
        unsure: dict[str, None] = {}
        for name in map(str, names):
            every = [one for one in told_by(name, context) if one.facts]
            mine = [one for one in every if _is_of(one.facts, plan)] or (
                every if len(every) == 1 else []
            )
            told[name] = [_comparable(context, one, plan, unsure, name) for one in mine]
            if not mine:
                silent.append(name)
        differences = list(_differences(told))
        differing = (
            text for one in _apart(told).values() for said in one.values() for text in said
        )
        guessed = of_no_declared_set(context, differing)
        differences += [f"{name} tells nothing of the study" for name in silent]
        shown = {name: _one(facts) for name, facts in told.items()}
        message = f"{amount(len(differences), 'difference')}: {'; '.join(differences[:10])}"
        lost = (
            f"not compared, because letters of it may be lost: {', '.join(unsure)}"
            if unsure
            else ""
        )
        message = "; ".join(filter(None, (message if differences else "", guessed, lost)))
        result = verdict(not differences, "all agree", differences or shown, "")
        return dataclasses.replace(result, message=message)

    def _plan(self, context: StepContext) -> Facts:
        for study in context.case.studies():
            if self.of in ("study", study.accession, study.uid, study.id):
                return facts_of_plan(study)
        raise UsageError(f"the plan has no study '{self.of}'")


def _is_of(facts: Facts, plan: Facts) -> bool:
    """Whether somebody tells of the same study: by its UID or its accession number."""
    return any(facts.get(key) == plan[key] for key in ("StudyInstanceUID", "AccessionNumber"))


def _comparable(
    context: StepContext, told: Told, plan: Facts, unsure: dict[str, None], name: str
) -> Facts:
    """What somebody says that can be compared.

    Text of no declared character set is read as the plan has it if it can be; what may have lost its letters on the way
    is left out. unsure: gets the latter, in words.
    """
    facts = {}
    for key, text in told.facts.items():
        wanted = plan.get(key, text)
        read = as_it_fits(context, text, (wanted,))
        if read != wanted and told.may_say(context, wanted, read):
            unsure[f"{key} of {name}"] = None
        else:
            facts[key] = read
    return facts


def _apart(told: Mapping[str, Iterable[Facts]]) -> dict[str, dict[str, list[str]]]:
    """By keyword what each says who says anything of it, where they do not all say the same."""
    found: dict[str, dict[str, list[str]]] = {}
    for keyword in dict.fromkeys(key for every in told.values() for one in every for key in one):
        said: dict[str, list[str]] = {}
        for name, every in told.items():
            values = list(dict.fromkeys(one[keyword] for one in every if one.get(keyword)))
            if values:
                said[name] = values
        if len({value for values in said.values() for value in values}) > 1:
            found[keyword] = said
    return found


def _differences(told: Mapping[str, Iterable[Facts]]) -> Iterable[str]:
    for keyword, said in _apart(told).items():
        parts = [f"{name} {' and '.join(map(repr, values))}" for name, values in said.items()]
        yield f"{keyword}: {', '.join(parts)}"


def _one(facts: list[Facts]) -> Any:
    return dict(facts[0]) if len(facts) == 1 else [dict(one) for one in facts[:5]]
