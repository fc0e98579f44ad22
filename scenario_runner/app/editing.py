"""What editors ask of a file that is being written: findings, completion, hover, definition.

The language server and the console's editor both use ``Editing``, which holds what lies around the file: its site,
its plugins and libraries. Offsets are in characters of the text, lines and columns those of ``Where``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenario_runner.app.editing_words import words_of
from scenario_runner.app.load import (
    Loaded,
    Sources,
    Surroundings,
    libraries_for,
    load_site,
    with_usual_site,
)
from scenario_runner.app.overlays import names_around
from scenario_runner.app.plan import preview_loaded
from scenario_runner.app.validate import Standing, any_document
from scenario_runner.errors import Diagnostic, FabricatorError, InvalidInput, Where, in_file_order
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.discretion import discreet
from scenario_runner.language.document import Document
from scenario_runner.language.document_kinds import LIBRARY, OVERLAY, SCENARIO, SITE, STEPS
from scenario_runner.language.editing.completion import complete
from scenario_runner.language.editing.definition import definition
from scenario_runner.language.editing.hover import hover
from scenario_runner.language.editing.offering import Completions, Hover
from scenario_runner.language.loader import composed, parse_document
from scenario_runner.language.named_files import named_file
from scenario_runner.language.rows import headings, read_rows
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.schema import (
    library_schema,
    scenario_schema,
    site_schema,
    steps_schema,
)
from scenario_runner.language.site import LoadedSite, default_site
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import evaluate, is_template, render_text
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.overlay import overlay_schema
from scenario_runner.planning.sources import Inputs
from scenario_runner.planning.views import names as planned_names
from scenario_runner.plugins import Plugins
from scenario_runner.redaction import Redactor

_SEED = 1


class Editing:
    """What lies around one file. Made anew when its site, its plugins or its libraries change."""

    def __init__(
        self, file: Path, around: Surroundings | None = None, site: Path | None = None
    ) -> None:
        """Raises nothing: a site that is not sound is told with the file's findings."""
        self.file = file
        self.trouble: tuple[Diagnostic, ...] = ()
        """What is wrong with the site or the settings."""
        self.sources = Sources(paths=[file], site=site, around=around or Surroundings())
        try:
            self.sources = with_usual_site(self.sources)
            self.plugins, self.loaded_site = load_site(self.sources.site, self.sources.around)
            self.libraries = libraries_for(self.sources, self.loaded_site)
        except InvalidInput as error:
            self._without(error.diagnostics)
        except FabricatorError as error:
            self._without([self._told(error)])
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._words: dict[str, Mapping[str, str]] = {}
        self._names: tuple[str, Mapping[str, Any]] | None = None
        """What templates of the first case see, of the text that it was last asked for."""
        self._text = ""

    def _told(self, error: FabricatorError) -> Diagnostic:
        return Diagnostic("FAB401", Where(str(self.file)), str(error), error.hint)

    def _without(self, diagnostics: Any) -> None:
        self.trouble = tuple(diagnostics)
        self.sources = Sources(paths=[self.file], around=self.sources.around)
        self.plugins, self.loaded_site = Plugins(), default_site(self.sources.around.folder)
        self.libraries = Libraries()

    def diagnostics(self, text: str) -> list[Diagnostic]:
        """What ``fabricate validate`` says of the text, in order."""
        try:
            document = parse_document(text, str(self.file))
            standing = Standing(self.plugins, self.loaded_site, self.sources, self.libraries)
            found = any_document(document, standing)
        except InvalidInput as error:
            found = list(error.diagnostics)
        except FabricatorError as error:  # a plugin's, above all
            found = [self._told(error)]
        return in_file_order([*self.trouble, *discreet(found, self.loaded_site.secrets)])

    def complete(self, text: str, offset: int) -> Completions:
        """What can stand at an offset."""
        schema = self._schema(text)
        return complete(text, offset, schema, self) if schema else Completions(offset, offset)

    def hover(self, text: str, offset: int) -> Hover | None:
        """What is to be known of what stands at an offset."""
        document, schema = self._document(text), self._schema(text)
        self._text = text
        return None if document is None else hover(document, offset, schema, self)

    def definition(self, text: str, offset: int) -> Where | None:
        """Where what stands at an offset is said."""
        document, schema = self._document(text), self._schema(text)
        return None if document is None else definition(document, offset, schema, self)

    def _document(self, text: str) -> Document | None:
        root = composed(text)
        return None if root is None else Document(str(self.file), text, root)

    def _schema(self, text: str) -> Mapping[str, Any]:
        """Of the kind that the text says it is; the scenario's where it does not say."""
        kind = next((kind for kind in _SCHEMAS if f"schema: {kind}" in text), SCENARIO)
        if kind not in self._schemas:
            self._schemas[kind] = _SCHEMAS[kind](self.plugins)
        return self._schemas[kind]

    # What language.editing asks of the surroundings (``Surrounding``)

    def words(self, what: str) -> Mapping[str, str]:
        """What there is of a kind, with what each is in a line."""
        if what not in self._words:
            self._words[what] = self._known(what)
        return self._words[what]

    def _known(self, what: str) -> Mapping[str, str]:
        if what == "target":
            return {
                name: ", ".join(key for key in ("dicom", "dicomweb", "embedded", "hl7", "fhir") if getattr(spec, key, None))
                for name, spec in self.loaded_site.site.targets.items()
            }  # fmt: skip
        if what == "rule":
            judges = self.plugins.named("fabricate_validators")
            return {
                rule: judge for judge in judges for rule in sorted(self.plugins.rules(judge) or ())
            }
        if what in ("step_list", "scenario"):
            every, _ = self.libraries.every(str(self.file))
            return {
                f"{one.name}/{name}": f"{one.name} {one.version}"
                for one in every
                for name in (one.step_lists if what == "step_list" else one.scenarios)
            }
        if what == "scenario_name":
            every, _ = self.libraries.every(str(self.file))
            of_libraries = {
                name: f"{one.name} {one.version}" for one in every for name in one.scenarios
            }
            return {**dict.fromkeys(sorted(names_around(self.file)), ""), **of_libraries}
        return words_of(what, self.plugins)

    def parameters(self, reference: str) -> Mapping[str, str]:
        """The parameters of a step list by its reference."""
        there = self.document(reference, scenario=False)
        given = None if there is None else there.data.get("parameters")
        return {
            name: _about(one) if isinstance(one, Mapping) else ""
            for name, one in (given.items() if isinstance(given, Mapping) else ())
        }

    def parameter_values(self, reference: str, name: str) -> Mapping[str, str]:
        """What a parameter of a step list can be: what it lists, targets, or true and false."""
        there = self.document(reference, scenario=False)
        given = None if there is None else there.data.get("parameters")
        one = given.get(name) if isinstance(given, Mapping) else None
        if not isinstance(one, Mapping):
            return {}
        if isinstance(one.get("one_of"), list):
            return {str(as_written(each)): "" for each in one["one_of"]}
        if one.get("type") == "boolean":
            return {"true": "", "false": ""}
        return self.words("target") if one.get("type") == "target" else {}

    def columns(self, rows: str) -> Mapping[str, Where]:
        """The columns of a table, and where each is named."""
        path = named_file(str(self.file), rows)
        try:
            return headings(read_rows(rows, path, Where(str(self.file))))
        except InvalidInput:
            return {}

    def document(self, reference: str, *, scenario: bool) -> Document | None:
        """The step list or scenario that a reference means; None where there is none."""
        find = self.libraries.scenario_document if scenario else self.libraries.find
        try:
            return find(reference, str(self.file))
        except (ReferenceProblem, InvalidInput):
            return None

    def site(self) -> Document | None:
        """The site file."""
        return self.loaded_site.document

    def value(self, text: str, path: tuple[str | int, ...]) -> Any:
        """What a scalar comes to in the first case, without secrets. Raises LookupError where only the run knows."""
        del path
        if self._names is None or self._names[0] != self._text:
            self._names = (self._text, self._first_case(self._text))
        try:
            known = self._names[1]
            found = render_text(text, known) if is_template(text) else evaluate(text, known)
        except (TemplateProblem, InvalidInput) as error:
            raise LookupError(text) from error
        return Redactor(self.loaded_site.secrets).tree(found)

    def _first_case(self, text: str) -> Mapping[str, Any]:
        """The names of the first case as a plan of now has them; none where there is no plan."""
        try:
            document = parse_document(text, str(self.file))
            scenario = check_scenario(
                document, self.plugins, site=self.loaded_site, lists=self.libraries
            )
            loaded = Loaded(self.plugins, self.loaded_site, (scenario,), self.libraries)
            plans = preview_loaded(loaded, ":memory:", _SEED, Inputs(asks=False))
        except FabricatorError:
            return {}
        case = next(job.case for job in plans.jobs if not job.judges)
        site: LoadedSite = self.loaded_site
        return {
            "vars": case.vars,
            "matrix": case.matrix,
            **({} if case.row is None else {"row": dict(case.row)}),
            "site": site.site.names,
            **planned_names(case),
        }


_SCHEMAS: Mapping[str, Any] = {
    SCENARIO: scenario_schema,
    STEPS: steps_schema,
    SITE: site_schema,
    LIBRARY: lambda _: library_schema(),
    OVERLAY: lambda _: overlay_schema(),
}


def _about(parameter: Mapping[str, Any]) -> str:
    """What a parameter of a step list is, in a line: ``Where the studies go (target, by default pacs)``."""
    kind = str(parameter.get("type", "text"))
    if isinstance(allowed := parameter.get("one_of"), list):
        kind = f"{kind}: {', '.join(str(as_written(one)) for one in allowed)}"
    if "default" in parameter:
        kind += f", by default {as_written(parameter['default'])}"
    elif parameter.get("required") is not False:
        kind += ", has to be given"
    return f"{parameter.get('description', '')} ({kind})".strip()
