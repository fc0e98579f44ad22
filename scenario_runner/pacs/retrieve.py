"""C-GET answered, and what it has in common with C-MOVE: the sub-operations (PS3.4 C.4.2, C.4.3)."""

from __future__ import annotations

import logging
import mmap
import tempfile
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.answers import status_class
from scenario_runner.archive.index import Located
from scenario_runner.archive.query import InvalidIdentifierError, level_of, unique_key
from scenario_runner.archive.transcoding import TranscodingError, transcode, transcode_into
from scenario_runner.dicom import statuses
from scenario_runner.dicom.element_text import encode
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Elements,
    read_elements,
    write_elements,
)
from scenario_runner.dicom.levels import LEVELS, Level, Root
from scenario_runner.dicom.sop_classes import GET
from scenario_runner.dicom.syntaxes import DEFLATED, NATIVE, PLAIN, encoding_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.desk import Desk, comment, is_relational
from scenario_runner.ul.commands import Command, Element, Field, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scenario_runner.archive.archive import Archive
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.association import Association
    from scenario_runner.ul.messages import Message

LOGGER = logging.getLogger(__name__)


_FAILED_SOP_INSTANCE_UID_LIST: Final = 0x00080058
_AT_ONCE: Final = 1 << 22
"""Bytes of an uncompressed instance that is rewritten in memory; what is larger is in another process."""


@dataclass(slots=True)
class SubOperations:
    """How far a retrieval has come (PS3.7 9.1.3.1.6 ff.)."""

    remaining: int
    completed: int = 0
    warning: int = 0
    failed: list[str] = field(default_factory=list)

    def count(self, uid: str, status: int) -> None:
        """Note the outcome of one sub-operation."""
        self.remaining -= 1
        if status == statuses.SUCCESS:
            self.completed += 1
        elif status_class(status) == "warning":
            self.warning += 1
        else:
            self.failed.append(uid)

    def elements(self, *, final: bool, off_by: int = 0) -> Command:
        """The counts as a response carries them; a final one but after a cancel has no remaining.

        off_by: added to the completed ones, as a fault.
        """
        counts: dict[int, int | str] = {
            Element.COMPLETED: min(max(0, self.completed + off_by), 0xFFFF),
            Element.FAILED: min(len(self.failed), 0xFFFF),
            Element.WARNING: min(self.warning, 0xFFFF),
        }
        if not final:
            counts[Element.REMAINING] = min(self.remaining, 0xFFFF)
        return counts

    @property
    def status(self) -> int:
        """Of the final response: B000 where a sub-operation failed or warned (PS3.4 C.4.2.3.1)."""
        if not self.failed:
            return statuses.SUB_OPERATIONS_FAILED if self.warning else statuses.SUCCESS
        nothing = not (self.completed or self.warning)
        return (
            statuses.UNABLE_TO_PERFORM_SUB_OPERATIONS if nothing else statuses.SUB_OPERATIONS_FAILED
        )


Sender = Callable[[Located], int]
"""Carries out one sub-operation; gives its status."""


def answer_get(desk: Desk, association: Served, message: Message) -> None:
    """Send each instance as it was received, or uncompressed in another syntax if the peer asks so."""
    found = requested(desk, association, message, GET)
    if found is None:
        return
    accepted = {
        (context.abstract_syntax, context.transfer_syntax or ""): context.id
        for context in association.contexts.values()
        if context.scp
    }
    priority = number(message.command, Element.PRIORITY) or 0

    def send(instance: Located) -> int:
        try:
            context_id, syntax = _context(accepted, instance)
            data = encoded(desk, instance, syntax)
        except (OSError, DamagedDatasetError, TranscodingError) as error:
            LOGGER.warning("C-GET of %s: %s", instance.sop_instance_uid, error)
            return statuses.UNABLE_TO_PROCESS
        return store(association, context_id, instance, data, {Element.PRIORITY: priority})

    carry_out(desk, association, message, found, send)


def requested(
    desk: Desk, association: Served, message: Message, models: Mapping[str, Root]
) -> list[Located] | None:
    """The instances a C-GET or C-MOVE asks for; None when it was answered with a failure already."""
    context = association.contexts[message.context_id]
    model = models.get(context.abstract_syntax)
    if model is None:
        association.respond(message, statuses.SOP_CLASS_NOT_SUPPORTED)
        return None
    try:
        identifier = read_elements(message.whole(), encoding_of(context.transfer_syntax or ""))
        relational = is_relational(desk, context)
        return select(desk.archive, model, identifier, relational=relational)
    except InvalidIdentifierError as error:
        status, problem = statuses.DATA_SET_DOES_NOT_MATCH, comment(error)
    except DamagedDatasetError as error:
        status, problem = statuses.UNABLE_TO_PROCESS, comment(error)
    association.respond(message, status, {Element.ERROR_COMMENT: problem})
    return None


def carry_out(
    desk: Desk,
    association: Served,
    message: Message,
    found: Sequence[Located],
    send: Sender,
) -> None:
    """All sub-operations, a pending response after each, then the final one (PS3.4 C.4.2.3)."""
    found = desk.misbehaviour.selected(found)
    progress = SubOperations(len(found))
    for instance in found:
        if association.is_cancelled(message.id):
            association.respond(message, statuses.CANCELLED, progress.elements(final=False))
            return
        instead = desk.misbehaviour.sub_operation()
        if instead is None:
            status = send(instance)
        else:
            status = statuses.SUCCESS if instead == "lose" else statuses.UNABLE_TO_PROCESS
        progress.count(instance.sop_instance_uid, status)
        if progress.remaining:
            association.respond(message, statuses.PENDING, progress.elements(final=False))
    off_by = desk.misbehaviour.completed(progress.completed) - progress.completed
    encoding = encoding_of(association.contexts[message.context_id].transfer_syntax or "")
    association.respond(
        message,
        progress.status,
        progress.elements(final=True, off_by=off_by),
        data=failed_list(progress.failed, implicit=encoding.implicit),
    )


def failed_list(uids: Iterable[str], *, implicit: bool) -> list[bytes] | None:
    """The identifier of a final response with failures (PS3.4 C.4.3.1.3.2); nothing without."""
    failed = list(uids)
    if not failed:
        return None
    tag = _FAILED_SOP_INSTANCE_UID_LIST
    return [write_elements({tag: encode(tag, failed, ())}, implicit=implicit)]


def select(
    archive: Archive, model: Root, identifier: Elements, *, relational: bool
) -> list[Located]:
    """The instances a retrieve identifier names, by unique keys only (PS3.4 C.4.3.1.3.1).

    Raises InvalidIdentifierError when a unique key is missing or not plain.
    """
    level: Level = level_of(identifier)
    if level == "PATIENT" and model == "study":
        raise InvalidIdentifierError("the Study Root model has no PATIENT level")
    given = {one: unique_key(identifier, one) for one in LEVELS}
    if not given[level]:
        raise InvalidIdentifierError(f"the unique key of level {level} is missing")
    root = 0 if model == "patient" else 1
    for above in LEVELS[root : LEVELS.index(level)]:
        if not relational and len(given[above]) != 1:
            raise InvalidIdentifierError(f"the unique key of level {above} needs a single value")
    patient = given["PATIENT"][0] if given["PATIENT"] and model == "patient" else None
    below = LEVELS[LEVELS.index(level) + 1 :]
    return archive.instances(
        patient_id=patient,
        study_uids=[] if "STUDY" in below else given["STUDY"],
        series_uids=[] if "SERIES" in below else given["SERIES"],
        sop_uids=[] if "IMAGE" in below else given["IMAGE"],
    )


def store(
    association: Association,
    context_id: int,
    instance: Located,
    data: bytes | memoryview,
    elements: Command,
) -> int:
    """One C-STORE sub-operation; its status. elements: what else the request says."""
    message_id = association.next_message_id()
    association.send(
        context_id,
        {
            **elements,
            Element.AFFECTED_SOP_CLASS_UID: instance.sop_class_uid,
            Element.COMMAND_FIELD: Field.C_STORE_RQ,
            Element.MESSAGE_ID: message_id,
            Element.AFFECTED_SOP_INSTANCE_UID: instance.sop_instance_uid,
        },
        [memoryview(data)],
    )
    return association.response(Field.C_STORE_RQ, message_id, context_id).status


def encoded(desk: Desk, instance: Located, syntax: str) -> bytes | memoryview:
    """A data set in a transfer syntax; as it lies on the disk, and not read, where nothing in it changes.

    Raises OSError, DamagedDatasetError, TranscodingError.
    """
    stored = instance.transfer_syntax_uid
    if desk.misbehaviour.spoils():
        data = desk.misbehaviour.retrieved(instance, desk.archive.data(instance))
        return transcode(data, stored, syntax)
    if syntax == stored:
        return desk.archive.mapped_data(instance)
    if stored in NATIVE and stored != DEFLATED and instance.size <= _AT_ONCE:
        return transcode(desk.archive.data(instance), stored, syntax)
    from scenario_runner.pacs.dicomweb.frames import frame_count, frame_size

    header, _ = desk.archive.header(instance.file)
    with tempfile.TemporaryFile() as file:
        pixels = frame_size(header) * frame_count(header)
        transcode_into(desk.archive.files.path(instance.file), syntax, file, pixels=pixels)
        file.flush()
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _context(accepted: dict[tuple[str, str], int], instance: Located) -> tuple[int, str]:
    """Context and transfer syntax: as stored where that was accepted, else an uncompressed one."""
    stored = instance.transfer_syntax_uid
    same = accepted.get((instance.sop_class_uid, stored))
    if same is not None:
        return same, stored
    for (sop_class_uid, syntax), context_id in accepted.items():
        if sop_class_uid == instance.sop_class_uid and syntax in PLAIN:
            return context_id, syntax
    raise TranscodingError("no presentation context was accepted for this SOP class")
