"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import click

from scenario_runner.language.scalars import plain_scalar

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Assignment(click.ParamType[tuple[str, Any]]):
    """``NAME=VALUE``; the value is read by the scalar rules of the language."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.isidentifier():
            self.fail(f"'{value}' is not NAME=VALUE", param, ctx)
        if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
            return name, text[1:-1]
        return name, plain_scalar(text)


site_option: Decorator = click.option(
    "--site",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Site file that names the PACS; without it, the embedded PACS.",
)
set_option: Decorator = click.option(
    "--set",
    "assignments",
    type=Assignment(),
    multiple=True,
    help="Give a variable of the scenario another value; may be repeated.",
)
seed_option: Decorator = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
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
