"""``overlay.yaml`` beside a site file: what the site makes of scenarios that a library brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.fields.scalars import AXIS_OF
from scenario_runner.fields.types import Model, Name, Text
from scenario_runner.language.axes import axes_of, is_meant, same_value, values_of
from scenario_runner.language.binding import bind
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.document import Document
from scenario_runner.language.document_kinds import OVERLAY, require_kind
from scenario_runner.language.loader import load_document
from scenario_runner.language.model import Skip
from scenario_runner.language.scenario import Scenario
from scenario_runner.language.scenario_base import misfit
from scenario_runner.language.schema import plain_schema
from scenario_runner.language.templates import texts
from scenario_runner.lazy_dataclasses import dataclass

OVERLAY_FILE = "overlay.yaml"


class OverlayEntry(Model):
    """What becomes of one scenario."""

    with_: Annotated[dict[Name, Any], Field(alias="with")] = Field(default={})
    """Values of its variables; ``--set`` wins over them."""
    matrix: dict[Name, Any] = Field(default={})
    """Axis to the values, or the one value, of it that are run here."""
    skip: Annotated[Text, Field(min_length=1)] | None = None
    """Do not run it, for this reason, which the report tells."""
    tags: list[Text] = Field(default=[])
    """Further labels."""
    requirements: list[Text] = Field(default=[])
    """Further requirements that it verifies here."""


class OverlayFile(Model):
    """A whole overlay."""

    schema_: Annotated[Literal["overlay/v1"], Field(alias="schema")]
    tags: Text | None = None
    """Only scenarios whose tags fit are run here: ``smoke and not slow``."""
    scenarios: dict[str, OverlayEntry] = Field(
        default={}, json_schema_extra={"x-keys-of": "scenario_name"}
    )
    """By the name of the scenario."""
    add: list[Text] = Field(default=[])
    """Scenarios that only this site has, relative to this file; a folder stands for all in it."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """An overlay as read."""

    document: Document
    content: OverlayFile

    def added(self) -> list[Path]:
        """The files and folders with scenarios that it adds. Raises InvalidInput for one that is not there."""
        folder = Path(self.document.file).parent
        found: list[Diagnostic] = []
        for place, name in enumerate(self.content.add):
            if not (folder / name).exists():
                where = self.document.where(("add", place))
                guess = did_you_mean(name, [one.name for one in folder.glob("*.yaml")])
                message = f"there is no file or folder {quoted(name)}{guess}"
                hint = "it is looked for from the folder of this file"
                found.append(Diagnostic("FAB120", where, message, hint))
        if found:
            raise InvalidInput(found)
        return [folder / name for name in self.content.add]

    def overrides(self, document: Document) -> dict[str, Any]:
        """What it sets of a scenario, as ``--set`` would.

        Raises InvalidInput for what that does not have, and for values that cannot be.
        """
        name, entry = self._entry(document)
        if found := [*self._unfit_variables(name, document), *self._unfit_axes(name, document)]:
            raise InvalidInput(found)
        return {**entry.with_, **{f"{AXIS_OF}{axis}": one for axis, one in entry.matrix.items()}}

    def _unfit_variables(self, name: str, document: Document) -> Iterator[Diagnostic]:
        declared = document.data.get("vars") if isinstance(document.data, dict) else None
        known = declared if isinstance(declared, Mapping) else {}
        for one, value in self._entry(document)[1].with_.items():
            place = ("scenarios", name, "with", one)
            if one not in known:
                yield self._unknown(place, name, "variable", list(known))
            elif wrong := misfit(one, known[one], value):
                yield Diagnostic("FAB608", self.document.where(place), *wrong)

    def _unfit_axes(self, name: str, document: Document) -> Iterator[Diagnostic]:
        matrix = document.data.get("matrix") if isinstance(document.data, dict) else None
        axes = axes_of(matrix)
        for axis, given in self._entry(document)[1].matrix.items():
            place = ("scenarios", name, "matrix", axis)
            if axis not in axes:
                yield self._unknown(place, name, "axis", axes)
                continue
            known = values_of(matrix, axis)
            if known is None or next(texts(known), None) is not None:
                continue
            for number, value in enumerate(given if isinstance(given, list) else [given]):
                if any(is_meant(one, value) for one in known):
                    continue
                where = self.document.where((*place, number) if isinstance(given, list) else place)
                words = list(dict.fromkeys(map(str, known)))
                message = f"{quoted(axis)} of '{name}' is never {quoted(str(value))}{did_you_mean(str(value), words)}"
                yield Diagnostic("FAB608", where, message, f"it is one of: {some_of(words, 20)}")

    def _unknown(
        self, place: tuple[str, ...], name: str, what: str, known: list[str]
    ) -> Diagnostic:
        one = place[-1]
        hint = f"it has: {some_of(known, 20)}" if known else f"it has no {what}"
        message = f"'{name}' has no {what} {quoted(one)}{did_you_mean(one, known)}"
        return Diagnostic("FAB607", self.document.where(place, key=True), message, hint)

    def nothing_left(self, scenario: Scenario) -> Diagnostic | None:
        """That no combination of a scenario has what its axes are narrowed to here, and by nobody else."""
        name, entry = self._entry(scenario.document)
        axes = {axis: one if isinstance(one, list) else [one] for axis, one in entry.matrix.items()}
        if not axes or axes != scenario.narrowed:
            return None
        return Diagnostic(
            "FAB309",
            self.document.where(("scenarios", name, "matrix"), key=True),
            f"no combination of '{name}' is left",
            "narrow it less, or say skip: and why",
        )

    def further_tags(self, document: Document) -> list[str]:
        """The tags that a scenario has here beside its own."""
        return self._entry(document)[1].tags

    def skips(self, document: Document) -> bool:
        """Whether a scenario is not run here, so that the site need not have what it asks for."""
        return self._entry(document)[1].skip is not None

    def applied(self, scenario: Scenario) -> Scenario:
        """The scenario with what the overlay says beside its variables and axes, and where it gives these their values."""
        name, entry = self._entry(scenario.document)
        header = scenario.header
        given = {
            one: self.document.where(("scenarios", name, "with", one))
            for one, value in entry.with_.items()
            if same_value(header.vars.get(one), value)  # --set wins
        }
        changes: dict[str, Any] = {
            "tags": list(dict.fromkeys([*header.tags, *entry.tags])),
            "requirements": list(dict.fromkeys([*header.requirements, *entry.requirements])),
        }
        if entry.skip is not None:
            changes["skip"] = Skip.model_construct(when=True, reason=entry.skip)
        return replace(
            scenario,
            header=header.model_copy(update=changes),
            given={**scenario.given, **given},
        )

    def _entry(self, document: Document) -> tuple[str, OverlayEntry]:
        name = str(document.data.get("name", "")) if isinstance(document.data, dict) else ""
        return name, self.content.scenarios.get(name, OverlayEntry.defaults())

    def unmet(self, names: set[str]) -> list[Diagnostic]:
        """Entries for scenarios that there are none of."""
        return [
            Diagnostic(
                "FAB602",
                self.document.where(("scenarios", name), key=True),
                f"there is no scenario {quoted(name)} here{did_you_mean(name, names)}",
                f"scenarios: {some_of(sorted(names), 12)}",
            )
            for name in self.content.scenarios
            if name not in names
        ]


def overlay_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of ``overlay.yaml``."""
    what = "What a site makes of the scenarios that are run on it."
    return plain_schema(OverlayFile, "overlay", what)


def overlay_of(document: Document) -> Overlay:
    """The overlay that a document is. Raises InvalidInput."""
    require_kind(document, OVERLAY)
    return Overlay(document, bind(OverlayFile, document.data, document, ()))


def overlay_beside(site: Path | None) -> Overlay | None:
    """The overlay beside a site file; None where there is none. Raises InvalidInput."""
    if site is None:
        return None
    file = site.parent / OVERLAY_FILE
    return overlay_of(load_document(file)) if file.is_file() else None
