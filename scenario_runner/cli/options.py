"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.language.scalars import AXIS_OF, plain_scalar

if TYPE_CHECKING:
    from scenario_runner.app.load import Surroundings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def examples(*lines: str) -> str:
    """The end of a command's help: what somebody would type."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class Seed(click.ParamType[int]):
    """A number that a seed can be. Its range is left out of the help, where it says nothing."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, from 0 to 2**63 - 1."""
        return click.IntRange(0, 2**63 - 1).convert(value, param, ctx)


class RunFolder(click.Path):
    """A run folder; the id of a run under ``runs/`` will do."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The folder as given, or the one of that name under ``runs/``."""
        below = Path("runs", str(value))
        chosen = below if not Path(str(value)).exists() and below.is_dir() else Path(str(value))
        super().convert(str(chosen), param, ctx)
        return chosen


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
        name, equals, text = str(value).partition("=")
        axis = name.removeprefix(AXIS_OF)
        if not equals or not axis.isidentifier():
            self.fail(f"'{value}' is not NAME=VALUE", param, ctx)
        if axis != name and text.startswith("["):
            return name, self._list(text, param, ctx)
        if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
            return name, text[1:-1]
        return name, plain_scalar(text)

    def _list(
        self, text: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[Any]:
        """Several values of an axis: ``[a, b]``, as a scenario has them."""
        from scenario_runner.errors import InvalidInput
        from scenario_runner.language.loader import parse_document

        try:
            values = parse_document(f"values: {text}", "--set").data["values"]
        except InvalidInput as error:
            self.fail(f"'{text}' is no list: {error.diagnostics[0].message}", param, ctx)
        if not values or any(isinstance(one, dict | list) for one in values):
            self.fail(f"'{text}' is no list of values such as [a, b]", param, ctx)
        return list(values)


def surroundings() -> Surroundings:
    """What of this process the program may know."""
    from scenario_runner.app.load import Surroundings

    return Surroundings(os.environ, Path.cwd())


def _site(text: str) -> Decorator:
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--site", type=kind, help=text)


site_option = _site("Site file that names the PACS; without it, the embedded PACS.")
peer_site_option = _site("Site file that has PEER as a target.")
plugins_site_option = _site("Site file whose plugins count, too.")
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
fail_fast_option: Decorator = click.option(
    "--fail-fast", is_flag=True, help="Start no further case after one did not pass."
)
production_option: Decorator = click.option(
    "--allow-production", is_flag=True, help="Let a target called production be used."
)
set_option: Decorator = click.option(
    "--set",
    "assignments",
    type=Assignment(),
    multiple=True,
    help="Give a variable of the scenario another value, or run only some combinations of its matrix: "
    "matrix.AXIS=VALUE, or matrix.AXIS=[A, B]. May be repeated.",
)
seed_option: Decorator = click.option(
    "--seed",
    type=Seed(),
    help="Seed of everything generated; overrides the scenario's.",
)
registry_option: Decorator = click.option(
    "--registry",
    metavar="FILE",
    help="Where counters live, or :memory: to start from the configured numbers.",
)


pdu_log_option: Decorator = click.option(
    "--pdu-log", "log_pdus", is_flag=True, help="Keep a log of every PDU as evidence."
)


class ScenarioPath(click.Path):
    """A file or folder; ``scenarios/…`` that is not here is looked for among the shipped ones."""

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
        if not Path(given).exists() and given.parts[:1] == ("scenarios",):
            from scenario_runner.resources import resource

            shipped = resource("scenarios").joinpath(*given.parts[1:])
            if ".." not in given.parts and shipped.exists():
                return shipped
        return super().convert(value, param, ctx)


paths_argument: Decorator = click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=ScenarioPath()
)
