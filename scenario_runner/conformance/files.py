"""Files and folders in, findings out: what ``fabricate check`` and the check ``conformant`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.conformance.api import Finding
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scenario_runner.conformance.api import Validator


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves; of a folder every file below it, hidden ones left out, in order."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for each in sorted(path.rglob("*")):
            inside = each.relative_to(path).parts
            if each.is_file() and not any(part.startswith(".") for part in inside):
                yield each


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
        message = f"cannot be read: {error.strerror or error}"
        return [
            Finding(
                severity="error",
                message=message,
                attribute=None,
                section="",
                validator=validator.name,
                rule="unreadable",
            )
        ]
