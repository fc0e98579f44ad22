"""``fabricate.lock``: which versions of libraries are meant, and what each of their files holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from scenario_runner.errors import (
    Diagnostic,
    InvalidInput,
    in_file_order,
    of_the_machine,
)
from scenario_runner.fields.types import Model, Text
from scenario_runner.language.binding import bind
from scenario_runner.language.document import Document
from scenario_runner.language.loader import load_document
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.content import file_digests, whole_digest
from scenario_runner.libraries.library import Library

LOCK_FILE = "fabricate.lock"
_HEAD = """# Written by fabricate library lock. It belongs into version control; do not edit it.
"""


class Locked(Model):
    """One library of a lock."""

    name: Text
    version: Text
    source: Text
    """Where it was found, for people; what counts is the content."""
    commit: Text | None = None
    """Of the git checkout it was in, or that it was fetched from."""
    sha256: Text
    """Of its content: of a line ``DIGEST  NAME`` for each file."""
    files: dict[str, Text]
    """SHA-256 of each file."""


class LockFile(Model):
    """A whole lock."""

    schema_: Annotated[Literal["lock/v1"], Field(alias="schema")]
    libraries: list[Locked] = Field(default=[])


@dataclass(frozen=True, eq=False)
class Lock:
    """A lock as read."""

    document: Document
    libraries: tuple[Locked, ...]

    def of(self, library: Library) -> Locked | None:
        """What it says of a library of this name and version."""
        version = str(library.version)
        return next(
            (one for one in self.libraries if (one.name, one.version) == (library.name, version)),
            None,
        )

    def commits(self) -> dict[str, str]:
        """By the address of a repository, the commit that was fetched of it."""
        return {one.source: one.commit for one in self.libraries if one.commit is not None}

    def versions(self, name: str) -> list[str]:
        """The versions that are locked of a library."""
        return [one.version for one in self.libraries if one.name == name]


def read_lock(path: Path) -> Lock | None:
    """The lock of a folder; None where there is none. Raises InvalidInput."""
    if not path.exists():
        return None
    document = load_document(path)
    held = bind(LockFile, document.data, document, ())
    wrong = [
        Diagnostic(
            "FAB610",
            document.where(("libraries", place, "sha256")),
            f"the digest of '{one.name}' {one.version} is not that of the files listed",
            "write the lock anew: fabricate library lock",
        )
        for place, one in enumerate(held.libraries)
        if whole_digest(one.files) != one.sha256
    ]
    if wrong:
        raise InvalidInput(wrong)
    return Lock(document, tuple(held.libraries))


def locked(library: Library, source: str, commit: str | None = None) -> Locked:
    """What a lock says of a library as it is now. Raises MachineError."""
    files = file_digests(library)
    return Locked(
        name=library.name,
        version=str(library.version),
        source=source,
        commit=commit,
        sha256=whole_digest(files),
        files=files,
    )


def written(libraries: Iterable[Locked]) -> str:
    """The text of a lock, the same for the same libraries."""
    lines = [_HEAD, "schema: lock/v1\n", "libraries:\n"]
    ordered = sorted(libraries, key=lambda one: (one.name, one.version))
    for one in ordered:
        lines.append(f"  - name: {_text(one.name)}\n")
        for key in ("version", "source", "commit", "sha256"):
            value = getattr(one, key)
            if value is not None:
                lines.append(f"    {key}: {_text(value)}\n")
        lines.append("    files:\n" if one.files else "    files: {}\n")
        lines += [f"      {_text(name)}: {digest}\n" for name, digest in sorted(one.files.items())]
    if not ordered:
        lines[-1] = "libraries: []\n"
    return "".join(lines)


def write_lock(path: Path, libraries: Iterable[Locked]) -> None:
    """Write a lock in place of the one there is. Raises MachineError."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(written(libraries), encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        raise of_the_machine(f"cannot write '{path}'", error) from error


def differences(held: Locked, library: Library) -> list[str]:
    """What of a library is not as it was locked, in sentences; none when it is. Raises MachineError."""
    return file_differences(held.files, file_digests(library))


def file_differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """How files differ from those that were listed."""
    said = [f"'{name}' is gone" for name in wanted if name not in found]
    said += [f"'{name}' is new" for name in found if name not in wanted]
    said += [
        f"'{name}' has changed"
        for name, digest in wanted.items()
        if name in found and found[name] != digest
    ]
    return sorted(said)


def not_as_locked(lock: Lock, library: Library, changes: list[str]) -> Diagnostic:
    """Where the lock says something else of a library."""
    place = next(
        number
        for number, one in enumerate(lock.libraries)
        if (one.name, one.version) == (library.name, str(library.version))
    )
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return Diagnostic(
        "FAB610",
        lock.document.where(("libraries", place, "version")),
        f"'{library.name}' {library.version} in {library.known_as} is not what was locked: {changes[0]}{more}",
        "put the library back, or lock what is there now: fabricate library lock",
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


__all__ = [
    "LOCK_FILE", "Lock", "Locked", "differences", "file_differences", "in_file_order", "locked",
    "not_as_locked", "read_lock", "write_lock", "written",
]  # fmt: skip
