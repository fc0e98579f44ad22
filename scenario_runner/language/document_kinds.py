"""What kind of document a file is, by its ``schema`` key, and which files a path stands for."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.diagnostic_words import did_you_mean, quoted
from scenario_runner.language.loader import MAX_BYTES, load_document
from scenario_runner.reading import read_at_most

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.language.document import Document

SCENARIO: Final = "scenario/v1"
SITE: Final = "site/v1"
STEPS: Final = "steps/v1"
LIBRARY: Final = "library/v1"
OVERLAY: Final = "overlay/v1"
KINDS = (SCENARIO, SITE, STEPS, LIBRARY, OVERLAY)

RUN_LOG = "events.ndjson"
"""What tells a run folder from any other."""

_SUFFIXES = (".yaml", ".yml")
_SCHEMA = re.compile(r"""^["']?schema["']?[ \t]*:[ \t]*["']?([^\s"'#]+)""", re.MULTILINE)


def scenario_files(paths: Iterable[str | Path]) -> list[Path]:
    """The scenarios that paths stand for: a file as it is, a folder for all scenarios below it.

    Those of libraries and of sites that lie below a folder are left out: they are run when asked for.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        for file, kind in input_files([path]):
            if kind is None or (kind == SCENARIO and not _is_anothers(file, path)):
                found[file] = None
    return list(found)


def _is_anothers(file: Path, below: Path) -> bool:
    """Whether a file belongs to a library or a site in a folder that lies below another."""
    folder = file.parent
    while folder != below and folder != folder.parent:
        if (folder / "library.yaml").is_file() or (
            (folder / "site.yaml").is_file() and folder.parent.name == "sites"
        ):
            return True
        folder = folder.parent
    return False


def input_files(paths: Iterable[str | Path]) -> list[tuple[Path, str | None]]:
    """Files with their kind, each once, folders in order of name.

    The kind is None for a file named by itself, which is to be read whatever it says it is; a YAML
    file of a folder without a kind has the kind "". Hidden files and folders are left out, and so
    are run folders, which hold copies of what was run.
    """
    found: dict[Path, str | None] = {}
    for path in map(Path, paths):
        if os.path.isdir(path):  # noqa: PTH112 - false for what is no name
            for file in _below(path):
                found.setdefault(file, kind_of(file))
        else:
            found.setdefault(path, None)
    return list(found.items())


def _below(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return  # a folder that may not be read is no library of scenarios
    if any(entry.name == RUN_LOG for entry in entries):
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _below(entry)
        elif entry.suffix.lower() in _SUFFIXES:
            yield entry


def kind_of(path: Path) -> str:
    """What a file says it is, without parsing it where that can be seen; "" when it does not say."""
    try:
        text = read_at_most(path, MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
    if match := _SCHEMA.search(text):
        return match[1]
    if not re.search(r"schema[\"']?[ \t]*:", text):
        return ""
    try:
        data = load_document(path).data
    except InvalidInput:
        return ""
    kind = data.get("schema") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else ""


def require_kind(document: Document, wanted: str) -> None:
    """Raises InvalidInput unless the document is a mapping that says it is of the wanted kind."""
    if problem := kind_problem(document, (wanted,)):
        raise InvalidInput([problem])


def kind_problem(document: Document, wanted: Iterable[str] = KINDS) -> Diagnostic | None:
    """Why a document is of none of the kinds wanted."""
    expected = list(wanted)
    data: Any = document.data
    write = " or ".join(f"schema: {kind}" for kind in expected)
    if not isinstance(data, dict):
        where = document.where(())
        return Diagnostic(
            "FAB101",
            where,
            "the file must be a mapping of keys to values",
            f"start it with: {write}",
        )
    if "schema" not in data:
        top = document.where((next(iter(data)),), key=True) if data else document.where(())
        return Diagnostic(
            "FAB101", top, "the file does not say what it is", f"add at the top: {write}"
        )
    kind = data["schema"]
    if kind in expected:
        return None
    where = document.where(("schema",), key=kind is None)
    if kind in KINDS:
        return Diagnostic(
            "FAB101",
            where,
            f"this is a {_noun(kind)} file, not a {_noun(expected[0])} file",
            f"a {_noun(expected[0])} file starts with: {write}",
        )
    shown = quoted(str(kind))
    guess = did_you_mean(str(kind), expected)
    return Diagnostic("FAB101", where, f"unknown kind of file {shown}{guess}", f"write {write}")


def _noun(kind: str) -> str:
    return kind.split("/", maxsplit=1)[0]
