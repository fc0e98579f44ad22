"""What the embedded PACS does: which SOP classes it takes and which function answers which request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydicom.config import IGNORE
from pydicom.uid import UID

from scenario_runner.dicom.sop_classes import (
    FIND,
    GET,
    MOVE,
    SERVICES,
    STANDARD_ARC,
    is_storage,
)
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.pacs.association import Association, Message
from scenario_runner.ul.associate_pdus import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
    AssociationRequest,
    Context,
    ProposedContext,
)
from scenario_runner.ul.commands import Field

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.pacs.commitment import Reports
    from scenario_runner.pacs.misbehaviour import Misbehaviour
    from scenario_runner.pacs.mpps import PerformedSteps
    from scenario_runner.pacs.options import PacsOptions

_RELATIONAL: Final = 0
"""Byte of extended negotiation that stands for relational queries (PS3.4 C.5.1.1)."""
_PERIODS: Final = 1
"""The one that stands for combined matching of dates and times, of queries only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What answering takes besides the association."""

    archive: Archive
    options: PacsOptions
    ae_title: str
    worklist: Path
    """The folder of worklist items."""
    steps: PerformedSteps
    misbehaviour: Misbehaviour
    reports: Reports
    """Storage commitments that are to be told on a later association."""
    stopping: threading.Event
    """Set when the PACS stops."""
    later: Callable[[Callable[[], None]], None]
    """Does something in a thread of its own, which the PACS waits for when it stops."""


Handler = Callable[[Desk, Association, Message], None]


def handlers() -> dict[int, Handler]:
    """The function that answers each kind of request, by Command Field."""
    from scenario_runner.pacs.commitment import answer_commitment
    from scenario_runner.pacs.move import answer_move
    from scenario_runner.pacs.mpps import N_CREATE_RQ, N_SET_RQ, answer_create, answer_set
    from scenario_runner.pacs.query import answer_find
    from scenario_runner.pacs.retrieve import answer_get
    from scenario_runner.pacs.storage import answer_echo, answer_store

    return {
        Field.C_ECHO_RQ: answer_echo,
        Field.C_STORE_RQ: answer_store,
        Field.C_FIND_RQ: answer_find,
        Field.C_GET_RQ: answer_get,
        Field.C_MOVE_RQ: answer_move,
        Field.N_ACTION_RQ: answer_commitment,
        N_CREATE_RQ: answer_create,
        N_SET_RQ: answer_set,
    }


def negotiate(request: AssociationRequest, options: PacsOptions) -> list[Context]:
    """The answer to every proposed context (PS3.8 9.3.3.2): the first transfer syntax that will do."""
    return [_negotiate(proposed, request, options) for proposed in request.contexts]


def _negotiate(
    proposed: ProposedContext, request: AssociationRequest, options: PacsOptions
) -> Context:
    uid = proposed.abstract_syntax
    refused = proposed.transfer_syntaxes[0] if proposed.transfer_syntaxes else ""
    if uid in SERVICES:
        usable = [one for one in proposed.transfer_syntaxes if one in PLAIN]
        peer_is_scp = False
    elif is_taken(uid, options):
        usable = [one for one in proposed.transfer_syntaxes if is_taken_in(one, options)]
        role = request.roles.get(uid)
        peer_is_scp = role is not None and role.scp
    else:
        return Context(proposed.id, uid, refused, ABSTRACT_SYNTAX_NOT_SUPPORTED)
    if not usable:
        return Context(proposed.id, uid, refused, TRANSFER_SYNTAXES_NOT_SUPPORTED)
    return Context(proposed.id, uid, usable[0], peer_is_scp=peer_is_scp)


def is_taken(sop_class_uid: str, options: PacsOptions) -> bool:
    """Whether instances of this class are stored here."""
    return is_storage(sop_class_uid) and _among(options.sop_classes, sop_class_uid)


def is_taken_in(transfer_syntax_uid: str, options: PacsOptions) -> bool:
    """Whether instances in this transfer syntax are stored here."""
    return _is_transfer_syntax(transfer_syntax_uid) and _among(
        options.transfer_syntaxes, transfer_syntax_uid
    )


def _among(allowed: frozenset[str] | None, uid: str) -> bool:
    return allowed is None or uid in allowed


def _is_transfer_syntax(uid: str) -> bool:
    kind = UID(uid, IGNORE).type
    return kind == "Transfer Syntax" or (not kind and not uid.startswith(STANDARD_ARC))


def negotiate_extended(request: AssociationRequest) -> dict[str, bytes]:
    """The extended negotiation that is granted (PS3.4 C.5).

    Relational queries and retrievals, and dates and times matched as one.
    """
    wanted = {
        uid: value for uid, value in request.extended.items() if uid in {**FIND, **GET, **MOVE}
    }
    return {
        uid: value[: 1 + (_PERIODS if uid in FIND else 0)].ljust(len(value), b"\0")
        for uid, value in wanted.items()
        if value
    }


def is_relational(desk: Desk, association: Association, sop_class_uid: str) -> bool:
    """Whether unique keys above the level may be left out."""
    value = association.request.extended.get(sop_class_uid, b"")
    return desk.options.relational_queries or bool(value and value[_RELATIONAL])


def has_periods(association: Association, sop_class_uid: str) -> bool:
    """Whether a range of dates and one of times are one period: only when negotiated (PS3.4 C.5.1.1)."""
    value = association.request.extended.get(sop_class_uid, b"")
    return len(value) > _PERIODS and bool(value[_PERIODS])


def comment(problem: object) -> str:
    """An Error Comment (LO, 64 characters of ASCII)."""
    return " ".join(str(problem).split()).encode("ascii", "replace").decode("ascii")[:64]


def joined(message: Message) -> bytes:
    """The data set of a message in one piece; for identifiers, which are small."""
    return b"".join(message.data)


def accepted_for_sub_operations(contexts: Sequence[Context]) -> dict[tuple[str, str], int]:
    """Context id by SOP class and transfer syntax in which the requestor takes C-STOREs."""
    return {
        (context.abstract_syntax, context.transfer_syntax): context.id
        for context in contexts
        if context.peer_is_scp
    }
