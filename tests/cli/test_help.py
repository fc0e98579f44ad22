"""The help of every command: it fits a terminal, shows examples that are right, and agrees with the rest."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from scenario_runner.cli.group import fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator


def _all(
    group: click.Group = fabricate, path: str = "fabricate"
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _all(command, f"{path} {name}")


COMMANDS = dict(_all())
LEAVES = {path: each for path, each in COMMANDS.items() if not isinstance(each, click.Group)}


def _help(path: str, width: int = 80) -> str:
    return COMMANDS[path].get_help(
        click.Context(COMMANDS[path], info_name=path, terminal_width=width)
    )


@pytest.mark.parametrize("path", COMMANDS)
def test_help_fits_eighty_columns_and_cuts_no_sentence(path: str) -> None:
    text = _help(path)
    assert all(len(line) <= 80 for line in text.splitlines())
    _, after_usage = text.split("\n\n", 1)
    assert not re.search(r"\.\.\.$", after_usage, flags=re.MULTILINE)
    assert "9223372036854775807" not in text


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_has_examples_with_options_that_it_takes(path: str) -> None:
    text = _help(path, 200)
    assert "Examples:" in text
    lines = [line.strip() for line in text.split("Examples:")[1].splitlines() if line.strip()]
    assert lines
    known = {option for each in LEAVES[path].params for option in each.opts} | {">"}
    for line in lines:
        assert f"{line} ".startswith(f"{path} ")
        given = [word for word in shlex.split(line) if word.startswith("--")]
        assert set(given) <= known, line


@pytest.mark.parametrize("path", [path for path in LEAVES if path.startswith("fabricate pacs ")])
def test_a_client_says_what_peer_is(path: str) -> None:
    if any(each.name == "peer" for each in LEAVES[path].params):
        text = " ".join(_help(path).split())
        assert "PEER is the name of a target in the site file" in text
        assert ("URL of a DICOMweb service" in text) == (path != "fabricate pacs echo")


def test_the_same_option_takes_the_same_kind_of_value_everywhere() -> None:
    """One who knows --seed or --workers of one command knows them of every other."""
    kinds: dict[str, set[str]] = {}
    for path, command in LEAVES.items():
        for option in command.params:
            if isinstance(option, click.Option):
                metavar = option.make_metavar(click.Context(command, info_name=path))
                kinds.setdefault(option.opts[0], set()).add(metavar)
    # What goes out is a folder or a file; what is shown and how a PACS is spoken to differ by command.
    # A patient's name has parts, who signs writes their own; so with roles.
    differ = {name for name, values in kinds.items() if len(values) > 1}
    assert differ == {"--out", "--format", "--via", "--destination", "--name", "--role"}
