"""The site file changed for a person: held to its rules first, then replaced as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.served_site import ServedSite
from scenario_runner.errors import InvalidInput, MachineError, UsageError, of_the_machine
from scenario_runner.language.site_text import FIELDS, changed, targets, without, written
from scenario_runner.lazy_dataclasses import dataclass

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_TEMPLATE: Final = ("{{", "{%", "{#")
_LOCK: Final = threading.Lock()
_NO_TARGETS: Final = "targets: {}"
"""What is left of the last one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A target as its file has it. version: of the file, so that nobody's change is lost."""

    name: str
    fields: Mapping[str, str]
    version: str


def seen(site: ServedSite, name: str) -> Seen:
    """A target of a site file; an empty name is for a new one. Raises UsageError, MachineError."""
    text = _text(site.edited, site.begins)
    return Seen(name, written(text, name) if name else {}, _version(text))


def save(
    site: ServedSite, target: Seen, values: Mapping[str, str], around: Surroundings, *, new: bool
) -> None:
    """Change a target, or add one. values: by field; what is empty or as it was stays as it is.

    Raises UsageError for values that are none and for a file that has changed meanwhile, InvalidInput as when the
    file is used, MachineError.
    """
    with _LOCK:
        text = _unchanged(site.edited, target.version, site.begins)
        if new and not _NAME.fullmatch(target.name):
            raise UsageError(
                f"'{target.name}' is no name for a target",
                hint="letters, digits, - and _, a letter first",
            )
        if new and target.name in targets(text):
            raise UsageError(f"there is a target '{target.name}' already")
        before = {} if new else written(text, target.name)
        given = {name: values.get(name, "").strip() for name in FIELDS}
        fresh = {
            name: value for name, value in given.items() if value and value != before.get(name)
        }
        for name, value in fresh.items():
            _require_value(name, value)
        if new and not any("." in name for name in fresh):
            raise UsageError("a target needs an address", hint="give at least one service")
        _replace(site.edited, changed(text, target.name, fresh), around)


def remove(site: ServedSite, target: Seen, around: Surroundings) -> None:
    """Take a target out; with the last one of its own file goes that, for a site has systems.

    Raises as ``save``, also where something else was written into that file by hand.
    """
    with _LOCK:
        text = _unchanged(site.edited, target.version, site.begins)
        rest = without(text, target.name)
        if site.given is not None or targets(rest):
            _replace(site.edited, rest, around)
            return
        if rest.strip() != f"{site.begins}{_NO_TARGETS}":
            raise UsageError(
                f"'{site.edited.name}' has more than its last system, which was written by hand",
                hint="add another system first, or remove the file from the data folder",
            )
        _take_away(site.edited)


def rewrite(site: Path, edit: Callable[[str], str], around: Surroundings) -> None:
    """Change the text of a site file, where it is not changed meanwhile. Raises as ``save``."""
    with _LOCK:
        text = _text(site)
        fresh = edit(text)
        if fresh != text:
            _unchanged(site, _version(text))
            _replace(site, fresh, around)


def _require_value(name: str, value: str) -> None:
    if any(one in value for one in _TEMPLATE) or not value.isprintable() or len(value) > 500:
        raise UsageError(
            f"{name}: this is no value that is taken here",
            hint="templates and secrets are written in the site file itself",
        )
    if name.endswith(".port") and not (value.isascii() and value.isdigit()):
        raise UsageError(f"{name}: a port is a number", hint="104 and 11112 are usual ones")


def _unchanged(site: Path, version: str, begins: str = "") -> str:
    text = _text(site, begins)
    if _version(text) != version:
        raise UsageError(
            "the site file has been changed meanwhile",
            hint="load the page again: what is shown here is what it was",
        )
    return text


def _text(site: Path, begins: str = "") -> str:
    if begins and not site.exists():
        return begins
    try:
        return site.read_bytes().decode("utf-8")
    except (OSError, ValueError) as error:
        raise MachineError(f"the site file '{site.name}' cannot be read: {error}") from error


def _version(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _take_away(site: Path) -> None:
    try:
        site.unlink()
    except OSError as error:
        raise of_the_machine(f"the site file '{site.name}' cannot be written", error) from error


def _replace(site: Path, text: str, around: Surroundings) -> None:
    """Beside it first, where its relative paths mean the same; what is no site never gets its name."""
    try:
        number, made = tempfile.mkstemp(prefix=f".{site.stem}-", suffix=".yaml", dir=site.parent)
        fresh = Path(made)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            _require_site(fresh, around)
            if site.exists():
                shutil.copymode(site, fresh)
            fresh.replace(site)
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
    except OSError as error:
        raise of_the_machine(f"the site file '{site.name}' cannot be written", error) from error


def _require_site(fresh: Path, around: Surroundings) -> None:
    try:
        load_site(fresh, around)
    except InvalidInput as error:
        first = error.diagnostics[0]
        raise UsageError(f"this would be no site file: {first.message}", hint=first.hint) from error
