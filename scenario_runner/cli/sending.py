"""``fabricate pacs send``: files to a PACS, and what became of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.answers import answer_in_a_word
from scenario_runner.cli.options import (
    examples,
)
from scenario_runner.cli.peer_options import peer_options
from scenario_runner.cli.rows import Style, print_row, print_rows, style_option
from scenario_runner.cli.wrapping import printable
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.errors import FabricatorError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import Deadline, StoreStatus
    from scenario_runner.app.files_sent import Sent
    from scenario_runner.app.peers import Peer


_SENT = ["file", "status", "class", "comment", "sop_instance_uid", "maybe_stored"]

_NAMED = 5
"""Files that are named before the rest are counted."""


@click.command(
    short_help="Send DICOM files to a PACS (C-STORE, STOW-RS).",
    epilog=examples(
        "fabricate pacs send ORTHANC@127.0.0.1:4242 outgoing",
        "fabricate pacs send http://127.0.0.1:8042/dicom-web image.dcm --via stow",
    ),
)
@peer_options(None)
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--associations",
    type=click.IntRange(1, 64),
    metavar="N",
    default=1,
    show_default=True,
    help="So many at once.",
)
@click.option(
    "--via", type=click.Choice(["c-store", "stow"]), help="How; by default what there is."
)
@style_option
def send(
    peer: Peer,
    deadline: Deadline,
    paths: tuple[Path, ...],
    associations: int,
    via: str | None,
    style: Style,
) -> int:
    """Send DICOM files to a PACS (C-STORE or STOW-RS), as they are.

    PATH is a file or a folder. Each file goes in the transfer syntax it has, or, where the PACS accepts nothing
    else and nothing is lost by it, in Implicit VR Little Endian, which is told. Exit code 1 when one was refused.
    """
    from scenario_runner.app.files_sent import send_files

    count = _Count()
    if style == "csv":
        print_rows([], _SENT, style)

    def told() -> None:
        text = f"{count.stored} of {count.total} stored by {peer}{count.recoded}{count.rest}"
        click.echo(text, err=style != "text")
        if count.passed_over:
            click.echo(printable(count.no_dicom), err=True)

    sending = send_files(
        peer.target.by(via),
        paths,
        deadline,
        associations=associations,
        counted=count.expect,
        passed_over=count.passed_over.append,
    )
    try:
        for sent in sending:
            count.take(sent.status)
            _show_sent(peer, sent, style)
    except FabricatorError:
        # The connection was lost, or the time is over: what had become of each is told all the same.
        if count.total:
            told()
        raise
    told()
    return 0 if count.stored == count.total else 1


@dataclass(slots=True)
class _Count:
    """How many files were stored, and what became of the others; the parts add up."""

    total: int = 0
    said: int = 0
    stored: int = 0
    refused: int = 0
    perhaps: int = 0
    sent_as: Counter[str] = field(default_factory=Counter)
    """What could not go as it is: names of the transfer syntaxes it went in instead."""
    passed_over: list[Path] = field(default_factory=list)
    """Files of a folder that are no DICOM."""

    def expect(self, files: int) -> None:
        """So many more are going to be sent."""
        self.total = self.said + files

    def take(self, status: StoreStatus) -> None:
        """What became of one."""
        self.said += 1
        self.total = max(self.total, self.said)
        if status.sent_as:
            self.sent_as[uid_name(status.sent_as)] += 1
        if status.stored:
            self.stored += 1
        elif status.maybe_stored:
            self.perhaps += 1
        elif status.status is not None:
            self.refused += 1

    @property
    def recoded(self) -> str:
        """``, 2 sent as Implicit VR Little Endian, which alone was accepted``."""
        parts = "".join(f", {n} sent as {name}" for name, n in self.sent_as.items())
        return f"{parts}, which alone was accepted" if parts else ""

    @property
    def no_dicom(self) -> str:
        """``passed over, as no DICOM: notes.txt, a.json and 3 more``."""
        named = ", ".join(path.as_posix() for path in self.passed_over[:_NAMED])
        more = len(self.passed_over) - _NAMED
        return f"passed over, as no DICOM: {named}" + (f" and {more} more" if more > 0 else "")

    @property
    def rest(self) -> str:
        """``, 1 refused, 15 not sent``."""
        rest = {"refused": self.refused, "perhaps stored": self.perhaps}
        rest["not sent"] = self.total - self.stored - sum(rest.values())
        return "".join(f", {n} {what}" for what, n in rest.items() if n)


def _show_sent(peer: Peer, sent: Sent, style: Style) -> None:
    status = sent.status
    kind = status.kind
    recoded = f"sent as {uid_name(status.sent_as)}" if status.sent_as else ""
    row = {
        "file": sent.file.as_posix(),
        "status": None if status.status is None else f"{status.status:04X}",
        "class": kind,
        "comment": peer.clean("; ".join(filter(None, (status.comment, recoded)))),
        "sop_instance_uid": status.sop_instance_uid,
        "maybe_stored": status.maybe_stored,
    }
    if style == "text":
        _print_sent(row)
    else:
        print_row(row, _SENT, style)


def _print_sent(row: dict[str, Any]) -> None:
    colour = {"success": "green", "warning": "yellow"}.get(row["class"], "red")
    said = row["class"]
    if said == "unknown":  # nothing was answered: whether the PACS may have it is what matters
        said = answer_in_a_word(None, told=False, maybe_stored=row["maybe_stored"])
    word = click.style(f"{said:<7}", fg=colour)
    rest = printable(f"{row['file']}  {row['comment']}").rstrip()
    click.echo(f"{row['status'] or '----'}  {word}  {rest}")
