"""``fabricate pacs delete``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import examples
from scenario_runner.cli.peer_options import keys_argument, peer_options
from scenario_runner.cli.questions import confirmed
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import Declined, TargetError, UsageError

if TYPE_CHECKING:
    from scenario_runner.api import Deadline
    from scenario_runner.app.peers import Peer

_ASKED = (
    "StudyDate", "AccessionNumber", "PatientID", "PatientName", "StudyDescription",
    "StudyInstanceUID",
)  # fmt: skip
_COLUMNS = [*_ASKED]


@click.command(
    short_help="Delete studies, where the PACS lets it.",
    epilog=examples(
        "fabricate pacs delete pacs AccessionNumber=2026AB0000001 --site north.yaml",
        "fabricate pacs delete pacs PatientID=PID000001 --site north.yaml --yes",
    ),
)
@peer_options(None)
@keys_argument
@click.option(
    "--via",
    type=click.Choice(["orthanc", "dicomweb"]),
    help="How; by default what there is. DELETE over DICOMweb is no part of the Standard.",
)
@click.option("--yes", "-y", is_flag=True, help="Delete without asking.")
@style_option
def delete(
    peer: Peer,
    deadline: Deadline,
    keys: tuple[str, ...],
    via: str | None,
    yes: bool,
    style: Style,
) -> int:
    """Delete the studies that match from a PACS, after they were shown and you said yes.

    DICOM itself has no way to delete. This one goes by the REST API of Orthanc ('orthanc' in the site file), or by
    DELETE over DICOMweb, which many servers take. Where nobody can be asked, --yes is needed. Exit code 1 when nothing
    matches, or when a study is still there.
    """
    from scenario_runner.api import FindRequest
    from scenario_runner.app.typed_queries import ask
    from scenario_runner.app.typed_queries import keys as read_keys

    match = read_keys(keys)
    if not any(str(value).strip("*?") for value in match.values()):
        raise UsageError(
            "these keys match every study", hint="give a key with a value that is no wildcard"
        )
    target = peer.target.by(via)
    if via is None and "delete" not in target.capabilities:
        target.delete([], deadline)  # says what it lacks
    request = FindRequest(level="study", match=match, returned=_ASKED)
    found = ask(peer.target, request, deadline)
    if found.problem:
        raise TargetError(
            f"'{peer}' answers with what was not asked for, so nothing is deleted: {found.problem}",
            target=None,
        )
    studies: dict[str, dict[str, Any]] = {
        str(row["StudyInstanceUID"]): row for row in found.matches if row.get("StudyInstanceUID")
    }
    if not studies:
        remark(f"0 matches on {peer}")
        return 1
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(
                f"{amount(len(studies), 'study')} would be deleted, and nobody can be asked",
                hint="look at them with fabricate pacs query, and add --yes",
            )
        print_rows(studies.values(), _COLUMNS, "text")
        if not confirmed(f"Delete {amount(len(studies), 'study')} from {peer}?", default=False):
            raise Declined("nothing was deleted")
    gone = set(target.delete(list(studies), deadline))
    rows = [{**row, "deleted": uid in gone} for uid, row in studies.items()]
    if style == "text":
        rows = [{**row, "deleted": "yes" if row["deleted"] else "no"} for row in rows]
    print_rows(rows, ["deleted", *_COLUMNS], style)
    remark(f"{len(gone)} of {amount(len(studies), 'study')} deleted from {peer}")
    return 0 if len(gone) == len(studies) else 1
