"""``fabricate completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.options import examples

_VARIABLE = "_FABRICATE_COMPLETE"


@click.command(
    epilog=examples(
        "fabricate completion bash > ~/.fabricate-completion.bash",
        "fabricate completion fish > ~/.config/fish/completions/fabricate.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print what teaches a shell to complete commands, options and names.

    Names are targets of the site file, steps, tags and variables of the scenarios on the line, runs, shipped
    scenarios, kinds of study and DICOM keywords. Bash has to be 4.4 or later.
    """
    made = get_completion_class(shell)
    assert made is not None, shell
    source = made(fabricate, {}, "fabricate", _VARIABLE)
    # Of bash, ``source()`` would start one to ask for its version; whoever installs this has it.
    click.echo(source.source_template % source.source_vars())
    return 0
