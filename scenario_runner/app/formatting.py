"""What ``fabricate fmt`` does: files in the house's form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from pathlib import Path

from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected
from scenario_runner.evidence.files import write_atomically
from scenario_runner.language.document_kinds import KINDS, input_files
from scenario_runner.language.formatting import NotFormatted, formatted
from scenario_runner.language.loader import read_text
from scenario_runner.lazy_dataclasses import dataclass


@dataclass(slots=True)
class Formatting:
    """What became of the files."""

    files: int = 0
    changed: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why files were left as they are."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def format_files(paths: Iterable[Path], *, only_check: bool) -> Formatting:
    """Format files, and those of this program in folders. only_check: write none.

    Raises NothingSelected when there is none, MachineError.
    """
    done = Formatting()
    for path, kind in input_files(paths):
        if kind is not None and kind not in KINDS:
            continue
        done.files += 1
        try:
            text = read_text(path)
            made = formatted(text, str(path))
        except InvalidInput as error:
            done.diagnostics += error.diagnostics
            continue
        except NotFormatted as error:
            done.refused.append(str(error))
            continue
        if made != text:
            done.changed.append(path)
            if not only_check:
                write_atomically(path, [made.encode("utf-8")])
    if not done.files:
        raise NothingSelected(f"no YAML file in {', '.join(map(str, paths))}")
    return done
