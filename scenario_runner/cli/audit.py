"""``fabricate audit``: the trail of who did what to which study."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scenario_runner.cli.audit_export import export
from scenario_runner.cli.options import examples
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.service_options import (
    data_option,
    database_option,
    opened,
    whoever_types,
)
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import MachineError
from scenario_runner.service.audit.activities import Activity

_COLUMNS = ("number", "at", "caller", "arrival", "what", "study", "from_where", "outcome", "detail")


@click.group()
def audit() -> None:
    """The audit trail of the imaging service: read it, and see that nobody changed it."""


@audit.command("list", epilog=examples("fabricate audit list --study 1.2.826.0.1.3680043.8.498.1"))
@click.option("--study", metavar="UID", help="Only what concerns this study.")
@click.option(
    "--last", type=click.IntRange(1), metavar="N", help="Only the newest ones.  [default: all]"
)
@style_option
@data_option
@database_option
def list_(
    study: str | None, last: int | None, style: Style, data: Path, database: str | None
) -> None:
    """Show the entries in the order they were written."""
    from scenario_runner.service.audit.trail import Trail

    with opened(data, database) as found:
        trail = Trail(found)
        entries = trail.entries(study=study) if last is None else trail.latest(last, study)[::-1]
        rows = [one.as_json() for one in entries]
        if style != "json":
            rows = [
                {**row, "detail": json.dumps(row["detail"]) if row["detail"] else ""}
                for row in rows
            ]
        detail = {"study": study} if study is not None else {}
        trail.record(whoever_types(), Activity.TRAIL_READ, detail=detail)
        print_rows(rows, _COLUMNS if style == "text" else (*_COLUMNS, "roles", "digest"), style)


@audit.command(
    epilog=examples("fabricate audit verify", "fabricate audit verify --head DIGEST-KEPT-ELSEWHERE")
)
@click.option(
    "--head",
    metavar="DIGEST",
    help="A digest this command printed before: its entry must still be there, so nothing was cut off.",
)
@data_option
@database_option
def verify(head: str | None, data: Path, database: str | None) -> int:
    """Hold each entry to the one before.

    Prints how many there are and the digest of the last. The exit code is 1 when an entry was changed or taken away. Whoever can write the whole database could
    write a whole new trail: keep the digest where they cannot reach it, and give it with --head.
    """
    from scenario_runner.service.audit.trail import Trail

    with opened(data, database) as found:
        trail = Trail(found)
        verdict = trail.verify()
        if verdict.broken is not None:
            raise _Broken(verdict.broken.message)
        if head is not None and not any(one.digest == head for one in trail.entries()):
            raise _Broken("no entry has this digest: the trail ends earlier, or is another one")
    click.echo(f"{verdict.entries} {verdict.head}")
    remark("each entry is as it was written")
    return 0


audit.add_command(export)


class _Broken(MachineError):
    exit_code = 1
