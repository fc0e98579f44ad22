"""C-FIND answered (PS3.4 C.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.archive.elements import (
    DamagedDatasetError,
    Encoding,
    encoding_of,
    read_elements,
    write_elements,
)
from scenario_runner.archive.keys import Match
from scenario_runner.archive.levels import BY_TAG
from scenario_runner.archive.query import InvalidIdentifierError, Query, level_of
from scenario_runner.archive.values import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.network.commands import Element
from scenario_runner.pacs.services import FIND, Desk, comment, is_relational, joined

if TYPE_CHECKING:
    from scenario_runner.pacs.association import Association, Message
    from scenario_runner.pacs.misbehaviour import Misbehaviour

SUCCESS = 0x0000
PENDING, PENDING_UNSUPPORTED_KEYS = 0xFF00, 0xFF01
CANCELLED = 0xFE00
IDENTIFIER_DOES_NOT_MATCH = 0xA900
UNABLE_TO_PROCESS = 0xC000
_COUNTS: Final = frozenset(
    tag for tag, one in BY_TAG.items() if one.keyword.startswith("NumberOf") and one.computed
)
SOP_CLASS_NOT_SUPPORTED = 0x0122


def answer_find(desk: Desk, association: Association, message: Message) -> None:
    """One pending response for each match, then the final one; C-CANCEL ends it with FE00."""
    context = association.contexts[message.context_id]
    model = FIND.get(context.abstract_syntax)
    if model is None:
        association.respond(message, SOP_CLASS_NOT_SUPPORTED)
        return
    encoding = encoding_of(context.transfer_syntax)
    try:
        identifier = read_elements(joined(message), encoding)
        query = Query.of(
            level_of(identifier),
            model,
            identifier,
            relational=is_relational(desk, association, context.abstract_syntax),
        )
    except InvalidIdentifierError as error:
        association.respond(
            message, IDENTIFIER_DOES_NOT_MATCH, {Element.ERROR_COMMENT: comment(error)}
        )
        return
    except DamagedDatasetError as error:
        association.respond(message, UNABLE_TO_PROCESS, {Element.ERROR_COMMENT: comment(error)})
        return
    matches = query.run(desk.archive, desk.ae_title)
    pending = PENDING_UNSUPPORTED_KEYS if matches.unsupported else PENDING
    for match in matches:
        if association.is_cancelled(message.id):
            association.respond(message, CANCELLED)
            return
        data = _encoded(desk.misbehaviour, match, implicit=encoding.implicit)
        association.respond(message, pending, data=[data])
    association.respond(message, SUCCESS)


def _encoded(misbehaviour: Misbehaviour, match: Match, *, implicit: bool) -> bytes:
    """The identifier, or what faults make of it."""
    faults = misbehaviour.faults
    if faults.counts is not None:
        for tag in _COUNTS & match.answer.keys():
            vr, values = match.answer[tag]
            match.answer[tag] = (vr, [str(misbehaviour.count(int(str(one)))) for one in values])
    if not faults.undeclared_charset:
        return match.encode(implicit=implicit)
    said = Match(match.answer, (UTF8,)).encode(implicit=implicit)
    elements = read_elements(said, Encoding(implicit))
    del elements[SPECIFIC_CHARACTER_SET]
    return write_elements(elements, implicit=implicit)
