"""``fabricate pacs echo|send|query|retrieve``: small questions to any PACS."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import (
    examples,
    peer_site_option,
    production_option,
    surroundings,
)
from scenario_runner.cli.rows import Style, print_row, print_rows, printable, style_option
from scenario_runner.cli.signals import on_signal
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.engine.services import Control
from scenario_runner.errors import FabricatorError, PeerTimeout, StepTimeout

if TYPE_CHECKING:
    from scenario_runner.api import Deadline, StoreStatus
    from scenario_runner.app.client import Sent
    from scenario_runner.app.peers import Peer

_SENT = ["file", "status", "class", "comment", "sop_instance_uid"]
_FETCHED = ["file", "sop_instance_uid", "sop_class_uid", "transfer_syntax_uid"]


def _peer_options(
    timeout: float | None, *, web: bool = True
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """PEER and how to speak to it; the command gets it opened, and a deadline.

    web: whether PEER can be a URL, which the help then says.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @click.argument("peer")
        @peer_site_option
        @click.option("--ae-title", "--aet", "called", metavar="AE", help="The AE title to call.")
        @click.option("--calling", metavar="AE", help="Our AE title.")
        @click.option(
            "--timeout",
            type=click.FloatRange(0.1),
            metavar="SECONDS",
            default=timeout,
            show_default=timeout is not None,
            help="How long it may take altogether.",
        )
        @production_option
        @functools.wraps(function)
        def command(
            peer: str,
            site: Path | None,
            called: str | None,
            calling: str | None,
            timeout: float | None,
            allow_production: bool,
            receiver: str | None = None,
            **others: Any,
        ) -> int:
            from scenario_runner.app.peers import PeerRequest, opened
            from scenario_runner.deadline import Deadline

            request = PeerRequest(
                peer=peer,
                site=site,
                called=called,
                calling=calling,
                receiver=receiver,
                allow_production=allow_production,
                around=surroundings(),
            )
            control = Control()
            try:
                with on_signal(control.interrupt), opened(request) as opened_peer:
                    return function(opened_peer, Deadline(timeout, control.stop), **others)
            except StepTimeout as error:
                raise PeerTimeout(f"'{peer}' {error}", hint="allow more with --timeout") from None

        command.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{_PEER}{_WEB[web]}"
        return command

    return decorate


_PEER = (
    "PEER is the name of a target in the site file, or AE@HOST:PORT, or HOST:PORT with --ae-title"
)
_WEB = {True: "; or the URL of a DICOMweb service.", False: "."}


@click.command(
    short_help="Ask whether a PACS answers (C-ECHO).",
    epilog=examples(
        "fabricate pacs echo ORTHANC@127.0.0.1:4242", "fabricate pacs echo pacs --site north.yaml"
    ),
)
@_peer_options(10.0, web=False)
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
    if style == "text":
        click.echo(f"{peer} answered {row['status']} in {answer.seconds * 1000:.0f} ms")
    else:
        print_rows([row], list(row), style)
    return 0 if answer.status == statuses.SUCCESS else 4


@click.command(
    short_help="Send DICOM files to a PACS (C-STORE, STOW-RS).",
    epilog=examples(
        "fabricate pacs send ORTHANC@127.0.0.1:4242 outgoing",
        "fabricate pacs send http://127.0.0.1:8042/dicom-web image.dcm --via stow",
    ),
)
@_peer_options(None)
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
    from scenario_runner.app.client import send_files

    count = _Count()
    if style == "csv":
        print_rows([], _SENT, style)

    def told() -> None:
        text = f"{count.stored} of {count.total} stored by {peer}{count.recoded}{count.rest}"
        click.echo(text, err=style != "text")

    sending = send_files(
        peer.target.by(via), paths, deadline, associations=associations, counted=count.expect
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
        "comment": "; ".join(filter(None, (peer.clean(status.comment), recoded))),
        "sop_instance_uid": status.sop_instance_uid,
    }
    if style == "text":
        _print_sent(row)
    else:
        print_row(row, _SENT, style)


def _print_sent(row: dict[str, Any]) -> None:
    colour = {"success": "green", "warning": "yellow"}.get(row["class"], "red")
    word = click.style(f"{row['class']:<7}", fg=colour)
    rest = printable(f"{row['file']}  {row['comment']}").rstrip()
    click.echo(f"{row['status'] or '----'}  {word}  {rest}")


@click.command(
    short_help="Ask a PACS what it has (C-FIND, QIDO-RS).",
    epilog=examples(
        "fabricate pacs query ORTHANC@127.0.0.1:4242 study PatientName='CITIZEN*'",
        "fabricate pacs query pacs series --site north.yaml --format csv",
    ),
)
@_peer_options(None)
@click.argument(
    "level",
    metavar="LEVEL",
    type=click.Choice(["patient", "study", "series", "image", "worklist"]),
)
@click.argument("keys", metavar="[KEYWORD=VALUE]...", nargs=-1)
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
    the Standard says. Without keys, the PACS is asked for everything.
    """
    from scenario_runner.app.client import ask, keyword_of
    from scenario_runner.app.client import keys as read_keys

    match = read_keys(keys)
    wanted = [keyword_of(name) for text in returned for name in text.split(",")]
    usual = () if keys or returned else _USUAL[level]
    answers = ask(peer.target.by(via), level, match, (*wanted, *usual), limit, deadline)
    found = answers.matches
    columns = dict.fromkeys([*match, *wanted, *usual, *(key for row in found for key in row)])
    hidden = {"QueryRetrieveLevel", "SpecificCharacterSet", "RetrieveAETitle"} - {*match, *wanted}
    shown = [name for name in columns if name not in hidden]
    print_rows(found, shown, style)
    for words in filter(None, (answers.problem, answers.note)):
        click.echo(words, err=True)
    click.echo(f"{amount(len(found), 'match')} on {peer}", err=True)
    return 1 if answers.problem else 0


_USUAL = {
    "patient": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "study": (
        "StudyDate", "AccessionNumber", "PatientID", "PatientName", "ModalitiesInStudy",
        "StudyDescription", "StudyInstanceUID",
    ),
    "series": ("SeriesNumber", "Modality", "SeriesDescription", "SeriesInstanceUID"),
    "image": ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
    "worklist": ("AccessionNumber", "PatientID", "PatientName", "ScheduledProcedureStepStartDate",
                 "ScheduledStationAETitle", "Modality"),
}  # fmt: skip
"""What is asked for when nobody says."""


@click.command(
    short_help="Fetch studies (C-GET, C-MOVE, WADO-RS).",
    epilog=examples(
        "fabricate pacs retrieve ORTHANC@127.0.0.1:4242 AccessionNumber=A100",
        "fabricate pacs retrieve pacs PatientID=P1 --level patient --site north.yaml",
    ),
)
@_peer_options(None)
@click.argument("keys", metavar="KEYWORD=VALUE...", nargs=-1, required=True)
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
    when something did not come.
    """
    from scenario_runner.app.client import FetchRequest, fetch
    from scenario_runner.app.client import keys as read_keys
    from scenario_runner.errors import UsageError

    if destination is not None and via != "c-move":
        raise UsageError("--destination needs --via c-move")
    request = FetchRequest(
        level=level, match=read_keys(keys), folder=folder, via=via, destination=destination
    )
    fetched = fetch(peer.target, request, deadline)

    def rows() -> Iterator[dict[str, Any]]:
        for path, received in fetched.files:
            yield {
                "file": path.as_posix(),
                "sop_instance_uid": received.sop_instance_uid,
                "sop_class_uid": received.sop_class_uid,
                "transfer_syntax_uid": received.transfer_syntax_uid,
            }

    if style == "text":
        from scenario_runner.dicom.dictionary import uid_name

        for path, received in fetched.files:
            click.echo(
                f"{printable(path.as_posix())}  {printable(uid_name(received.transfer_syntax_uid))}"
            )
    else:
        print_rows(rows(), _FETCHED, style)
    for result in fetched.results:
        if result.status or result.failed:
            click.echo(
                f"status {result.status:04X} {printable(peer.clean(result.comment))}".rstrip()
                + f": {result.completed} sent, {result.failed} failed",
                err=True,
            )
    if destination is not None:
        sent = sum(result.completed + result.warning for result in fetched.results)
        click.echo(f"{amount(sent, 'instance')} sent to {destination} by {peer}", err=True)
        return 0 if fetched.accepted and sent else 1
    click.echo(f"{amount(len(fetched.files), 'instance')} retrieved from {peer}", err=True)
    return 0 if fetched.complete else 1
