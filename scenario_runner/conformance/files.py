"""Files and folders in, findings out: what ``fabricate check`` and the check ``conformant`` share."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.conformance.api import Finding
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scenario_runner.conformance.api import Validator


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves; of a folder every file below it, hidden ones left out, in order.

    Links to folders are not followed, so that one to a folder above it has an end. What cannot be
    judged (a link to nothing, a pipe, a folder that cannot be listed) comes too, to be said.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(_below(path))
        else:
            yield path


def _below(folder: Path) -> Iterator[Path]:
    unlisted: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=unlisted.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in files if not name.startswith("."))
    yield from (Path(error.filename) for error in unlisted if error.filename)


def chosen(names: Iterable[str], known: Mapping[str, Validator]) -> list[Validator]:
    """Validators by name, each once. Raises UsageError for one that is unknown or not installed."""
    validators = []
    for name in dict.fromkeys(names):
        if name not in known:
            raise UsageError(
                f"no validator is called '{name}'", hint=f"there are: {', '.join(known)}"
            )
        if known[name].version() is None:
            raise UsageError(
                f"the validator '{name}' is not installed",
                hint="see docs/reference/conformance.md for where it comes from",
            )
        validators.append(known[name])
    return validators


def check_paths(
    paths: Iterable[Path], validators: Sequence[Validator]
) -> Iterator[tuple[Path, list[Finding]]]:
    """Judge each file by itself, then all together.

    Each file comes once, in order and as soon as it was judged, with no findings when there are
    none. What is wrong between files comes at the end: then a file can come a second time. Raises
    UsageError for a validator that is not installed.
    """
    files: list[Path] = []
    for file in expand(paths):
        trouble = _unreadable(file)
        if trouble:
            yield file, [_cannot_be_read(each, trouble) for each in validators]
            continue
        files.append(file)
        yield file, [finding for each in validators for finding in _judged(each, file)]
    if len(files) > 1:
        between: dict[Path, list[Finding]] = {}
        for validator in validators:
            for finding in validator.check_study(files):
                between.setdefault(Path(finding.file) if finding.file else files[0], []).append(
                    finding
                )
        yield from between.items()


def _judged(validator: Validator, file: Path) -> list[Finding]:
    try:
        return validator.check(file)
    except OSError as error:
        return [_cannot_be_read(validator, error.strerror or str(error))]


def _unreadable(file: Path) -> str:
    """Why a file cannot be judged, known without reading it: no validator is to wait for a pipe."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            os.listdir(file)  # noqa: PTH208 - asks the same way as os.walk did
            return "a folder that could not be listed"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return "" if stat.S_ISREG(mode) else "not a regular file"


def _cannot_be_read(validator: Validator, why: str) -> Finding:
    return Finding(
        severity="error",
        message=f"cannot be read: {why}",
        attribute=None,
        section="",
        validator=validator.name,
        rule="unreadable",
    )
