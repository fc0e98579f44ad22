"""``fabricate audit export``: the trail as messages of the Standard, to a file or to a syslog receiver."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scenario_runner.cli.options import FILE, WholeNumber, examples
from scenario_runner.cli.service_options import data_option, database_option, opened, whoever_types
from scenario_runner.errors import UsageError
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.messages import AuditSource, message
from scenario_runner.service.audit.syslog import PORT, Receiver, SyslogSender
from scenario_runner.ul.tls import Tls


@click.command(
    epilog=examples(
        "fabricate audit export trail.xml",
        "fabricate audit export --syslog audit.example:6514 --after 1200",
    )
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--after",
    type=WholeNumber(),
    default=0,
    metavar="N",
    help="Begin after this entry.",
)
@click.option(
    "--syslog", metavar="HOST[:PORT]", help="Send by syslog over TLS; the usual port is 6514."
)
@click.option("--source", default="dicom-fabricator", show_default=True, help="AuditSourceID.")
@click.option("--enterprise-site", metavar="ID", help="AuditEnterpriseSiteID.")
@click.option("--tls-ca", type=FILE, help="Whom to trust (PEM).  [default: whom the system trusts]")
@click.option("--tls-certificate", type=FILE, help="Our certificate, if it asks for one (PEM).")
@click.option("--tls-key", type=FILE, help="The certificate's private key (PEM).")
@data_option
@database_option
def export(
    file: Path | None,
    after: int,
    syslog: str | None,
    source: str,
    enterprise_site: str | None,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    data: Path,
    database: str | None,
) -> None:
    """Give the trail away as audit messages (PS3.15 A.5).

    They go one a line to a file, or by syslog. Prints how many there were and the number of the last, to go on from with --after.
    """
    from scenario_runner.service.audit.trail import Trail

    if (file is None) == (syslog is None):
        raise UsageError("name a file, or a receiver with --syslog")
    who = AuditSource(id=source, site=enterprise_site, process=str(os.getpid()))
    count, last = 0, after
    with opened(data, database) as found:
        entries = Trail(found).entries(after=after)
        if file is not None:
            part = file.with_name(f"{file.name}.part")
            with part.open("wb") as written:
                for entry in entries:
                    written.write(message(entry, who) + b"\n")
                    count, last = count + 1, entry.number
            part.replace(file)
        else:
            host, port = _address(str(syslog))
            tls = Tls(ca=tls_ca, certificate=tls_certificate, key=tls_key)
            with SyslogSender(Receiver(host=host, port=port, tls=tls), who) as sender:
                for entry in entries:
                    sender.send([entry])
                    count, last = count + 1, entry.number
                sender.finish()
        detail = {"after": after, "entries": count, "to": str(file or syslog)}
        Trail(found).record(whoever_types(), Activity.TRAIL_READ, detail=detail)
    click.echo(f"{count} {last}")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not host:
        host, port = text, ""
    if port and not (port.isdigit() and 0 < int(port) < 65_536):
        raise UsageError(f"'{text}' is no address of a receiver", hint="HOST, or HOST:PORT")
    return host.strip("[]"), int(port) if port else PORT
