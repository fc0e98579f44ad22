"""``fabricate library``: libraries listed, locked, packed, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import (
    examples,
    library_option,
    plugins_site_option,
    site_option,
    surroundings,
)
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.cli.wrapping import json_text
from scenario_runner.errors import in_file_order

if TYPE_CHECKING:
    from scenario_runner.app.load import Sources
    from scenario_runner.libraries.git_source import GitSource

_HERE = click.Path(exists=True, path_type=Path)
_PATHS = click.argument("paths", metavar="[PATH]...", nargs=-1, type=_HERE)


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def library() -> None:
    """List, lock, pack and compare libraries of scenarios and step lists."""


def _sources(
    paths: tuple[Path, ...], site: Path | None, libraries: tuple[Path | GitSource, ...]
) -> Sources:
    from scenario_runner.app.load import Sources

    return Sources(paths=paths or (Path(),), site=site, libraries=libraries, around=surroundings())


@library.command(
    "list", epilog=examples("fabricate library list", "fabricate library list --library libs")
)
@_PATHS
@site_option
@library_option
@style_option
def list_(
    paths: tuple[Path, ...],
    site: Path | None,
    libraries: tuple[Path | GitSource, ...],
    style: Style,
) -> int:
    """List the libraries that can be used.

    By the scenarios at PATH, or here.
    """
    from scenario_runner.app.libraries import found_libraries, row
    from scenario_runner.language.rendering import render

    found, broken = found_libraries(_sources(paths, site, libraries))
    rows = [row(one) for one in found]
    if style == "text":
        rows = [
            {**one, "steps": " ".join(one["steps"]), "scenarios": " ".join(one["scenarios"])}
            for one in rows
        ]
    print_rows(rows, ("name", "version", "title", "steps", "scenarios", "from"), style)
    if broken:
        click.echo(render(in_file_order(broken), "text").rstrip("\n"), err=True)
    elif not rows:
        remark("there is no library")
    return 3 if broken else 0 if rows else 5


@library.command(epilog=examples("fabricate library lock", "fabricate library lock scenarios"))
@_PATHS
@site_option
@library_option
def lock(
    paths: tuple[Path, ...], site: Path | None, libraries: tuple[Path | GitSource, ...]
) -> int:
    """Write fabricate.lock for the scenarios at PATH.

    It holds the versions they use, and digests of the files.

    It lies beside fabricate.toml, else in the folder of PATH. What is locked already keeps its version where that
    still fits, and gets the digests of what is there now.
    """
    from scenario_runner.app.libraries import lock_libraries

    path, changes = lock_libraries(_sources(paths, site, libraries))
    for one in changes:
        click.echo(one.told)
    click.echo(f"wrote {path}" if changes else f"{path} is as it was", err=True)
    return 0


@library.command(epilog=examples("fabricate library update", "fabricate library update radiology"))
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--of",
    "paths",
    type=_HERE,
    multiple=True,
    metavar="PATH",
    help="Scenarios; by default those here.",
)
@site_option
@library_option
def update(
    names: tuple[str, ...],
    paths: tuple[Path, ...],
    site: Path | None,
    libraries: tuple[Path | GitSource, ...],
) -> int:
    """Lock the newest versions that fit.

    Of the libraries called NAME, or of all.
    """
    from scenario_runner.app.libraries import lock_libraries

    path, changes = lock_libraries(_sources(paths, site, libraries), names or None)
    for one in changes:
        click.echo(one.told)
    click.echo(f"wrote {path}" if changes else f"{path} is as it was", err=True)
    return 0


@library.command(
    epilog=examples("fabricate library verify", "fabricate library verify radiology-1.2.0.fablib")
)
@_PATHS
@site_option
@library_option
def verify(
    paths: tuple[Path, ...], site: Path | None, libraries: tuple[Path | GitSource, ...]
) -> int:
    """Hold libraries against fabricate.lock.

    A packed one is held against its own manifest.

    The exit code is 3 for what differs, and says which file.
    """
    from scenario_runner.app.libraries import require_sound, verify_lock
    from scenario_runner.libraries.places import Places

    archives = [path for path in paths if path.is_file() and path.suffix == ".fablib"]
    for path in archives:
        read = Places().read(path)
        require_sound(read)
        click.echo(f"{read.name} {read.version} ({path})")
    others = tuple(path for path in paths if path not in archives)
    if others or not archives:
        _, same = verify_lock(_sources(others, site, libraries))
        for told in same:
            click.echo(told)
    return 0


@library.command(epilog=examples("fabricate library pack libs/radiology"))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Archive to write; by default NAME-VERSION.fablib here.",
)
def pack(folder: Path, out: Path | None) -> int:
    """Pack a library into one file.

    NAME-VERSION.fablib is used like the folder.

    It is a zip with a manifest of digests; the same files give the same bytes.
    """
    from scenario_runner.app.libraries import pack as write

    click.echo(f"wrote {write(folder, out)}")
    return 0


@library.command(
    epilog=examples(
        "fabricate library diff libs/radiology-1.2.0 libs/radiology-1.3.0",
        "fabricate library diff old.fablib new.fablib --for scenarios",
    )
)
@click.argument("old", type=_HERE)
@click.argument("new", type=_HERE)
@click.option(
    "--for",
    "users",
    type=_HERE,
    multiple=True,
    metavar="PATH",
    help="Scenarios to look at as they would be with each.",
)
@plugins_site_option
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or an object a line.",
)
def diff(old: Path, new: Path, users: tuple[Path, ...], site: Path | None, style: str) -> int:
    """Show what another version of a library changes.

    Parameters, steps as they run, plans as they are made.

    OLD and NEW are folders or packed libraries. Lines that only look different are not shown.
    """
    from scenario_runner.app.library_diff import diff_libraries, short
    from scenario_runner.app.load import load_plugins

    first, second, changes = diff_libraries(old, new, load_plugins(site), users)
    if style == "json":
        for one in changes:
            data = {
                "kind": one.kind,
                "name": one.name,
                "path": one.path,
                "sign": one.sign,
                "old": one.old,
                "new": one.new,
            }
            click.echo(json_text(data))
        return 0
    click.echo(f"{first.name} {first.version} → {second.name} {second.version}")
    name = None
    for one in changes:
        if one.name != name:
            name = one.name
            click.echo(name)
        what = f"{one.kind} {one.path}".strip()
        if one.sign in "~!":
            what += f": {short(one.old)} → {short(one.new)}"
        elif one.old is not None or one.new is not None:
            what += f": {short(one.new if one.sign == '+' else one.old)}"
        click.echo(f"  {one.sign} {what}")
    if not changes:
        click.echo("nothing that runs is otherwise")
    return 0


@library.command(
    epilog=examples(
        "fabricate library docs libs/radiology > radiology.md", "fabricate library docs radiology"
    )
)
@click.argument("place", metavar="LIBRARY", type=click.Path(path_type=Path))
@plugins_site_option
@library_option
def docs(place: Path, site: Path | None, libraries: tuple[Path | GitSource, ...]) -> int:
    """Print a page about a library, in Markdown.

    Its step lists with their parameters, its scenarios.

    LIBRARY is a folder, a packed library, or the name of one, of which the newest version counts, or the newest in a
    range: radiology@^1.2.
    """
    from scenario_runner.app.library_pages import library_page
    from scenario_runner.app.load import library_at, load_plugins

    found = library_at(place, _sources((), site, libraries))
    click.echo(library_page(found, load_plugins(site)), nl=False)
    return 0
