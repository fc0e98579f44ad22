"""A library: a folder with ``library.yaml`` on top, read and checked."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, InvalidInput, in_file_order
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.binding import complaints
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.document_kinds import LIBRARY, SCENARIO, STEPS, kind_of, require_kind
from scenario_runner.language.library_model import LibraryHeader
from scenario_runner.language.loader import load_document
from scenario_runner.language.named_files import LIBRARY_FILE
from scenario_runner.language.schema import library_schema
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.ranges import RangeError, parse_range, parse_version
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from semver import Version

    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path as Path_

_SEMANTIC = "three numbers, and a pre-release behind a hyphen: 2.0.0-rc.1"
_NPM = "ranges are read as npm reads them"
_SUFFIXES = (".yaml", ".yml")
_LEFT_OUT = ("__pycache__", "runs")


@dataclass(frozen=True, eq=False)
class Library:
    """A library that lies in a folder. source: what the user knows it by, which an archive may be.

    origin: the address of the repository that it was fetched from; commit: which one of it.
    """

    root: Path
    document: Document
    header: LibraryHeader
    source: Path
    origin: str | None = None
    commit: str | None = None

    @property
    def name(self) -> str:
        """What ``use`` calls it."""
        return self.header.name

    @property
    def known_as(self) -> str:
        """Where it comes from, for people."""
        if self.origin is None:
            return str(self.source)
        return f"{self.origin}, commit {(self.commit or '')[:12]}"

    @cached_property
    def version(self) -> Version:
        """Known to be one."""
        return parse_version(self.header.version)

    @cached_property
    def step_lists(self) -> dict[str, Path]:
        """The files of its step lists, by name."""
        return self._named(STEPS, "steps")

    @cached_property
    def scenarios(self) -> dict[str, Path]:
        """The files of its scenarios, by name."""
        return self._named(SCENARIO, "scenarios")

    def _named(self, kind: str, folder: str) -> dict[str, Path]:
        """Files below a folder, by the name they say and by that of the file."""
        found: dict[str, Path] = {}
        for file in sorted(self._yaml(self.root / folder)):
            if kind_of(file) == kind:
                found.setdefault(_name_in(file) or file.stem, file)
        return found

    @staticmethod
    def _yaml(folder: Path) -> Iterator[Path]:
        if folder.is_dir():
            for path in folder.rglob("*"):
                if path.suffix in _SUFFIXES and path.is_file() and not path.is_symlink():
                    yield path

    def files(self) -> list[tuple[PurePosixPath, Path]]:
        """All files that belong to it, by their names within, in order; hidden ones and links do not."""
        return sorted(
            (PurePosixPath(path.relative_to(self.root).as_posix()), path)
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink() and _belongs(path.relative_to(self.root))
        )


def _belongs(path: Path) -> bool:
    return not any(part.startswith(".") or part in _LEFT_OUT for part in path.parts)


def _name_in(file: Path) -> str | None:
    """The name that a file says it has, read from its top without parsing it."""
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r"""^name[ \t]*:[ \t]*["']?([^\s"'#]+)""", text, re.MULTILINE)
    return match[1] if match else None


_CHECK: list[SchemaCheck] = []


def check_library(document: Document) -> LibraryHeader:
    """The head of a library. Raises InvalidInput."""
    require_kind(document, LIBRARY)
    if not _CHECK:
        _CHECK.append(SchemaCheck(library_schema()))
    found = _CHECK[0](document)
    found = found or complaints(LibraryHeader, document.data, document, (), lambda _: False)
    told = {(one.where.line, one.where.column) for one in found}
    found += (
        one for one in _unreadable(document) if (one.where.line, one.where.column) not in told
    )
    if found:
        raise InvalidInput(in_file_order(found)[:MOST_DIAGNOSTICS])
    return LibraryHeader.model_validate(document.data, by_alias=True, by_name=False)


def _unreadable(document: Document) -> Iterator[Diagnostic]:
    """What is no version, or no range of them, wherever there is text; what else is wrong there the schema says."""
    data = document.data
    requires = data.get("requires")
    libraries = requires.get("libraries") if isinstance(requires, dict) else None
    places: list[tuple[Path_, Callable[[str], object], str]] = [
        (("version",), parse_version, _SEMANTIC),
        (("requires", "fabricate"), parse_range, _NPM),
        *(
            (("requires", "libraries", name), parse_range, _NPM)
            for name in (libraries if isinstance(libraries, dict) else ())
        ),
    ]
    for path, parse, hint in places:
        value: Any = data
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            continue
        try:
            parse(str(as_written(value)))
        except RangeError as error:
            yield Diagnostic("FAB106", document.where(path), str(error), hint)


def read_library(root: Path, source: Path | None = None) -> Library:
    """The library of a folder. Raises InvalidInput."""
    document = load_document(root / LIBRARY_FILE)
    return Library(root, document, check_library(document), source or root)


def unfit(header: LibraryHeader, document: Document) -> Diagnostic | None:
    """That a library needs another version of the program, if it does."""
    text = header.requires.fabricate
    if text is None or parse_version(__version__) in parse_range(text):
        return None
    return Diagnostic(
        "FAB612",
        document.where(("requires", "fabricate")),
        f"'{header.name}' {header.version} needs fabricate {text}; this is {__version__}",
        "install a version that it needs, or use another version of the library",
    )
