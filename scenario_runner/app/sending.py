"""Studies of the service sent to a PACS on somebody's behalf: one sending, and what became of each instance."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.answers import StoreStatus
from scenario_runner.app.files_sent import send_files
from scenario_runner.app.peers import Peer, PeerRequest, opened
from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, Interrupted
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.studies.finding import facts_of

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service

LOGGER = logging.getLogger(__name__)

MOST_STUDIES: Final = 100
"""Of one sending."""
MOST_ASSOCIATIONS: Final = 16
_LONG: Final = 6 * 3_600.0
"""Seconds that a sending may take."""

Fate = Literal["acknowledged", "refused", "unanswered", "unsent"]
"""What became of an instance. Only the first is known to be there; *unanswered* went out whole, and nobody said
whether it is kept."""
State = Literal["waiting", "going", "sent", "incomplete", "stopped"]
"""Of a sending. It is *sent* only when every instance is acknowledged."""


@dataclass(frozen=True, slots=True)
class Result:
    """One instance. code: the status as the Standard writes it, ``HTTP 409``, or empty without an answer."""

    sop_instance_uid: str
    study_instance_uid: str
    fate: Fate
    code: str
    comment: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants sent. peer: to whom, as ``PeerRequest`` has it; studies: their UIDs."""

    asking: Asking
    peer: PeerRequest
    studies: tuple[str, ...]
    associations: int = 1


@dataclass(slots=True, eq=False)
class Sending:
    """A wish and how far it is. Written by one thread, read by any: lists only grow, and ``ended`` comes last."""

    number: str
    wish: Wish
    asked: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    began: dt.datetime | None = None
    ended: dt.datetime | None = None
    expected: dict[str, int] = field(default_factory=dict)
    """Instances of each study, once they are counted."""
    results: list[Result] = field(default_factory=list)
    problem: str = ""
    hint: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def total(self) -> int:
        """Instances of all studies."""
        return sum(tuple(self.expected.values()))

    @property
    def state(self) -> State:
        """By what is known now."""
        if self.ended is None:
            return "waiting" if self.began is None else "going"
        counts = self.counts()
        if self.total and counts["acknowledged"] == self.total and not self.problem:
            return "sent"
        return "stopped" if self.cancelled.is_set() else "incomplete"

    def counts(self) -> dict[str, int]:
        """How many of each fate, how many went out (``sent``), and how many are stored with a warning."""
        found = dict.fromkeys(("acknowledged", "refused", "unanswered", "unsent", "warnings"), 0)
        for one in tuple(self.results):
            found[one.fate] += 1
            found["warnings"] += one.is_warning
        found["sent"] = found["acknowledged"] + found["refused"] + found["unanswered"]
        return found

    def left_out(self) -> int:
        """Instances of which there is no result: nobody got as far as them."""
        return max(0, self.total - len(self.results))


def held_to(service: Service, wish: Wish) -> None:
    """Look at a wish before anything is sent.

    Raises Unacceptable for no studies, too many or a number of associations there is not, NotThere for a study that is
    not kept here, and what ``opened`` does: UsageError for what may be production and was not allowed.
    """
    if not wish.studies:
        raise Unacceptable("no-studies", "no study is chosen", hint="tick at least one")
    if len(wish.studies) > MOST_STUDIES:
        raise Unacceptable(
            "too-many-studies",
            f"{len(wish.studies)} studies are chosen; {MOST_STUDIES} are sent at once at most",
        )
    if not 1 <= wish.associations <= MOST_ASSOCIATIONS:
        raise Unacceptable(
            "no-number-of-associations", f"there can be 1 to {MOST_ASSOCIATIONS} associations"
        )
    for study in wish.studies:
        facts_of(service, study)
    with opened(wish.peer) as peer:
        if "store" not in peer.target.capabilities:
            raise Unacceptable(
                "no-storage",
                f"'{peer.name}' has no service that studies can be sent to",
                hint="that takes dicom or dicomweb in the site file",
            )
        if not peer.target.lasting:
            raise Unacceptable(
                "not-lasting",
                f"what is sent to '{peer.name}' would be gone at once",
                hint="it is embedded, and made anew each time it is opened",
            )


def send(service: Service, sending: Sending) -> None:
    """Send, and note each instance's status as it comes. Raises nothing: what went wrong is said in ``problem``.

    The audit trail has an entry for each study before its first byte goes out, and one with what became of it.
    """
    sending.began = dt.datetime.now(dt.UTC)
    begun: list[str] = []
    try:
        with opened(sending.wish.peer) as peer, ExitStack() as kept:
            _send(service, sending, peer, kept, begun)
    except Interrupted:
        sending.cancelled.set()  # by whomever
    except FabricatorError as error:
        sending.problem, sending.hint = str(error), error.hint or ""
    except Exception:
        LOGGER.exception("sending %s has failed", sending.number)
        sending.problem = "a defect of this program; its log says more"
    finally:
        try:
            for study in begun:
                _note_end(service, sending, study)
        except FabricatorError:
            LOGGER.exception("what became of sending %s could not be noted", sending.number)
        sending.ended = dt.datetime.now(dt.UTC)


def _send(
    service: Service, sending: Sending, peer: Peer, kept: ExitStack, begun: list[str]
) -> None:
    studies: dict[Path, tuple[str, str]] = {}
    deadline = Deadline(_LONG, sending.cancelled)
    for study in sending.wish.studies:
        deadline.check()
        files = kept.enter_context(service.home.files(study))
        found = {path: (study, facts.sop_instance_uid) for facts, path in files}
        studies |= found
        sending.expected[study] = len(found)
    for study in sending.wish.studies:
        _note(service, sending, Activity.SENDING, study, Outcome.SUCCESS, {})
        begun.append(study)
    for one in send_files(peer.target, studies, deadline, associations=sending.wish.associations):
        study, uid = studies[one.file]
        sending.results.append(_result(study, uid, one.status, peer))


def _result(study: str, uid: str, status: StoreStatus, peer: Peer) -> Result:
    code = "" if status.status is None else f"{status.status:04X}"
    if status.http is not None:
        code = f"{code} HTTP {status.http}".strip()
    fate: Fate = "unsent"
    if status.stored:
        fate = "acknowledged"
    elif code:
        fate = "refused"
    elif status.maybe_stored:
        fate = "unanswered"
    return Result(
        sop_instance_uid=uid,
        study_instance_uid=study,
        fate=fate,
        code=code,
        comment=str(peer.clean(status.comment)),
        is_warning=status.kind == "warning",
    )


def _note_end(service: Service, sending: Sending, study: str) -> None:
    fates = [one.fate for one in sending.results if one.study_instance_uid == study]
    expected, acknowledged = sending.expected[study], fates.count("acknowledged")
    is_whole = 0 < expected == acknowledged
    detail: dict[str, Any] = {
        "instances": expected,
        "acknowledged": acknowledged,
        "refused": fates.count("refused"),
        "unanswered": fates.count("unanswered"),
    }
    if not is_whole:
        why = sending.problem or ("stopped" if sending.cancelled.is_set() else "not all were taken")
        detail["why"] = why
    outcome = Outcome.SUCCESS if is_whole else Outcome.FAILED
    _note(service, sending, Activity.SENT, study, outcome, detail)


def _note(
    service: Service,
    sending: Sending,
    what: Activity,
    study: str,
    outcome: Outcome,
    detail: Mapping[str, Any],
) -> None:
    asking = sending.wish.asking
    told = {"to": sending.wish.peer.peer, "sending": sending.number, **detail}
    service.trail.record(asking.caller, what, study, asking.from_where, outcome, told)
