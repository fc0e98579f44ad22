"""What the commands of ``fabricate patient`` share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import Decorator, surroundings
from scenario_runner.cli.rows import Style, print_rows

if TYPE_CHECKING:
    from scenario_runner.app.patients import Desk
    from scenario_runner.registry.patient import Patient

SHOWN = ("id", "name", "sex", "birth_date", "phone", "studies", "last_used")
"""Columns of a table for people; programs get all."""

issuer_option: Decorator = click.option(
    "--issuer", metavar="TEXT", help="Whose ID it is, where several have given it."
)
yes_option: Decorator = click.option("--yes", "-y", is_flag=True, help="Do it without asking.")


@contextmanager
def at_desk(registry: str | None) -> Iterator[Desk]:
    """The patients of the registry that is meant."""
    from scenario_runner.app.patients import desk
    from scenario_runner.registry.location import registry_location

    with desk(registry_location(registry, os.environ), surroundings()) as opened:
        yield opened


def print_patients(people: Iterable[Patient], style: Style) -> None:
    """A table for people, an object a line, or comma-separated values."""
    from scenario_runner.registry.patient import KEYS

    columns = SHOWN if style == "text" else KEYS
    print_rows((one.as_json() for one in people), columns, style)
