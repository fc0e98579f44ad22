"""``fabricate pacs echo|query|retrieve``: small questions to any PACS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.amounts import amount, some
from scenario_runner.cli import shell_completion
from scenario_runner.cli.options import (
    examples,
)
from scenario_runner.cli.peer_options import keys_argument, peer_options
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.cli.wrapping import printable
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from scenario_runner.api import Deadline
    from scenario_runner.app.peers import Peer

_FETCHED = ["file", "sop_instance_uid", "sop_class_uid", "transfer_syntax_uid"]


@click.command(
    short_help="Ask whether a PACS answers (C-ECHO).",
    epilog=examples(
        "fabricate pacs echo ORTHANC@127.0.0.1:4242", "fabricate pacs echo pacs --site north.yaml"
    ),
)
@peer_options(10.0, web=False)
@style_option
def echo(peer: Peer, deadline: Deadline, style: Style) -> int:
    """Ask whether a PACS answers (C-ECHO). Exit code 4 when it does not."""
    answer = peer.target.echo(deadline)
    row = {
        "peer": peer.name,
        "status": f"{answer.status:04X}",
        "milliseconds": round(answer.seconds * 1000, 1),
        "implementation": answer.association.get("implementation_version_name", ""),
    }
    row = peer.clean(row)
    if style == "text":
        click.echo(f"{peer} answered {row['status']} in {answer.seconds * 1000:.0f} ms")
    else:
        print_rows([row], list(row), style)
    return 0 if answer.status == statuses.SUCCESS else 4


@click.command(
    short_help="Ask a PACS what it has (C-FIND, QIDO-RS).",
    epilog=examples(
        "fabricate pacs query ORTHANC@127.0.0.1:4242 study PatientName='CITIZEN*'",
        "fabricate pacs query pacs series --site north.yaml --format csv",
        "fabricate pacs query pacs study '(0009,xx01) ACME=A1' --site north.yaml",
    ),
)
@peer_options(None)
@click.argument(
    "level",
    metavar="LEVEL",
    type=click.Choice(["patient", "study", "series", "image", "worklist"]),
)
@click.argument(
    "keys", metavar="[KEYWORD=VALUE]...", nargs=-1, shell_complete=shell_completion.keywords
)
@click.option(
    "--return",
    "returned",
    metavar="KEYWORD",
    multiple=True,
    help="Ask for this, too; may be repeated.",
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many matches.")
@click.option("--via", type=click.Choice(["c-find", "qido"]), help="How; by default what there is.")
@style_option
def query(
    peer: Peer,
    deadline: Deadline,
    level: Literal["patient", "study", "series", "image", "worklist"],
    keys: tuple[str, ...],
    returned: tuple[str, ...],
    limit: int | None,
    via: str | None,
    style: Style,
) -> int:
    """Ask a PACS what it has (C-FIND or QIDO-RS).

    LEVEL is patient, study, series, image or worklist.

    KEYWORD=VALUE is a key with a value to match: wildcards, ranges, and lists with backslashes are what
    the Standard says. A private attribute is written as in a scenario: "(0009,xx01) CREATOR=VALUE". Without keys, the
    PACS is asked for everything.
    """
    from scenario_runner.app.queries import Question, table

    found = table(
        peer,
        Question(level=level, keys=keys, returned=returned, limit=limit, via=via),
        deadline,
    )
    print_rows(found.rows, found.columns, style)
    for words in filter(None, (found.problem, *found.notes)):
        click.echo(words, err=True)
    remark(f"{amount(len(found.rows), 'match')} on {peer}")
    return 1 if found.problem else 0


@click.command(
    short_help="Fetch studies (C-GET, C-MOVE, WADO-RS).",
    epilog=examples(
        "fabricate pacs retrieve ORTHANC@127.0.0.1:4242 AccessionNumber=A100",
        "fabricate pacs retrieve pacs PatientID=P1 --level patient --site north.yaml",
    ),
)
@peer_options(None)
@keys_argument
@click.option(
    "--out",
    "--to",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("retrieved"),
    show_default=True,
    help="Folder to make; it has to be empty.",
)
@click.option(
    "--level",
    type=click.Choice(["patient", "study", "series", "image"]),
    default="study",
    show_default=True,
    help="The level of the retrieval.",
)
@click.option(
    "--via",
    type=click.Choice(["c-get", "c-move", "wado"]),
    help="How; by default what there is. c-move needs an AE title that the PACS knows.",
)
@click.option("--receiver", metavar="AE@HOST:PORT", help="Where c-move comes back to.")
@click.option("--destination", metavar="AE", help="Have c-move send to somebody else.")
@style_option
def retrieve(
    peer: Peer,
    deadline: Deadline,
    keys: tuple[str, ...],
    folder: Path,
    level: Literal["patient", "study", "series", "image"],
    via: Literal["c-get", "c-move", "wado"] | None,
    destination: str | None,
    style: Style,
) -> int:
    """Fetch what matches from a PACS into a folder (C-GET, C-MOVE or WADO-RS).

    Keys other than the unique ones of the level are looked up first. Exit code 1 when nothing matches, or
    when something did not come, came again or was not asked for.
    """
    from scenario_runner.app.files_fetched import FetchRequest, fetch
    from scenario_runner.app.typed_queries import keys as read_keys

    if destination is not None and via != "c-move":
        raise UsageError("--destination needs --via c-move")
    request = FetchRequest(
        level=level, match=read_keys(keys), folder=folder, via=via, destination=destination
    )
    fetched = fetch(peer.target, request, deadline)

    def rows() -> Iterator[dict[str, Any]]:
        for path, received in fetched.files:
            row = {
                "file": path.as_posix(),
                "sop_instance_uid": received.sop_instance_uid,
                "sop_class_uid": received.sop_class_uid,
                "transfer_syntax_uid": received.transfer_syntax_uid,
            }
            yield peer.clean(row)

    if style == "text":
        for path, received in fetched.files:
            words = f"{path.as_posix()}  {uid_name(received.transfer_syntax_uid)}"
            click.echo(printable(peer.clean(words)))
    else:
        print_rows(rows(), _FETCHED, style)
    for result in fetched.results:
        if result.status or result.failed:
            click.echo(
                f"status {result.status:04X} {printable(peer.clean(result.comment))}".rstrip()
                + f": {result.completed} sent, {result.warning} with a warning, {result.failed} failed",
                err=True,
            )
    missing = "found by C-FIND, and did not come"
    if destination is not None:
        missing = f"nothing was sent to {destination} of"
    for words, uids in (
        ("came again", fetched.repeated),
        ("not asked for", fetched.foreign),
        (missing, fetched.missing),
    ):
        if uids:
            click.echo(f"{words}: {printable(peer.clean(some(uids)))}", err=True)
    if destination is not None:
        sent = sum(result.completed + result.warning for result in fetched.results)
        remark(f"{amount(sent, 'instance')} sent to {destination} by {peer}")
        return 0 if fetched.accepted and sent and not fetched.missing else 1
    remark(f"{amount(len(fetched.files), 'instance')} retrieved from {peer}")
    return 0 if fetched.complete else 1
