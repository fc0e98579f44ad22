"""Names in a scenario that must mean something elsewhere: targets, files, DICOM attributes."""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.fields.scalars import as_written
from scenario_runner.fields.types import DEFAULT_VALIDATOR
from scenario_runner.language.attributes import attribute_problem
from scenario_runner.language.diagnostic_words import did_you_mean, either, quoted, some_of
from scenario_runner.language.named_files import named_file
from scenario_runner.language.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.language.schema_marks import Mark
    from scenario_runner.language.site_model import TargetSpec
    from scenario_runner.origins import Path


def check_references(
    document: Document,
    marks: Iterable[Mark],
    targets: Mapping[str, TargetSpec] | None,
    plugins: Offered,
) -> Iterator[Diagnostic]:
    """Unknown targets, validators, rules and attributes, missing files, ways a target does not have.

    targets: the site's, or None when there is no site to ask.
    """
    marks = list(marks)
    yield from check_attributes(document, marks)
    named = {mark.path[:-1]: mark.value for mark in marks if mark.what == "target"}
    for mark in marks:
        if mark.kind == "x-way" and targets is not None:
            yield from _way(document, mark, named.get(mark.path[:-1]), targets)
        if mark.kind != "x-name-of":
            continue
        if mark.what == "target" and targets is not None:
            yield from _name(document, mark, targets)
        elif mark.what == "validator":
            yield from _name(document, mark, plugins.named("fabricate_validators"))
        elif mark.what == "rule":
            yield from _rule(document, mark, plugins)
        elif mark.what == "file":
            yield from _file(document, mark)


def check_attributes(document: Document, marks: Iterable[Mark]) -> Iterator[Diagnostic]:
    """Attributes that PS3.6 does not have."""
    for mark in marks:
        if mark.what == "attribute":
            yield from _attributes(document, mark.path, mark.value)


_UNKNOWN = {
    "target": ("FAB116", "the site has no target {}", "targets of the site"),
    "validator": ("FAB119", "no validator is called {}", "validators"),
}


def _name(document: Document, mark: Mark, known: Collection[str]) -> Iterator[Diagnostic]:
    """A name that has to be one of the known ones, unless a template gives it."""
    name = mark.value
    if not isinstance(name, str) or is_template(name) or name in known:
        return
    code, message, there_are = _UNKNOWN[mark.what]
    hint = f"{there_are}: {some_of(known, 20)}"
    if mark.what == "target":
        hint += _way_out(name, known)
    yield Diagnostic(
        code,
        document.where(mark.path),
        message.format(quoted(name)) + did_you_mean(name, known),
        hint,
    )


def _way_out(name: str, known: Collection[str]) -> str:
    """What to do about a target that the site has not, beside naming one that it has."""
    if [*known] == ["pacs"]:
        return "; --site names one that has more"
    if name == "pacs":  # whose scenario was written for the embedded one, as those that ship are
        return "; name one of them, or give the site file one called 'pacs'; without a site file it is an embedded PACS"
    return ""


def _rule(document: Document, mark: Mark, plugins: Offered) -> Iterator[Diagnostic]:
    """A rule that no validator beside it has; one that does not tell its rules may have any."""
    if not isinstance(mark.value, str) or is_template(mark.value):
        return
    entry: Any = document.data
    for part in mark.path[:-2]:
        entry = entry[part]
    judges = entry.get("with", [DEFAULT_VALIDATOR])
    if not isinstance(judges, list) or not judges:
        return
    known: set[str] = set()
    for judge in judges:
        rules = plugins.rules(str(as_written(judge)))
        if rules is None:
            return
        known |= rules
    if mark.value in known:
        return
    names = either(quoted(str(judge)) for judge in judges)
    guess = did_you_mean(mark.value, sorted(known))
    hint = f"rules are: {some_of(sorted(known), 12)}      docs/reference/conformance.md"
    for other in plugins.named("fabricate_validators"):
        if mark.value in (plugins.rules(other) or ()):
            guess, hint = "", f"'{other}' would find it: name it under 'with', too"
    yield Diagnostic(
        "FAB119",
        document.where(mark.path),
        f"no rule of {names} is called {quoted(mark.value)}{guess}",
        hint,
    )


def _file(document: Document, mark: Mark) -> Iterator[Diagnostic]:
    """A file or folder that has to be there, unless a template names it or a pattern finds it."""
    name = mark.value
    if not isinstance(name, str) or not name or is_template(name):
        return
    written_in = document.where(mark.path).file
    folder = FilePath(written_in).parent
    try:
        found = named_file(written_in, name)
        if any(character in name for character in "*?[") or os.path.exists(found):  # noqa: PTH110 - false for what is no name
            return
        near = [each.name for each in (folder / name).parent.iterdir()]
    except (OSError, ValueError):
        near = []
    guess = did_you_mean(FilePath(name).name, near)
    yield Diagnostic(
        "FAB120",
        document.where(mark.path),
        f"there is no file or folder {quoted(name)}{guess}",
        "it is looked for from the folder of this file; a pattern such as ct/*.dcm works too",
    )


_SERVICE_OF = {
    **dict.fromkeys(("c-store", "c-find", "c-get", "c-move"), "dicom"),
    **dict.fromkeys(("stow", "qido", "wado", "dicomweb"), "dicomweb"),
    "orthanc": "orthanc",
}


def _way(
    document: Document, mark: Mark, name: Any, targets: Mapping[str, TargetSpec]
) -> Iterator[Diagnostic]:
    """A ``via`` that needs a service the site does not give the target.

    A target of a plugin may know any way, the embedded PACS all but its own REST API, and one whose
    services could not be read is not judged.
    """
    service = _SERVICE_OF.get(str(mark.value))
    spec = targets.get(name) if isinstance(name, str) else None
    if service is None or spec is None or spec.model_extra or getattr(spec, service) is not None:
        return
    there_are = [key for key in ("dicom", "dicomweb", "orthanc") if getattr(spec, key) is not None]
    if (spec.embedded is not None and service != "orthanc") or not (there_are or spec.embedded):
        return
    has = some_of(there_are or ["embedded"], 3)
    yield Diagnostic(
        "FAB121",
        document.where(mark.path),
        f"target '{name}' has no '{service}' service, which '{mark.value}' needs",
        f"it has: {has}; give it '{service}' in the site file, or leave 'via' out",
    )


def _attributes(document: Document, path: Path, value: Any) -> Iterator[Diagnostic]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _attribute(document, (*path, name), name, key=True)
            if isinstance(inner, list):  # a sequence, whose items have attributes again
                for index, item in enumerate(inner):
                    if isinstance(item, dict):
                        yield from _attributes(document, (*path, name, index), item)
    elif isinstance(value, list):
        for index, name in enumerate(value):
            yield from _attributes(document, (*path, index), name)
    elif isinstance(value, str) and not is_template(value):
        yield from _attribute(document, path, value, key=False)


def _attribute(document: Document, path: Path, name: str, *, key: bool) -> Iterator[Diagnostic]:
    if problem := attribute_problem(name):
        yield Diagnostic("FAB117", document.where(path, key=key), *problem)
