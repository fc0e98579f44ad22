"""Modality Performed Procedure Step: N-CREATE and N-SET answered (PS3.4 F.7)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.transcoding import transcode
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_elements
from scenario_runner.dicom.sop_classes import MPPS
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, encoding_of
from scenario_runner.pacs.desk import Desk, comment
from scenario_runner.pacs.performed_steps import (
    Refused,
)
from scenario_runner.ul.commands import Element

if TYPE_CHECKING:
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.messages import Message

_ERROR_ID: Final = 0x0903


def answer_create(desk: Desk, association: Served, message: Message) -> None:
    """N-CREATE: a modality has begun. A UID is given where the modality gives none (PS3.7 10.1.5)."""
    uid = message.sop_instance_uid or f"2.25.{uuid.uuid4().int}"
    try:
        desk.steps.create(uid, _elements(association, message))
    except Refused as refused:
        _refuse(association, message, refused)
        return
    association.respond(message, statuses.SUCCESS, {Element.AFFECTED_SOP_INSTANCE_UID: uid})


def answer_set(desk: Desk, association: Served, message: Message) -> None:
    """N-SET: the step goes on or is over."""
    try:
        desk.steps.change(message.sop_instance_uid, _elements(association, message))
    except Refused as refused:
        _refuse(association, message, refused)
        return
    association.respond(message, statuses.SUCCESS)


def _elements(association: Served, message: Message) -> Elements:
    context = association.contexts[message.context_id]
    if context.abstract_syntax != MPPS:
        raise Refused(statuses.INVALID_SOP_INSTANCE, "this SOP class has no such operation here")
    try:
        plain = transcode(message.whole(), context.transfer_syntax or "", EXPLICIT_LE)
        return read_elements(plain, encoding_of(EXPLICIT_LE))
    except DamagedDatasetError as error:
        raise Refused(statuses.PROCESSING_FAILURE, str(error)) from error


def _refuse(association: Served, message: Message, refused: Refused) -> None:
    elements: dict[int, int | str] = {Element.ERROR_COMMENT: comment(refused)}
    if refused.error_id is not None:
        elements[_ERROR_ID] = refused.error_id
    association.respond(message, refused.status, elements)
