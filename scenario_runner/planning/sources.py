"""The door for patients that do not stand in the scenario: ``patients: [{from: {csv: rows.csv}}]``.

A source yields patients as the trees that a scenario would have, each with the origin of its values;
they are bound, checked and planned as those of the scenario are. What the entry itself says wins.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from scenario_runner.errors import (
    Diagnostic,
    FabricatorError,
    InvalidInput,
    described,
)
from scenario_runner.language.binding import bind
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.model import PatientSpec
from scenario_runner.language.named_files import named_file
from scenario_runner.language.rows import read_file
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import PatientsFrom
from scenario_runner.reading import read_at_most

if TYPE_CHECKING:
    from pydantic import BaseModel

    from scenario_runner.database.location import Location
    from scenario_runner.errors import Where
    from scenario_runner.language.site_model import Site
    from scenario_runner.origins import Origins, Path

MAX_BYTES = 64 * 1024 * 1024
"""Of one file that a source reads."""
_MOST_REMARKS = 200


class SourceError(Exception):
    """A source cannot give its patients; told at the entry that names it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(slots=True)
class Inputs:
    """What sources have read, by name, each once: a run keeps it, and a rerun reads nothing else.

    kept: of the run that is repeated; None where everything is read anew. asks: whether a source may ask
    a system; where it may not, as in ``validate``, it gives patients that stand for those there may be.
    """

    kept: Mapping[str, bytes] | None = None
    asks: bool = True
    read: dict[str, bytes] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    """What sources took though it is unusual, or left aside, in sentences, each once."""

    def remarked(self) -> list[str]:
        """The remarks, in order; a number stands for those beyond what anybody reads."""
        every = list(self.remarks)
        more = len(every) - _MOST_REMARKS
        return every[:_MOST_REMARKS] + ([f"and {more} more like these"] if more > 0 else [])

    def file(self, path: FilePath) -> bytes:
        """The content of a file. Raises SourceError."""
        return self.once(self._kept_as(path) or path.as_posix(), lambda: _content(path))

    def content(self, path: FilePath) -> bytes:
        """The same for a reader that tells of an OSError itself. Raises OSError."""
        name = path.as_posix()
        if name in self.read:
            return self.read[name]
        kept = self._kept_as(path)
        return read_file(path) if kept is None or self.kept is None else self.kept[kept]

    def _kept_as(self, path: FilePath) -> str | None:
        """The name under which the run that is repeated kept a file.

        Where its library lies now is another place: a copy, or nowhere. So the file is known by the end of its path.
        """
        name = path.as_posix()
        if self.kept is None or name in self.kept:
            return None if self.kept is None else name
        alike: dict[int, list[str]] = {}
        for one in self.kept:
            pairs = zip(reversed(FilePath(one).parts), reversed(path.parts), strict=False)
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            alike.setdefault(same, []).append(one)
        best = max(alike, default=0)
        return alike[best][0] if best and len(alike[best]) == 1 else None

    def once(self, name: str, ask: Callable[[], bytes]) -> bytes:
        """What asking gave the first time; name: tells it from everything else that is read."""
        if name not in self.read:
            if self.kept is not None and name not in self.kept:
                raise SourceError(f"'{name}' is not among what the run kept", "start a new run")
            self.read[name] = ask() if self.kept is None else self.kept[name]
        return self.read[name]


def _content(path: FilePath) -> bytes:
    try:
        raw = read_at_most(path, MAX_BYTES + 1)
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}'", "it is relative to the scenario") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"'{path}' cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(raw) > MAX_BYTES:
        raise SourceError(f"'{path}' is larger than {MAX_BYTES // 2**20} MiB", "split it")
    return raw


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source works with. folder: of the scenario, where names of files start from, else from its library."""

    folder: FilePath
    inputs: Inputs
    seed: int = 0
    """Of the run, for what is drawn."""
    registry: Location | None = None
    """Where the run's registry is; None where there is none to ask."""
    site: Site | None = None
    """Of the run, with its targets and rules."""
    entry: int = 0
    """Which entry of the scenario's ``patients`` asks."""
    site_folder: FilePath = FilePath()
    """What relative paths in the site file start from."""
    met: dict[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """By entry whom it has, ID and issuer, for a source that draws: nobody is drawn twice for a case."""

    def file(self, name: str) -> tuple[str, bytes]:
        """A file by the name that diagnostics show, and its content. Raises SourceError."""
        path = named_file(str(self.folder / "scenario.yaml"), name)
        return str(path), self.inputs.file(path)


@dataclass(frozen=True, slots=True)
class Sourced:
    """A patient as a source has it. tree: keys and values as in a scenario."""

    tree: Mapping[str, Any]
    origins: Origins
    """Of the tree; the patient is its top."""


class PatientSource(Protocol):
    """Where patients come from. One that asks a target of the site says under ``asks`` which parameter names it.

    Under ``called`` it may say how a report calls where they are from, as in "a table"; empty where they were made
    up here. Without it the report says the source's name.
    """

    name: str
    """The key under ``from``."""
    parameters: ClassVar[type[BaseModel]]
    """What it takes. Text alone stands for the parameter ``short``."""
    short: str

    def patients(self, parameters: Any, context: SourceContext) -> Iterable[Sourced]:
        """All patients, in order. Raises SourceError, or InvalidInput with places of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A patient of the plan with the origins of what is said about it."""

    spec: PatientSpec
    entry: int
    """Which entry of the scenario's ``patients`` asked for it."""
    origins: Origins
    """Of paths from the top of the scenario: ``("patients", 0, "sex")``."""


@dataclass(frozen=True, slots=True)
class _Beside:
    """The origins of what a source takes, some of which stands beside its name."""

    entry: Origins
    at: Path
    """Of what stands under the name."""
    beside: Mapping[str, Any]

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place in the scenario."""
        below = path[len(self.at) :]
        if below and below[0] in self.beside:
            path = (*self.at[:-1], *below)
        return self.entry.where(path, key=key)


@dataclass(frozen=True, slots=True)
class _Merged:
    """The origins of an entry over those of a source."""

    entry: Origins
    own: Mapping[str, Any]
    source: Origins

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place in the scenario of what stands there, else that in the source."""
        below = path[2:]
        if not below or (below[0] in self.own and self._says(below)):
            return self.entry.where(path, key=key)
        return self.source.where(below, key=key)

    def _says(self, below: Path) -> bool:
        # Tags of both are merged, so each may be of either.
        tag = below[0] == "tags" and len(below) > 1
        return not tag or below[1] in self.own["tags"]


def source_named(asked: Mapping[str, Any], sources: Collection[str]) -> str:
    """The source that ``from`` asks, whose parameters may stand before and after it; a first key that is none where none is one.

    asked: what stands under ``from``, with one key at least.
    """
    return next((key for key in asked if key in sources), next(iter(asked)))


def given_to(source: PatientSource, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a source, from under its name and from beside it."""
    given = asked[name]
    below = given if isinstance(given, dict) else {source.short: given}
    return {**below, **{key: value for key, value in asked.items() if key != name}}


def asked_in(
    specs: Sequence[PatientSpec], sources: Mapping[str, PatientSource]
) -> dict[int, PatientsFrom]:
    """Where entries of a scenario have patients from, by their place; without those that say themselves who they are."""
    found = {}
    for index, spec in enumerate(specs):
        if spec.from_:
            name = source_named(spec.from_, sources)
            called = getattr(sources.get(name), "called", f"the source {quoted(name)}")
            found[index] = PatientsFrom(name, called)
    return found


def placed(
    specs: Iterable[PatientSpec],
    origins: Origins,
    sources: Mapping[str, PatientSource],
    context: SourceContext,
) -> list[Placed]:
    """The patients of a scenario, those of sources in the place of the entries that name them.

    Raises InvalidInput for a source that is unknown or cannot, and for what does not fit.
    """
    found: list[Placed] = []
    wrong: list[Diagnostic] = []
    for index, spec in enumerate(specs):
        try:
            if spec.from_ is None:
                found.append(Placed(spec, index, origins))
            else:
                found += _of_source(spec, ("patients", index), origins, sources, context)
        except InvalidInput as error:
            wrong += error.diagnostics
    if wrong:
        raise InvalidInput(wrong)
    return found


def _of_source(
    entry: PatientSpec,
    path: Path,
    origins: Origins,
    sources: Mapping[str, PatientSource],
    context: SourceContext,
) -> list[Placed]:
    asked = entry.from_ or {}
    name = source_named(asked, sources)
    beside = {key: asked[key] for key in asked if key != name}
    at = (*path, "from", name)
    if name not in sources:
        guess = did_you_mean(name, sources)
        message = f"there is no source {quoted(name)}{guess}"
        hint = f"patients come from: {some_of(sources)}"
        raise InvalidInput([Diagnostic("FAB317", origins.where(at, key=True), message, hint)])
    source = sources[name]
    tree = given_to(source, name, asked)
    parameters = bind(source.parameters, tree, _Beside(origins, at, beside), at)
    own = {key: getattr(entry, key) for key in entry.model_fields_set - {"from_"}}
    try:
        context = replace(context, entry=int(path[1]))
        found = _bound(source.patients(parameters, context), own, context.entry, origins)
        file = getattr(parameters, "file", None)
        if file and "studies" in own and any(one.tree.get("studies") for _, one in found):
            remark = f"{file}: what it says of studies and series is left aside, for 'studies' stands beside 'from'"
            context.inputs.remarks[remark] = None
        return [placed for placed, _ in found]
    except SourceError as error:
        diagnostic = Diagnostic("FAB317", origins.where(at), error.message, error.hint)
        raise InvalidInput([diagnostic]) from None
    except (FabricatorError, KeyboardInterrupt):
        raise
    except BaseException as error:
        message = f"the source {quoted(name)} failed: {described(error)}"
        raise InvalidInput([Diagnostic("FAB317", origins.where(at), message)]) from error


def _bound(
    patients: Iterable[Sourced], own: Mapping[str, Any], entry: int, origins: Origins
) -> list[tuple[Placed, Sourced]]:
    made: list[tuple[Placed, Sourced]] = []
    wrong: list[Diagnostic] = []
    for one in _told(_without_sources(patients), wrong):
        try:
            spec = bind(PatientSpec, dict(one.tree), one.origins, ())
        except InvalidInput as error:
            wrong += error.diagnostics
            continue
        merged = dict(own)
        if "tags" in own:
            merged["tags"] = {**spec.tags, **own["tags"]}
        if "birth_date" in own or "age" in own:
            # One of them given here means that the other one of the source is not wanted.
            merged.setdefault("age", None)
            merged.setdefault("birth_date", None)
        both = _Merged(origins, own, one.origins)
        made.append((Placed(spec.model_copy(update=merged), entry, both), one))
    if wrong:
        raise InvalidInput(wrong)
    return made


def _told(patients: Iterator[Sourced], wrong: list[Diagnostic]) -> Iterator[Sourced]:
    """The patients up to where the source cannot go on. wrong: gets why."""
    try:
        yield from patients
    except InvalidInput as error:
        wrong += error.diagnostics


def _without_sources(patients: Iterable[Sourced]) -> Iterator[Sourced]:
    for one in patients:
        if "from" in one.tree:
            where = one.origins.where(("from",), key=True)
            message = "a patient of a source cannot come from another source"
            raise InvalidInput([Diagnostic("FAB317", where, message)])
        yield one
