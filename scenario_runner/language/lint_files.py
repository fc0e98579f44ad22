"""Warnings about files and folders that a site file names and this machine does not have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.templates import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path as Place

_OF_TLS = ("ca", "certificate", "key")


def missing_files(document: Document) -> Iterator[Diagnostic]:
    """Certificates, keys and folders of libraries that are not there.

    They may lie where the site is used and not where it is checked, so this is no error.
    """
    folder = Path(document.file).parent
    for place, name in (*_of_tls(document.data, ()), *_libraries(document.data)):
        if not isinstance(name, str) or not name or is_template(name) or "://" in name:
            continue
        if os.path.exists(folder / name):  # noqa: PTH110 - false for what is no name
            continue
        what = "folder" if place[0] == "libraries" else "file"
        message = f"there is no {what} {quoted(name)} on this machine"
        hint = (
            f"name a {what} that is there; a relative one starts from the folder of the site file"
        )
        yield Diagnostic("FAB908", document.where(place), message, hint, "warning")


def _of_tls(tree: Any, below: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "tls" and isinstance(value, dict):
                yield from (((*below, key, one), value[one]) for one in _OF_TLS if one in value)
            yield from _of_tls(value, (*below, key))


def _libraries(data: Any) -> Iterator[tuple[Place, Any]]:
    named = data.get("libraries")
    if isinstance(named, list):
        yield from ((("libraries", index), name) for index, name in enumerate(named))
    else:
        yield ("libraries",), named
