"""``fabricate hl7``: messages of HL7 v2 shown, sent and taken, and what their fields become."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.hl7_wire import listen, send
from scenario_runner.cli.options import examples, site_option, surroundings
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.wrapping import printable


@click.group(name="hl7")
def hl7() -> None:
    """Messages of HL7 v2: sent, taken, shown as trees, and how orders become studies."""


hl7.add_command(send)
hl7.add_command(listen)


@hl7.command(
    short_help="Show messages as trees with the names of fields.",
    epilog=examples("fabricate hl7 show order.hl7", "fabricate hl7 show feed.hl7 --format json"),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@style_option
def show(files: tuple[Path, ...], style: Style) -> int:
    """Show each message of FILE as a tree with the names of its fields.

    FILE may hold one message, several, or a batch. Exit code 3 when one cannot be read; the others are
    shown all the same.
    """
    from scenario_runner.app.messages import read_files
    from scenario_runner.language.rendering import render
    from scenario_runner.orders.hl7 import Hl7Error
    from scenario_runner.orders.hl7.tree import leaves

    wrong = 0
    for number, message in enumerate(read_files(files)):
        if isinstance(message, Hl7Error):
            wrong += 1
            click.echo(render(message.diagnostics), err=True, nl=False)
            continue
        if style == "text":
            click.echo(
                ("\n" if number else "") + _heading(message.kind, message.label, message.version)
            )
            for leaf in leaves(message):
                indent = "  " * (leaf.depth + 1)
                name = f"{leaf.path:<{max(1, 16 - 2 * leaf.depth)}} {leaf.name}".rstrip()
                click.echo(f"{indent}{name:<50} {printable(leaf.value)}".rstrip())
            for remark in message.remarks:
                click.echo(f"  ! {remark}")
        else:
            rows = [
                {
                    "message": message.control_id,
                    "path": leaf.path,
                    "name": leaf.name,
                    "value": leaf.value,
                }
                for leaf in leaves(message)
                if leaf.value
            ]
            print_rows(rows, ["message", "path", "name", "value"], style)
    return 3 if wrong else 0


def _heading(kind: str, label: str, version: str) -> str:
    return f"{kind}  {label}" + (f"  HL7 {version}" if version else "")


@hl7.command(
    name="map",
    short_help="Show which field fills which attribute.",
    epilog=examples("fabricate hl7 map", "fabricate hl7 map --site north.yaml --format csv"),
)
@site_option
@style_option
def map_(site: Path | None, style: Style) -> None:
    """Show which field of a message fills which attribute, and where that is written.

    A line for OMI counts for messages of that type only; of several fields the first with a value wins. A
    site file may say otherwise (identifiers.hl7), and then its rules stand in their place.
    """
    from scenario_runner.app.messages import mapping_at

    rows = [
        {
            "attribute": line.attribute,
            "message": line.of or "any",
            "from": ", ".join(
                [*([f"OBX: {line.observation}"] if line.observation else ()), *map(str, line.paths)]
            ),
            "as": line.reads_as,
            "source": line.source,
        }
        for line in mapping_at(site, surroundings())
    ]
    print_rows(rows, ["attribute", "message", "from", "as", "source"], style)
