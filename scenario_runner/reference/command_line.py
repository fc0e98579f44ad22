"""The page of the command line, from the click commands themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.group import fabricate
from scenario_runner.reference.tables import GENERATED, table

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CODES = {
    0: "everything passed",
    1: "a check failed, or a step came to a bad end: an instance refused, a wait in vain, a timeout",
    2: "wrong usage: an option, a plugin, two scenarios of one name, a production target not allowed",
    3: "a scenario or site file is invalid; the diagnostics say where",
    4: "a PACS or this machine could not do it: no connection, a full disk",
    5: "nothing was selected: no scenario there, or none with these tags",
    70: "a defect of DICOM Fabricator; the message names the file with its traceback",
    130: "interrupted: the record is complete up to there, `finally` included; or declined: nothing was sent",
    141: "whoever read the output has gone, as with `| head`, before all was written; a run goes on, and ends with its own code",
}

_METAVARS = {"N": ("INTEGER RANGE", "FLOAT RANGE", "INTEGER"), "FOLDER": ("DIRECTORY",)}

_INTRODUCTION = f"""{GENERATED}

# The command line

Results go to stdout; progress, which only a terminal gets, and errors go to stderr. `NO_COLOR` is honoured.
`PATH` is a scenario file or a folder, of which all scenarios below it are taken.

| variable | does |
|---|---|
| `FABRICATE_REGISTRY` | names the registry where `--registry` is not given |
| `FABRICATE_SITE` | names the site file where `--site` is not given |
| `FABRICATE_GRAPHICS` | how a terminal shows pictures, where it does not say it rightly: `kitty`, `iterm`, `sixel` or `blocks` |

`--quiet` and `--verbose` (`-q`, `-v`) may stand anywhere on the line. Quiet leaves a run with the cases that did not pass,
and other commands with what they exist to give; verbose adds each check and each remark.

## Completion

`fabricate completion bash`, `zsh` or `fish` prints what the shell has to read once: commands, options, and the names that
are to be had here, such as targets of the site file on the line, steps, tags and variables of its scenarios, runs, shipped
scenarios, kinds of study, DICOM keywords.

| shell | once |
|---|---|
| bash 4.4 or later | `fabricate completion bash > ~/.local/share/bash-completion/completions/fabricate` |
| zsh | `fabricate completion zsh > ~/.zfunc/_fabricate`, with `fpath+=~/.zfunc; autoload -U compinit; compinit` in `~/.zshrc` |
| fish | `fabricate completion fish > ~/.config/fish/completions/fabricate.fish` |
| PowerShell | has none: a bash such as Git's, or WSL, does |

## Exit codes

A run ends with the code of its gravest case.
"""


def command_line_page() -> str:
    """``command-line.md``: exit codes, and every command with its arguments and options."""
    codes = ((f"`{code}`", meaning) for code, meaning in EXIT_CODES.items())
    parts = [_INTRODUCTION, table(("code", "means"), codes), ""]
    for path, command in _commands(fabricate, ("fabricate",)):
        parts += _section(path, command)
    return "\n".join(parts)


def _commands(
    group: click.Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group, info_name=path[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _section(path: tuple[str, ...], command: click.Command) -> list[str]:
    context = click.Context(command, info_name=path[-1])
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [
        each for each in command.params if isinstance(each, click.Option) and not each.hidden
    ]
    usage = " ".join([*path, *(each.make_metavar(context) for each in arguments)])
    paragraphs = (" ".join(each.split()) for each in (command.help or "").split("\n\n"))
    parts = [f"## {' '.join(path)}\n", f"`{usage}`\n", "\n\n".join(paragraphs) + "\n"]
    if options:
        rows = (_option(each, context) for each in options)
        parts += [table(("option", "does", "default"), rows), ""]
    return parts


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    value = option.make_metavar(context)
    for plain, kinds in _METAVARS.items():
        value = plain if value in kinds else value
    shown = " ".join(["/".join(option.opts), *([] if option.is_flag else [value])])
    given = isinstance(option.default, str | int | float | Path) and not option.is_flag
    return f"`{shown}`", option.help or "", f"`{option.default}`" if given else ""
