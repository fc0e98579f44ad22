"""What a library holds, as digests: of each file, and of all together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from scenario_runner.errors import of_the_machine
from scenario_runner.libraries.library import Library


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises MachineError."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise of_the_machine(f"cannot read '{path}'", error) from error


def file_digests(library: Library) -> dict[str, str]:
    """SHA-256 of each of its files, by their names within, in order. Raises MachineError."""
    return {str(name): file_digest(path) for name, path in library.files()}


def whole_digest(files: Mapping[str, str]) -> str:
    """SHA-256 of all: of a line ``DIGEST  NAME`` for each file, in order of their names."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
