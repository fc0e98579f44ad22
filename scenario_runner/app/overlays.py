"""What a site's overlay makes of the scenarios that are asked for; nothing where there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.app.select import matches
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected, UsageError
from scenario_runner.language.diagnostic_words import some_of
from scenario_runner.language.document import Document
from scenario_runner.language.document_kinds import scenario_files
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.overlay import Overlay, overlay_beside

_NAME = re.compile(rb"""^name[ \t]*:[ \t]*["']?([\w.-]+)""", re.MULTILINE)


def overlay_of_site(site: Path | None) -> Overlay | None:
    """The overlay beside a site file. Raises InvalidInput for one that cannot be followed."""
    overlay = overlay_beside(site)
    if overlay is not None:
        require_sound(overlay)
    return overlay


def require_sound(overlay: Overlay) -> None:
    """Raises InvalidInput for files that it adds and that are not there, and for tags that are no expression."""
    found: list[Diagnostic] = []
    try:
        matches(overlay.content.tags or "x", (), "tags")
    except UsageError as error:
        where = overlay.document.where(("tags",))
        found.append(Diagnostic("FAB118", where, error.message, error.hint))
    try:
        overlay.added()
    except InvalidInput as error:
        found += error.diagnostics
    if found:
        raise InvalidInput(found)


def added(overlay: Overlay | None) -> list[Path]:
    """The files and folders that only the site has."""
    return [] if overlay is None else overlay.added()


def overrides_of(overlay: Overlay | None, document: Document) -> dict[str, Any]:
    """What it gives to variables and axes, as ``--set`` would. Raises InvalidInput."""
    return {} if overlay is None else overlay.overrides(document)


def is_taken(document: Document, overlay: Overlay | None) -> bool:
    """Whether the site runs a scenario at all, by its tags."""
    tags = None if overlay is None else overlay.content.tags
    return tags is None or matches(tags, tags_of(document), "tags")


def is_run(document: Document, overlay: Overlay | None, tag: str | None) -> bool:
    """Whether a scenario that is taken comes to run: ``--tag`` takes it, and the site does not skip it."""
    labels = [*tags_of(document), *(() if overlay is None else overlay.further_tags(document))]
    skipped = overlay is not None and overlay.skips(document)
    return not skipped and (tag is None or matches(tag, labels))


def unmet(
    overlay: Overlay | None,
    met: Iterable[str],
    paths: Sequence[Path],
    libraries: Libraries,
) -> list[Diagnostic]:
    """Entries for scenarios that there are nowhere: not at the paths, in no library, and not where the site lies.

    A file that is run by itself says nothing of what else there is.
    """
    if overlay is None or not any(path.is_dir() for path in paths):
        return []
    names = set(met)
    if overlay.content.scenarios.keys() <= names:
        return []
    here = str(paths[0] / "scenario.yaml")
    names |= {name for one in libraries.every(here)[0] for name in one.scenarios}
    names |= names_around(Path(overlay.document.file))
    return overlay.unmet(names)


def require_taken(overlay: Overlay | None, met: Mapping[str, Sequence[str]]) -> None:
    """Raises NothingSelected where there are scenarios and the site takes none. met: by name, their tags."""
    if overlay is None or not met:
        return
    tags = sorted({tag for one in met.values() for tag in one})
    raise NothingSelected(
        f"no scenario has tags that fit '{overlay.content.tags}', which {overlay.document.file} asks for",
        hint=f"tags there are: {some_of(tags, 20) or 'none'}",
    )


def name_of(document: Document) -> str:
    """What a scenario calls itself."""
    return str(document.data.get("name")) if isinstance(document.data, dict) else ""


def tags_of(document: Document) -> list[str]:
    """The tags that a scenario itself has."""
    tags = document.data.get("tags") if isinstance(document.data, dict) else None
    return list(map(str, tags)) if isinstance(tags, list) else []


def names_around(overlay: Path) -> set[str]:
    """The names of the scenarios in the folder that holds the sites."""
    sites = next((one for one in overlay.absolute().parents if one.name == "sites"), None)
    if sites is None:
        return set()
    found = (_NAME.search(file.read_bytes()) for file in scenario_files([sites.parent]))
    return {one[1].decode() for one in found if one is not None}
