"""``fabricate backup`` and ``fabricate restore``: the whole of an imaging service in one file."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import FILE, examples
from scenario_runner.cli.service_options import (
    data_option,
    database_option,
    location,
    whoever_types,
)
from scenario_runner.cli.verbosity import remark


@click.command(epilog=examples("fabricate backup imaging-monday.tar --data imaging"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@database_option
def backup(file: Path, data: Path, database: str | None) -> None:
    """Write studies, accounts, audit trail and all else of an imaging service into a new file.

    The service may run; who stores something waits for a moment. The file has everything about patients that the
    service has, and password hashes: keep it as safe. Prints the digest that its audit trail ends with.
    """
    from scenario_runner.service.backup import back_up

    done = back_up(data, location(data, database), file, whoever_types())
    click.echo(done.head)
    remark(f"{amount(done.files, 'file')}, {done.bytes >> 20} MiB, {done.entries} audit entries")


@click.command(
    epilog=examples(
        "fabricate restore imaging-monday.tar --data imaging",
        "fabricate restore monday.tar --data imaging --database postgresql://db/pacs",
    )
)
@click.argument("file", type=FILE)
@data_option
@database_option
def restore(file: Path, data: Path, database: str | None) -> None:
    """Make a service again from a backup, in a folder and a database that are empty.

    All of it is checked before anything is put in its place. A backup of one kind of database may go into the other.
    """
    from scenario_runner.service.restore import restore as restored

    done = restored(file, data, location(data, database), whoever_types())
    click.echo(done.head)
    remark(f"{amount(done.files, 'file')}, {done.bytes >> 20} MiB, {done.entries} audit entries")
