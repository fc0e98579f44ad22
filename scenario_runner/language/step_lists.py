"""Step lists: files of steps that scenarios use by name, read and checked by themselves."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, InvalidInput, in_file_order
from scenario_runner.language.binding import complaints
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.document_kinds import STEPS, kind_problem
from scenario_runner.language.library_model import StepListHeader
from scenario_runner.language.parameters import fitting
from scenario_runner.language.same import Same
from scenario_runner.language.schema import steps_schema
from scenario_runner.language.templates import has_template, texts
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document


@dataclass(frozen=True, slots=True, eq=False)
class StepList:
    """A step list as read. found: what is wrong with it; then it is not to be used."""

    document: Document
    header: StepListHeader
    found: tuple[Diagnostic, ...] = ()


class ReferenceProblem(Exception):
    """Why a reference leads nowhere. more: what stands in other files and has to be told first."""

    def __init__(
        self, code: str, message: str, hint: str | None = None, more: tuple[Diagnostic, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.more = code, message, hint, more


class StepLists(Protocol):
    """Where step lists are found."""

    def begin(self, document: Document) -> list[Diagnostic]:
        """Make ready for what a scenario uses; returns what is wrong with all of it together."""
        ...

    def find(self, reference: str, file: str) -> Document:
        """The file that a reference means. file: which names it. Raises ReferenceProblem, InvalidInput."""
        ...

    def scenario_document(self, reference: str, file: str) -> Document:
        """The same for a scenario."""
        ...


class NoStepLists:
    """Where there is no library."""

    def begin(self, document: Document) -> list[Diagnostic]:
        """Nothing to do."""
        del document
        return []

    def find(self, reference: str, file: str) -> Document:
        """Raises ReferenceProblem."""
        del file
        raise ReferenceProblem(
            "FAB601",
            f"no library is here to find '{reference}' in",
            "put libraries into libs/ beside the scenario, or name a folder by --library",
        )

    def scenario_document(self, reference: str, file: str) -> Document:
        """Raises ReferenceProblem."""
        return self.find(reference, file)


@lru_cache(maxsize=4)
def _check(plugins: Offered) -> SchemaCheck:
    return SchemaCheck(steps_schema(plugins))


def step_list(document: Document, plugins: Offered) -> StepList:
    """The step list that a document is, with what is wrong with it as far as it can be told alone."""
    return _step_list(Same(document), plugins)


@lru_cache(maxsize=256)
def _step_list(same: Same[Document], plugins: Offered) -> StepList:
    document = same.thing
    if problem := kind_problem(document, (STEPS,)):
        return StepList(document, StepListHeader.defaults(), (problem,))
    found = _check(plugins)(document)
    raw = {key: value for key, value in document.data.items() if key != "steps"}
    if not found:
        found += complaints(StepListHeader, raw, document, (), lambda _: False)
    if found:
        ordered = in_file_order(found)[:MOST_DIAGNOSTICS]
        return StepList(document, StepListHeader.defaults(), tuple(ordered))
    header = StepListHeader.model_validate(raw, by_alias=True, by_name=False)
    for name, parameter in header.parameters.items():
        path = ("parameters", name, "default")
        if "default" not in parameter.model_fields_set or has_template(parameter.default):
            continue
        try:
            fitting(name, parameter, parameter.default, lambda: document.where(path))  # noqa: B023 - called at once
        except InvalidInput as error:
            found += error.diagnostics
    for below, _ in texts({key: value for key, value in raw.items() if key != "parameters"}):
        found.append(
            Diagnostic(
                "FAB403",
                document.where(below),
                "this cannot be a template: it is read before templates are",
                "write the value itself",
            )
        )
    return StepList(document, header, tuple(in_file_order(found)))
