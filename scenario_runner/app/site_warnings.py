"""What a site file is warned of, for who uses it and does not look at the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.errors import Diagnostic
    from scenario_runner.language.site import LoadedSite
    from scenario_runner.plugins import Plugins


def site_warnings(site: LoadedSite, plugins: Plugins) -> list[Diagnostic]:
    """What is probably not meant in the site file, as ``fabricate validate`` says of it; nothing where there is none."""
    if site.document is None:
        return []
    from scenario_runner.language.lint import lint

    return lint(site.document, plugins)


def site_remarks(site: LoadedSite, plugins: Plugins) -> list[str]:
    """The same in a sentence each, for the record of a run."""
    return [
        f"{one.where.file}:{one.where.line}:{one.where.column}: {one.code}: {one.message}"
        for one in site_warnings(site, plugins)
    ]
