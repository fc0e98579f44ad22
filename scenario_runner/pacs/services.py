"""What the embedded PACS does: which SOP classes it takes and which function answers which request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import registered
from scenario_runner.dicom.sop_classes import FIND, GET, MOVE, SERVICES, STANDARD_ARC, is_storage
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.pacs.commitment import answer_commitment
from scenario_runner.pacs.move import answer_move
from scenario_runner.pacs.mpps import answer_create, answer_set
from scenario_runner.pacs.query import answer_find
from scenario_runner.pacs.retrieve import answer_get
from scenario_runner.pacs.storage import answer_echo, answer_store
from scenario_runner.ul.accepting import refused, taken
from scenario_runner.ul.commands import Field
from scenario_runner.ul.contexts import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
    Context,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.pacs.desk import Handler
    from scenario_runner.pacs.options import PacsOptions
    from scenario_runner.ul.associate_pdus import AssociationRequest, ProposedContext

HANDLERS: Final[Mapping[int, Handler]] = {
    Field.C_ECHO_RQ: answer_echo,
    Field.C_STORE_RQ: answer_store,
    Field.C_FIND_RQ: answer_find,
    Field.C_GET_RQ: answer_get,
    Field.C_MOVE_RQ: answer_move,
    Field.N_ACTION_RQ: answer_commitment,
    Field.N_CREATE_RQ: answer_create,
    Field.N_SET_RQ: answer_set,
}
"""The function that answers each kind of request."""


_OF_QUERIES: Final = 2
"""Bytes of extended negotiation that are granted: relational queries, periods (PS3.4 C.5.1.1)."""
_OF_RETRIEVALS: Final = 1
"""Relational retrieval (PS3.4 C.5.2.1)."""


def negotiate(request: AssociationRequest, options: PacsOptions) -> list[Context]:
    """The answer to every proposed context (PS3.8 9.3.3.2): the first transfer syntax that will do.

    For instances that the requestor is only to receive (C-GET), it is the first that is not compressed, if
    there is one: in that, each of them can come. The SCP role is granted for storage only; of extended negotiation, relational queries and
    retrievals are, and dates and times matched as one (PS3.4 C.5).
    """
    return [_negotiate(proposed, request, options) for proposed in request.contexts]


def _negotiate(
    proposed: ProposedContext, request: AssociationRequest, options: PacsOptions
) -> Context:
    uid = proposed.abstract_syntax
    scp, extended = False, b""
    if uid in SERVICES:
        usable = [one for one in proposed.transfer_syntaxes if one in PLAIN]
        if uid in FIND or uid in GET or uid in MOVE:
            wanted = request.user.extended.get(uid, b"")
            granted = _OF_QUERIES if uid in FIND else _OF_RETRIEVALS
            extended = wanted[:granted].ljust(len(wanted), b"\0")
    elif is_taken(uid, options):
        usable = [one for one in proposed.transfer_syntaxes if is_taken_in(one, options)]
        role = request.user.roles.get(uid)
        scp = role is not None and role.scp
        if role is not None and role.scp and not role.scu:
            # What is only to be sent here can be sent uncompressed whatever it is, and compressed not.
            usable.sort(key=lambda one: one not in PLAIN)
    else:
        return refused(proposed, ABSTRACT_SYNTAX_NOT_SUPPORTED)
    if not usable:
        return refused(proposed, TRANSFER_SYNTAXES_NOT_SUPPORTED)
    return taken(proposed, usable[0], scp=scp, extended=extended)


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
    kind = registered(uid).kind
    return kind == "Transfer Syntax" or (not kind and not uid.startswith(STANDARD_ARC))
