"""Places of libraries as they are written: folders, archives, repositories."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.language.site import LoadedSite
from scenario_runner.libraries.git_source import GitSource, git_source, is_git
from scenario_runner.origins import Path as Place


def library_places(
    named: Iterable[tuple[str, Where | None]], folder: Path
) -> list[Path | GitSource]:
    """Places by their texts, each with where it is written. folder: what relative ones start from.

    Raises InvalidInput with all addresses that are none.
    """
    places: list[Path | GitSource] = []
    found: list[Diagnostic] = []
    for text, where in named:
        try:
            places.append(git_source(text, where) if is_git(text) else folder / text)
        except InvalidInput as error:
            found += error.diagnostics
    if found:
        raise InvalidInput(found)
    return places


def places_of_site(site: LoadedSite) -> list[Path | GitSource]:
    """Those that a site file names. Raises InvalidInput."""
    named = site.site.libraries
    written: list[tuple[str, Place]] = [(named, ("libraries",))] if isinstance(named, str) else []
    if not isinstance(named, str):
        written = [(text, ("libraries", number)) for number, text in enumerate(named)]
    document = site.document
    return library_places(
        ((text, None if document is None else document.where(path)) for text, path in written),
        site.folder,
    )
