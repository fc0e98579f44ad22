"""The door for patients that do not stand in the scenario: ``patients: [{from: {csv: rows.csv}}]``.

A source yields patients as the trees that a scenario would have, each with the origin of its values;
they are bound, checked and planned as those of the scenario are. What the entry itself says wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from scenario_runner.errors import Diagnostic, InvalidInput, in_file_order
from scenario_runner.language.binding import bind
from scenario_runner.language.model import PatientSpec
from scenario_runner.language.words import did_you_mean, quoted, some_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from scenario_runner.errors import Where
    from scenario_runner.language.document import Origins, Path

MAX_BYTES = 64 * 1024 * 1024
"""Of one file that a source reads."""


class SourceError(Exception):
    """A source cannot give its patients; told at the entry that names it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(slots=True)
class Inputs:
    """What sources have read, by name, each once: a run keeps it, and a rerun reads nothing else.

    kept: of the run that is repeated; None where everything is read anew.
    """

    kept: Mapping[str, bytes] | None = None
    read: dict[str, bytes] = field(default_factory=dict)

    def file(self, path: FilePath) -> bytes:
        """The content of a file. Raises SourceError."""
        return self.once(path.as_posix(), lambda: _content(path))

    def once(self, name: str, ask: Callable[[], bytes]) -> bytes:
        """What asking gave the first time; name: tells it from everything else that is read."""
        if name not in self.read:
            if self.kept is not None and name not in self.kept:
                raise SourceError(f"'{name}' is not among what the run kept", "start a new run")
            self.read[name] = ask() if self.kept is None else self.kept[name]
        return self.read[name]


def _content(path: FilePath) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}'", "it is relative to the scenario") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"'{path}' cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(raw) > MAX_BYTES:
        raise SourceError(f"'{path}' is larger than {MAX_BYTES // 2**20} MiB", "split it")
    return raw


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source works with. folder: of the scenario, where names of files start from."""

    folder: FilePath
    inputs: Inputs

    def file(self, name: str) -> tuple[str, bytes]:
        """A file by the name that diagnostics show, and its content. Raises SourceError."""
        path = self.folder / name
        return str(path), self.inputs.file(path)


@dataclass(frozen=True, slots=True)
class Sourced:
    """A patient as a source has it. tree: keys and values as in a scenario."""

    tree: Mapping[str, Any]
    origins: Origins
    """Of the tree; the patient is its top."""


class PatientSource(Protocol):
    """Where patients come from."""

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
        raise InvalidInput(in_file_order(wrong))
    return found


def _of_source(
    entry: PatientSpec,
    path: Path,
    origins: Origins,
    sources: Mapping[str, PatientSource],
    context: SourceContext,
) -> list[Placed]:
    ((name, given),) = (entry.from_ or {}).items()
    at = (*path, "from", name)
    if name not in sources:
        guess = did_you_mean(name, sources)
        message = f"there is no source {quoted(name)}{guess}"
        hint = f"patients come from: {some_of(sources)}"
        raise InvalidInput([Diagnostic("FAB317", origins.where(at, key=True), message, hint)])
    source = sources[name]
    tree = {source.short: given} if not isinstance(given, dict) else given
    parameters = bind(source.parameters, tree, origins, at)
    own = {key: getattr(entry, key) for key in entry.model_fields_set - {"from_"}}
    try:
        return _bound(source.patients(parameters, context), own, int(path[1]), origins)
    except SourceError as error:
        diagnostic = Diagnostic("FAB317", origins.where(at), error.message, error.hint)
        raise InvalidInput([diagnostic]) from None


def _bound(
    patients: Iterable[Sourced], own: Mapping[str, Any], entry: int, origins: Origins
) -> list[Placed]:
    made: list[Placed] = []
    wrong: list[Diagnostic] = []
    for one in _without_sources(patients):
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
        made.append(Placed(spec.model_copy(update=merged), entry, both))
    if wrong:
        raise InvalidInput(in_file_order(wrong))
    return made


def _without_sources(patients: Iterable[Sourced]) -> Iterator[Sourced]:
    for one in patients:
        if "from" in one.tree:
            where = one.origins.where(("from",), key=True)
            message = "a patient of a source cannot come from another source"
            raise InvalidInput([Diagnostic("FAB317", where, message)])
        yield one
