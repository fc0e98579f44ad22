"""C-FIND answered: the two Query/Retrieve models and the Modality Worklist (PS3.4 C.4.1, K.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.archive.query import InvalidIdentifierError, Query, level_of
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_elements
from scenario_runner.dicom.sop_classes import FIND, MODALITY_WORKLIST
from scenario_runner.dicom.syntaxes import encoding_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.desk import Desk, comment, has_periods, is_relational
from scenario_runner.pacs.worklist import find_items
from scenario_runner.ul.commands import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.archive.keys import Match
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.contexts import Context
    from scenario_runner.ul.messages import Message


@dataclass(frozen=True, slots=True)
class _Found:
    """Matches, found as they are asked for, and the status each is told with.

    encoded: the same as identifiers, given whether in Implicit VR, where they come so quickly that many are told at
    once.
    """

    matches: Iterator[Match]
    pending: int = statuses.PENDING
    encoded: Callable[[bool], Iterator[bytes]] | None = None


def answer_find(desk: Desk, association: Served, message: Message) -> None:
    """One pending response for each match, then the final one; C-CANCEL ends it with FE00."""
    context = association.contexts[message.context_id]
    sop_class = context.abstract_syntax
    if sop_class not in FIND and sop_class != MODALITY_WORKLIST:
        association.respond(message, statuses.SOP_CLASS_NOT_SUPPORTED)
        return
    encoding = encoding_of(context.transfer_syntax or "")
    try:
        found = _look(desk, context, read_elements(message.whole(), encoding))
    except InvalidIdentifierError as error:
        association.respond(
            message, statuses.DATA_SET_DOES_NOT_MATCH, {Element.ERROR_COMMENT: comment(error)}
        )
        return
    except DamagedDatasetError as error:
        association.respond(
            message, statuses.UNABLE_TO_PROCESS, {Element.ERROR_COMMENT: comment(error)}
        )
        return
    if found.encoded is not None and desk.misbehaviour.tells_matches_as_they_are:
        answers = found.encoded(encoding.implicit)
        done = association.respond_with_each(message, found.pending, answers)
    else:
        done = _answer_each(desk, association, message, found)
    association.respond(message, statuses.SUCCESS if done else statuses.CANCELLED)


def _answer_each(desk: Desk, association: Served, message: Message, found: _Found) -> bool:
    """Tell matches one by one, as faults may have them; False when a C-CANCEL has ended it."""
    context = association.contexts[message.context_id]
    worklist = context.abstract_syntax == MODALITY_WORKLIST
    implicit = encoding_of(context.transfer_syntax or "").implicit
    for match in desk.misbehaviour.matches(found.matches, worklist=worklist):
        if association.is_cancelled(message.id):
            return False
        data = desk.misbehaviour.encoded(match, worklist=worklist, implicit=implicit)
        association.respond(message, found.pending, data=[data])
    return True


def _look(desk: Desk, context: Context, identifier: Elements) -> _Found:
    if context.abstract_syntax == MODALITY_WORKLIST:
        items = find_items(desk.worklist, identifier, desk.options.scheduled(), desk.ordered())
        return _Found(items)
    query = Query.of(
        level_of(identifier),
        FIND[context.abstract_syntax],
        identifier,
        relational=is_relational(desk, context),
        periods=has_periods(context),
    )
    matches = query.run(desk.archive, desk.ae_title)
    pending = statuses.PENDING_UNSUPPORTED_KEYS if matches.unsupported else statuses.PENDING
    if query.others:
        return _Found(matches, pending)

    def encoded(implicit: bool) -> Iterator[bytes]:
        return query.encoded(desk.archive, desk.ae_title, implicit=implicit)

    return _Found(matches, pending, encoded)
