"""Options that several commands share."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli import shell_completion
from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.libraries.git_source import git_source, is_git
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from scenario_runner.app.load import Surroundings
    from scenario_runner.libraries.git_source import GitSource

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def examples(*lines: str) -> str:
    """The end of a command's help: what somebody would type."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class WholeNumber(click.ParamType[int]):
    """A seed, or the number of a row in a database. Its range is left out of the help, where it says nothing."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, from 0 to 2**63 - 1."""
        return click.IntRange(0, 2**63 - 1).convert(value, param, ctx)


class Day(click.ParamType[dt.date | int]):
    """A date, or a number of days from today: 0 and below."""

    name = "DAY"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date | int:
        """``2026-01-31``, ``20260131``, ``today`` or ``-3d``."""
        if isinstance(value, dt.date | int):
            return value
        text = str(value)
        if text == "today":
            return 0
        if match := re.fullmatch(r"-(\d{1,5})d", text, re.ASCII):
            return -int(match[1])
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            self.fail(f"'{text}' is no day; write 2026-01-31, today or -3d", param, ctx)


class Kind(click.ParamType[str]):
    """A kind of study; whether there is such a one is known once plugins are."""

    name = "KIND"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as typed."""
        del param, ctx
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """All kinds, with what they are."""
        return shell_completion.kinds(ctx, param, incomplete)


class Shard(click.ParamType[tuple[int, int]]):
    """Which part of how many: ``2/5``."""

    name = "N/OF"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Both numbers, the first from 1 to the second."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", str(value), re.ASCII)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            self.fail(f"'{value}' is no part; write 2/5, from 1/5 to 5/5", param, ctx)
        return int(match[1]), int(match[2])


class RunFolder(click.Path):
    """A run folder; the id of a run under ``runs/`` will do."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The folder as given, or the one of that name under ``runs/``."""
        below = Path("runs", str(value))
        there = os.path.exists(str(value))  # noqa: PTH110 - false for what is no name
        chosen = below if not there and below.is_dir() else Path(str(value))
        super().convert(str(chosen), param, ctx)
        return chosen

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The newest runs, and folders."""
        runs = shell_completion.run_ids(ctx, param, incomplete)
        return [*runs, *super().shell_complete(ctx, param, incomplete)]


class Assignment(click.ParamType[tuple[str, Any]]):
    """``NAME=VALUE``; the value is read by the scalar rules of the language.

    ``matrix.AXIS=VALUE`` names values of the matrix; ``[a, b]`` are several.
    """

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        from scenario_runner.app.assignments import assigned

        name, equals, text = str(value).partition("=")
        if not equals:
            self.fail(f"'{value}' is not NAME=VALUE", param, ctx)
        try:
            return name, assigned(name, text)
        except UsageError as error:
            self.fail(error.message, param, ctx)


def surroundings() -> Surroundings:
    """What of this process the program may know."""
    from scenario_runner.app.load import Surroundings

    return Surroundings(os.environ, Path.cwd())


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there."""
_THERE = click.Path(exists=True, path_type=Path)


class SiteFile(click.ParamType[Path]):
    """A site file, the name of a site, or ``AE@HOST:PORT``."""

    name = "SITE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The file; an address stands for itself."""
        from scenario_runner.app.sites import site_path

        if isinstance(value, Path):
            return value
        try:
            return site_path(str(value), [Path()])
        except UsageError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files."""
        return FILE.shell_complete(ctx, param, incomplete)


class LibraryPlace(click.ParamType["Path | GitSource"]):
    """A folder or an archive that is there, or the address of a git repository."""

    name = "FOLDER"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | GitSource:
        """An address as it is read."""
        if not isinstance(value, str) or not is_git(value):
            return _THERE.convert(value, param, ctx)
        try:
            return git_source(value)
        except InvalidInput as error:
            (found,) = error.diagnostics
            self.fail(f"{found.message}; {found.hint}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files and folders."""
        return _THERE.shell_complete(ctx, param, incomplete)


def _site(text: str) -> Decorator:
    return click.option("--site", type=SiteFile(), envvar="FABRICATE_SITE", help=text)


site_option = _site(
    "Site file that names the PACS, the name of a site, or AE@HOST:PORT; without it, the embedded PACS."
)
served_site_option = _site(
    "Site file with the systems that the console names; without it, systems.yaml in --data, which an administrator"
    " writes there."
)
counters_site_option = _site("Site file whose name and counters number the IDs.")
peer_site_option = _site("Site file that has PEER as a target.")
target_site_option = _site("Site file that has TARGET as a target.")
plugins_site_option = _site("Site file whose plugins count, too.")
library_option: Decorator = click.option(
    "--library",
    "libraries",
    multiple=True,
    metavar="FOLDER",
    type=LibraryPlace(),
    help="Folder with libraries, or one itself, also packed, or a git repository: git+https://HOST/REPOSITORY.git@REF. "
    "May be repeated.",
)
out_option: Decorator = click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Run folder to make; by default runs/<run-id>. Never overwritten.",
)
workers_option: Decorator = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    default=1,
    show_default=True,
    help="So many cases side by side.",
)
on_option: Decorator = click.option(
    "--on",
    "on",
    metavar="WHERE",
    help="Have cases, and parts of a large send, carried out by processes on this machine, local:N, or the workers of a Dask cluster, "
    "dask://HOST:PORT.",
)
fail_fast_option: Decorator = click.option(
    "--fail-fast", is_flag=True, help="Start no further case after one did not pass."
)
production_option: Decorator = click.option(
    "--allow-production", is_flag=True, help="Let a target called production be used."
)
tag_option: Decorator = click.option(
    "--tag",
    metavar="EXPR",
    shell_complete=shell_completion.tags,
    help="Only scenarios whose tags fit: 'smoke and not slow'.",
)
set_option: Decorator = click.option(
    "--set",
    "assignments",
    type=Assignment(),
    multiple=True,
    shell_complete=shell_completion.variables,
    help="Give a variable of the scenario, or what it holds (protocol.slices=9), another value, or run only some "
    "combinations of its matrix: matrix.AXIS=VALUE, or matrix.AXIS=[A, B]. May be repeated.",
)
seed_option: Decorator = click.option(
    "--seed",
    type=WholeNumber(),
    help="Seed of everything generated; overrides the scenario's.",
)
findings_format_option: Decorator = click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="For people, for programs (an object a line), or as annotations of a workflow.",
)
registry_option: Decorator = click.option(
    "--registry",
    metavar="WHERE",
    help="Where counters and patients live: a file, or postgresql://USER@HOST/NAME; :memory: starts from "
    "the configured numbers.",
)


class ScenarioPath(click.Path):
    """A file or folder; a name or ``scenarios/…`` that is not here is looked for among the shipped ones."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """The path as given, or that of the shipped scenario."""
        given = PurePath(value)
        there = os.path.exists(given)  # noqa: PTH110 - false for what is no name
        if not there and given.parts[:1] == ("scenarios",):
            shipped = resource("scenarios").joinpath(*given.parts[1:])
            if ".." not in given.parts and shipped.exists():
                return shipped
        if not there and len(given.parts) == 2 and given.suffix not in (".yaml", ".yml"):
            return Path(given)  # a scenario of a library, perhaps
        if not there and len(given.parts) == 1 and given.suffix not in (".yaml", ".yml"):
            from scenario_runner.app.shipped_scenarios import shipped_by_name

            if (file := shipped_by_name(given.name)) is not None:
                return file
            return Path(given)  # a library, perhaps
        if not there and (guess := _near(Path(given))):
            self.fail(f"Path '{given}' does not exist{guess}", param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files, and the shipped scenarios."""
        shipped = shell_completion.shipped(ctx, param, incomplete)
        return [*shipped, *super().shell_complete(ctx, param, incomplete)]


def _near(path: Path) -> str:
    """Which file or folder beside it was meant instead, if one has nearly that name."""
    try:
        beside = sorted(one.name for one in path.parent.iterdir())
    except (OSError, ValueError):
        return ""
    return did_you_mean(path.name, beside)


def index_option(otherwise: str, more: str = "") -> Decorator:
    """``--index``. otherwise: where the file is that has the index without it; more: what the help says besides."""
    return click.option(
        "--index",
        metavar="URL",
        envvar="FABRICATE_INDEX",
        show_envvar=True,
        help="Keep the index of the studies in this PostgreSQL (postgresql://user@host/name), "
        f"not in a file {otherwise}{more}.",
    )


def open_option(what: str) -> Decorator:
    """``--open``, given to the command as ``open_it``."""
    text = f"Show {what} in the browser."
    return click.option("--open", "open_it", is_flag=True, help=text)


paths_argument: Decorator = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=ScenarioPath()
)
