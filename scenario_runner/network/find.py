"""C-FIND: queries over one association, one after the other (PS3.4 C.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import statuses
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import OperationFailed, ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network import queries
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import Context, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from pydicom import Dataset

    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.retrieve_keys import QueryLevel
    from scenario_runner.ul.peer import Peer

_MEDIUM_PRIORITY = 0
_ASKED: tuple[QueryLevel, ...] = ("study", "patient", "worklist")
"""A level of each information model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswer:
    """All matches of one query.

    status: the final one. cancelled: we had enough and said so. unsupported_keys: the peer answered
    FF01, that it did not support optional keys (PS3.4 C.4.1.1.4). ended_early: it ended with FE00, of which nobody spoke,
    and has more than these matches.
    """

    matches: list[Dataset]
    status: int
    cancelled: bool = False
    unsupported_keys: bool = False
    ended_early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question. identifier: with QueryRetrieveLevel (but for the worklist) and character set.

    limit: of matches; the peer is asked to cancel when there are more.
    """

    level: QueryLevel
    identifier: Dataset
    limit: int | None = None
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of the association it is asked on."""
    may_end_early: bool = False
    """Whether who asks hears of an answer that ended early; otherwise it is a failure."""


def find(
    peer: Peer,
    asked: Iterable[Query],
    deadline: Deadline,
    *,
    relational: bool = False,
    fuzzy: bool = False,
) -> Generator[FindAnswer, None, None]:
    """Ask each query in turn over one association, yielding its answer; queries are pulled lazily.

    The patient level is asked in the patient root information model, the worklist in its own, the
    others in study root; all three are proposed. relational, fuzzy: negotiate queries without the
    unique keys above their level, and fuzzy matching of person names (PS3.4 C.5.1.1); what the peer
    grants is in the evidence.
    Raises OperationFailed for a failure status, other TargetErrors for a broken exchange, or what
    the deadline raises.
    """
    # Relational queries, combined date and time matching, fuzzy semantic matching.
    wishes = bytes((relational, 0, fuzzy)) if relational or fuzzy else b""
    proposals = [
        Proposal(
            abstract_syntax=queries.find_class(level),
            transfer_syntaxes=PLAIN,
            extended=wishes if level != "worklist" else b"",
        )
        for level in _ASKED
    ]
    with Association.open(peer, proposals, deadline) as association:
        for query in asked:
            if query.opened is not None:
                query.opened(association.evidence.plain())
            sop_class = queries.find_class(query.level)
            context = association.context(sop_class, f"C-FIND at the {query.level} level")
            yield _find_one(association, context, query)


def _find_one(association: Association, context: Context, query: Query) -> FindAnswer:
    assert context.transfer_syntax is not None
    peer = association.peer
    message_id = association.next_message_id()
    association.send(
        context.id,
        {
            Element.AFFECTED_SOP_CLASS_UID: context.abstract_syntax,
            Element.COMMAND_FIELD: Field.C_FIND_RQ,
            Element.MESSAGE_ID: message_id,
            Element.PRIORITY: _MEDIUM_PRIORITY,
        },
        [queries.encode(query.identifier, context.transfer_syntax)],
    )
    matches: list[Dataset] = []
    cancelled = unsupported = False
    size = 0
    for _ in range(peer.limits.responses + 1):
        message = association.response(Field.C_FIND_RQ, message_id, context.id)
        status = message.status
        if status not in statuses.STILL_PENDING:
            early = status == statuses.CANCELLED and not cancelled and bool(matches)
            if not (early and query.may_end_early):
                comment = commands.comment(message.command)
                _raise_for_failure(peer, status, comment, cancelled=cancelled)
            return FindAnswer(
                matches=matches,
                status=status,
                cancelled=cancelled,
                unsupported_keys=unsupported,
                ended_early=early,
            )
        unsupported = unsupported or status == statuses.PENDING_UNSUPPORTED_KEYS
        if cancelled:
            continue
        if message.data is None:
            raise peer.error(
                ProtocolViolation,
                "the peer broke the protocol",
                "it sent a match without identifier",
            )
        if query.limit is not None and len(matches) >= query.limit:
            cancel(association, context.id, message_id)
            cancelled = True
            continue
        size += sum(map(len, message.data))
        if size > peer.limits.matches:
            raise peer.error(
                ProtocolViolation,
                "the peer broke the protocol",
                f"its matches take more than {peer.limits.matches} bytes",
            )
        matches.append(queries.decode(message.whole(), context.transfer_syntax, peer))
    raise peer.error(
        ProtocolViolation,
        "the peer broke the protocol",
        f"it sent more than {peer.limits.responses} pending responses",
    )


def cancel(association: Association, context_id: int, message_id: int) -> None:
    """Ask the peer to stop answering a request (C-CANCEL, PS3.7 9.3.2.3)."""
    association.send(
        context_id,
        {
            Element.COMMAND_FIELD: Field.C_CANCEL_RQ,
            Element.MESSAGE_ID_BEING_RESPONDED_TO: message_id,
        },
    )


def _raise_for_failure(peer: Peer, status: int, comment: str, *, cancelled: bool) -> None:
    if status == statuses.SUCCESS or (cancelled and status == statuses.CANCELLED):
        return
    words = {
        statuses.OUT_OF_RESOURCES: "out of resources",
        statuses.DATA_SET_DOES_NOT_MATCH: "identifier does not match SOP class",
        statuses.CANCELLED: "matching terminated, though nobody cancelled",
        statuses.SOP_CLASS_NOT_SUPPORTED: "SOP class not supported",
        statuses.NOT_AUTHORIZED: "not authorized",
    }.get(
        status, "unable to process" if status & 0xF000 == statuses.UNABLE_TO_PROCESS else "failed"
    )
    raise peer.error(
        OperationFailed,
        "C-FIND failed",
        f"status {status:04X}H, {words}{f': {comment}' if comment else ''}",
    )
