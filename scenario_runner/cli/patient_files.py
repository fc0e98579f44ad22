"""``fabricate patient test-ids``, ``config``, ``load-config``, ``import``, ``export``."""

from __future__ import annotations

import csv
import io
import itertools
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import counters_site_option, examples, registry_option
from scenario_runner.cli.patient_options import at_desk
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import of_the_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.registry.patient import Patient

_file = click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.command(
    "test-ids",
    short_help="Try a pattern of IDs.",
    epilog=examples("fabricate patient test-ids --pattern 'NORTH-{6digits}'"),
)
@click.option("--pattern", metavar="P", help="Instead of the one that is in effect.")
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    metavar="N",
    default=5,
    show_default=True,
    help="How many free ones.",
)
@counters_site_option
@style_option
@registry_option
def test_ids(
    pattern: str | None, count: int, site: Path | None, style: Style, registry: str | None
) -> int:
    """Try a pattern of IDs: the next ones it gives, and which are taken and stepped over.

    No number is used up. The exit code is 1 when the pattern gives fewer free IDs than were asked for.
    """
    with at_desk(registry) as desk:
        rows = [
            {"id": id_, "free": holder is None, "taken_by": None if holder is None else holder.name}
            for id_, holder in desk.next_ids(pattern, count, site)
        ]
    shown = rows
    if style != "json":
        shown = [{**row, "free": "yes" if row["free"] else "no"} for row in rows]
    print_rows(shown, ("id", "free", "taken_by"), style)
    free = sum(1 for row in rows if row["free"])
    if taken := len(rows) - free:
        remark(f"{amount(taken, 'ID')} taken, stepped over")
    if free < count:
        remark(f"the pattern ran out: {amount(free, 'free ID')} left, {count} asked for")
    return 0 if free >= count else 1


@click.command(epilog=examples("fabricate patient config", "fabricate patient config --reset"))
@click.option("--reset", is_flag=True, help="Forget what load-config read.")
@style_option
@registry_option
def config(reset: bool, style: Style, registry: str | None) -> None:
    """Show how patients are made, and where each value comes from."""
    with at_desk(registry) as desk:
        if reset:
            desk.reset_config()
        found = [one.as_json() for one in desk.config()]
        where = {"name": "registry", "value": str(desk.location), "source": _source(registry)}
    rows = [where, *found]
    if style == "text":
        rows = [{**row, "value": _shown(row["name"], row["value"])} for row in rows]
    print_rows(rows, ("name", "value", "source"), style)


def _source(registry: str | None) -> str:
    from scenario_runner.registry.location import VARIABLE

    if registry:
        return "--registry"
    return VARIABLE if os.environ.get(VARIABLE) else "built in"


_INSTEAD = {
    "start": "none, for the pattern counts nothing",
    "increment": "none, for the pattern counts nothing",
    "issuer": "none",
    "birth_years": "drawn: adults",
}
"""What holds where a setting is empty; of the others, what is usual in the locale."""


def _shown(name: str, value: object) -> str:
    if value is None or value in ("", []):
        return _INSTEAD.get(name, "drawn for the locale")
    if isinstance(value, list):
        some = ", ".join(map(str, value[:4]))
        return f"{some}, … ({len(value)})" if len(value) > 4 else some
    return str(value)


@click.command(
    "load-config",
    short_help="Take over how patients are made.",
    epilog=examples("fabricate patient load-config patient_config.json"),
)
@_file
@style_option
@registry_option
def load_config(file: Path, style: Style, registry: str | None) -> None:
    """Take over how patients are made from a JSON file (patient_config.json).

    Its keys are the ID's pattern, start and increment, lists of names, the range of birth years, and patterns of
    addresses and telephones. What the file does not say stays; unknown keys are told and left out.
    """
    with at_desk(registry) as desk:
        values, unknown = desk.load_config(file)
        effect = {one.name: one.as_json() for one in desk.config()}
    _tell_unknown(file, unknown)
    if not values:
        remark(f"{file}: it says nothing, so nothing changes")
    rows = [effect[name] for name in values]
    if style == "text":
        rows = [{**row, "value": _shown(row["name"], row["value"])} for row in rows]
    print_rows(rows, ("name", "value", "source"), style)


@click.command(
    "import",
    short_help="Take patients in from a JSON file.",
    epilog=examples("fabricate patient import patient_registry.json"),
)
@_file
@style_option
@registry_option
def import_(file: Path, style: Style, registry: str | None) -> None:
    """Take patients in from a JSON file (patient_registry.json, or what export wrote): all of them or none.

    A list of patients, or an object by ID. Somebody who is here already stays as is; an ID that somebody else has
    is an error.
    """
    with at_desk(registry) as desk:
        added, known, unknown = desk.take_in(file)
    _tell_unknown(file, unknown)
    if style == "text":
        here = f", {len(known)} were here already" if known else ""
        click.echo(f"{amount(added, 'patient')} taken in{here}")
    else:
        print_rows([{"added": added, "known": len(known)}], ("added", "known"), style)


@click.command(
    short_help="Write all patients as JSON, or as CSV.",
    epilog=examples("fabricate patient export people.json", "fabricate patient export people.csv"),
)
@click.argument(
    "file", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path)
)
@style_option
@registry_option
def export(file: Path | None, style: Style, registry: str | None) -> None:
    """Write all patients as JSON that import reads; as a table with --format csv, or to a FILE named .csv.

    Without FILE, or with -, to standard output. A file that is there is replaced once all is written.
    """
    told = click.get_current_context().get_parameter_source("style")
    named_so = file is not None and file.suffix.lower() == ".csv"
    if named_so and told is not click.core.ParameterSource.COMMANDLINE:
        style = "csv"
    with at_desk(registry) as desk:
        pieces = _pieces(desk.people.each(), style)
        if file is None or str(file) == "-":
            for piece in pieces:
                click.echo(piece, nl=False)
            return
        part = file.with_name(f"{file.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                stream.writelines(pieces)
            part.replace(file)
        except OSError as error:
            raise of_the_machine(f"cannot write '{file}'", error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    remark(f"written to {file}")


def _pieces(people: Iterator[Patient], style: Style) -> Iterable[str]:
    from scenario_runner.registry.patient import KEYS
    from scenario_runner.registry.patient_files import as_file

    # The first is read before anything is written: a registry that cannot be read leaves no half a file.
    people = itertools.chain(list(itertools.islice(people, 1)), people)
    if style != "csv":
        yield from as_file(people)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(KEYS)
    for one in people:
        writer.writerow(one.as_json().values())
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _tell_unknown(file: Path, unknown: list[str]) -> None:
    if unknown:
        names = ", ".join(f"'{key}'" for key in unknown)
        remark(f"{file}: left out, for it means nothing here: {names}")


COMMANDS = (test_ids, config, load_config, import_, export)
