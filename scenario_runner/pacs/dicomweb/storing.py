"""STOW-RS: instances taken in as they arrive, each safe before it is acknowledged (PS3.18 10.5)."""

from __future__ import annotations

import logging
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.answers import status_class
from scenario_runner.archive.description import NamedDamageError
from scenario_runner.archive.outcomes import DuplicateError
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.json_model import Json, attribute
from scenario_runner.dicom.part10 import FileMeta, read_meta
from scenario_runner.errors import MachineError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.media_types import (
    DICOM,
    DICOM_JSON,
    DICOM_XML,
    JSON,
    MULTIPART,
    parse,
)
from scenario_runner.network.dicomweb.multipart import (
    Buffer,
    Event,
    MultipartError,
    MultipartReader,
    PartBegins,
    PartData,
    PartEnds,
    PartLimits,
)
from scenario_runner.pacs.coercion import coerce
from scenario_runner.pacs.dicomweb import json_writer
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, WebError, resource_url
from scenario_runner.pacs.dicomweb.search import warning_header
from scenario_runner.pacs.dicomweb.xml_writer import as_xml
from scenario_runner.pacs.services import is_taken, is_taken_in
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.archive.outcomes import Arrived, Stored
    from scenario_runner.pacs.spoiling import Piece

LOGGER = logging.getLogger(__name__)


_REFERENCED_SOP, _FAILED_SOP, _OTHER_FAILURES = "00081199", "00081198", "0008119A"
_SOP_CLASS, _SOP_INSTANCE = "00081150", "00081155"
_RETRIEVE_URL, _FAILURE_REASON, _WARNING_REASON = "00081190", "00081197", "00081196"
_PIECE: Final = 1 << 20
"""Bytes of a body that are handled at a time."""


_NAMES_WITHIN: Final = 1 << 12
"""Bytes of a file that hold its File Meta Information, nearly always."""
Names = tuple[str, str]
"""SOP class and SOP instance UID."""


class _TooLarge(ValueError):
    """A part is longer than an instance may be."""


@dataclass(slots=True)
class StoreOutcome:
    """What became of the parts of a request."""

    base: str
    studies: set[str] = field(default_factory=set)
    stored: list[Json] = field(default_factory=list)
    failed: list[Json] = field(default_factory=list)
    nameless: list[Json] = field(default_factory=list)
    """Parts that could not be told to be any instance."""
    problems: list[str] = field(default_factory=list)
    warned: bool = False

    def keep(self, study: str, series: str, named: Names, warning: int | None = None) -> None:
        """An instance is stored. study, series: their UIDs."""
        self.studies.add(study)
        item = _reference(named)
        url = resource_url(self.base, study, series, named[1])
        item[_RETRIEVE_URL] = attribute("UR", [url])
        if warning is not None:
            self.warned = True
            item[_WARNING_REASON] = attribute("US", [warning])
        self.stored.append(item)

    def fail(self, reason: int, problem: str, named: Names | None = None) -> None:
        """A part is not stored. named: its SOP class and instance, as far as they are known."""
        self.problems.append(problem)
        why = {_FAILURE_REASON: attribute("US", [reason])}
        if named is None or not named[1]:
            self.nameless.append(why)
        else:
            self.failed.append(_reference(named) | why)

    @property
    def status(self) -> int:
        """PS3.18 table 10.5.3-1."""
        bad = self.failed or self.nameless
        if bad and not self.stored:
            return 409
        return 202 if bad or self.warned else 200

    def dataset(self) -> Json:
        """The Store Instances Response Module (PS3.18 I.2)."""
        data: Json = {}
        if len(self.studies) == 1:
            urls = [resource_url(self.base, one) for one in self.studies]
            data[_RETRIEVE_URL] = attribute("UR", urls)
        for name, items in (
            (_FAILED_SOP, self.failed), (_REFERENCED_SOP, self.stored), (_OTHER_FAILURES, self.nameless),
        ):  # fmt: skip
            if items:
                data[name] = attribute("SQ", items)
        return dict(sorted(data.items()))

    def reply(self, media_type: str) -> Reply:
        """The answer. Raises WebError where there was no part."""
        if not (self.stored or self.failed or self.nameless):
            raise WebError(400, "the body has no part")
        data = self.dataset()
        body = as_xml(data) if media_type == DICOM_XML else json_writer.encode(data)
        headers = warning_header(self.problems[:1])
        return Reply(status=self.status, media_type=media_type, content=body, headers=headers)


def _reference(named: Names) -> Json:
    tags = (_SOP_CLASS, _SOP_INSTANCE)
    return {
        tag: attribute("UI", [uid] if uid else []) for tag, uid in zip(tags, named, strict=True)
    }


def _names_of(meta: FileMeta) -> Names:
    return meta.sop_class_uid, meta.sop_instance_uid


def store_instances(desk: WebDesk, call: Call) -> Reply:
    """``POST /studies`` and ``POST /studies/{study}``.

    A client that goes away in the middle has the parts stored that were whole, as on DIMSE; the
    one that was not leaves nothing behind.
    """
    study = call.uid("study")
    told_as = answer_type(call)
    outcome = StoreOutcome(call.base)
    for part in parts_of(call):
        _take_part(desk, part, study, outcome)
    return outcome.reply(told_as)


def parts_of(call: Call) -> Iterator[Part]:
    """The parts of a request, each to be read or skipped before the next. Raises WebError, reading them too."""
    # The parts are bounded one by one: a reader's own limit would end the whole request.
    try:
        reader = MultipartReader(_boundary(call), PartLimits(part=1 << 62))
    except MultipartError as error:
        raise _no_message(error) from error
    return _parts(_events(reader, call.body))


def _parts(events: Iterator[Event]) -> Iterator[Part]:
    for event in events:
        if isinstance(event, PartBegins):
            yield Part(event, events)


def _no_message(error: MultipartError) -> WebError:
    return WebError(400, f"the body is no multipart message: {error}")


def answer_type(call: Call) -> str:
    """The media type that what became of a request is told in. Raises WebError 406."""
    for accepted in call.accepted():
        for offered in (DICOM_JSON, JSON, DICOM_XML):
            if accepted.covers(offered):
                return offered
    raise WebError(406, f"what became of a request is told in {DICOM_JSON} or {DICOM_XML}")


def _boundary(call: Call) -> str:
    media_type = parse(call.headers.get("content-type"))
    if media_type is None or media_type.essence != MULTIPART or media_type.root != DICOM:
        raise WebError(
            415, f'send {MULTIPART}; type="{DICOM}", instances as Part 10 files, one a part'
        )
    if not _is_plain(call.headers.get("content-encoding")):
        coding = call.headers.get("content-encoding", "")
        raise WebError(
            415,
            f"bodies are not taken in the coding '{coding[:40]}'",
            {"Accept-Encoding": "identity"},
        )
    boundary = media_type.get("boundary")
    if not boundary:
        raise WebError(400, "the Content-Type has no boundary")
    return boundary


def _is_plain(coding: str | None) -> bool:
    """Whether a content coding, or the transfer encoding of a part, leaves the bytes as they are."""
    words = (coding or "").replace(",", " ").lower().split()
    return set(words) <= {"identity", "binary", "8bit", "7bit"}


def _events(reader: MultipartReader, body: Iterable[bytes]) -> Iterator[Event]:
    try:
        for chunk in body:
            view = memoryview(chunk)
            for start in range(0, len(view), _PIECE):
                yield from reader.feed(view[start : start + _PIECE])
        reader.finish()
    except MultipartError as error:
        raise _no_message(error) from error


class Part:
    """A part whose head was just read; its content has to be read to its end."""

    def __init__(self, head: PartBegins, events: Iterator[Event]) -> None:
        self.headers = head.headers
        self._events = events
        self._whole = False
        self._beginning = b""

    def __iter__(self) -> Iterator[Buffer]:
        if self._whole:
            return
        for event in self._events:
            if isinstance(event, PartData):
                yield event.data
            elif isinstance(event, PartEnds):
                self._whole = True
                return
        raise _no_message(MultipartError("it ends within a part"))

    @property
    def refusal(self) -> str:
        """Why it is nothing that is stored here, in words; empty where it may be."""
        given = parse(self.headers.get("content-type"))
        if given is not None and given.essence != DICOM:
            return f"a part is {given.essence}, not {DICOM}"
        for name in ("content-encoding", "content-transfer-encoding"):
            if not _is_plain(self.headers.get(name)):
                return f"a part has the coding {self.headers[name]}"
        return ""

    def within(self, most: int) -> Iterator[Buffer]:
        """The content, which may not be longer than that. Raises _TooLarge."""
        size = 0
        for data in self:
            size += len(data)
            if len(self._beginning) < _NAMES_WITHIN:
                self._beginning += data[:_NAMES_WITHIN]
            if size > most:
                raise _TooLarge(f"an instance has more than {most} bytes")
            yield data

    @property
    def named(self) -> Names | None:
        """What its File Meta Information calls it, as far as it was read."""
        try:
            return _names_of(read_meta(self._beginning))
        except DamagedDatasetError:
            return None

    def skip(self) -> None:
        """Read what is left and forget it."""
        for _ in self:
            pass


def _take_part(desk: WebDesk, part: Part, study: str | None, outcome: StoreOutcome) -> None:
    """Store one part, or note why not. What was not read of it is skipped."""
    if refusal := part.refusal:
        part.skip()
        outcome.fail(statuses.CANNOT_UNDERSTAND, refusal)
        return
    try:
        arrived = desk.archive.take_in(part.within(desk.options.maximum_instance))
    except NamedDamageError as error:
        named = (error.sop_class_uid, error.sop_instance_uid)
        outcome.fail(statuses.CANNOT_UNDERSTAND, str(error), named)
    except DamagedDatasetError as error:
        outcome.fail(statuses.CANNOT_UNDERSTAND, str(error))
    except (MachineError, _TooLarge) as error:
        outcome.fail(statuses.OUT_OF_RESOURCES, str(error), part.named)
    else:
        _keep(desk, arrived, study, outcome)
    part.skip()


def _keep(desk: WebDesk, arrived: Arrived, study: str | None, outcome: StoreOutcome) -> None:
    """Store an instance that has come whole, or what faults make of that."""
    named = _names_of(arrived.meta)
    try:
        wrong = desk.misbehaviour.wrong_status("store")
        if wrong is not None and status_class(wrong[0]) != "warning":
            status, comment = wrong
            outcome.fail(status, comment or "refused on purpose", named)
            return
        unwanted = _unwanted(desk, arrived, study)
        if unwanted is not None:
            outcome.fail(*unwanted, named)
            return
        told = wrong[0] if wrong else None
        if not desk.misbehaviour.loses():
            found = _stored(desk, arrived, outcome)
            told = found if told is None else told
        attributes = arrived.attributes
        outcome.keep(attributes["StudyInstanceUID"], attributes["SeriesInstanceUID"], named, told)
    except DuplicateError as error:
        outcome.fail(statuses.DUPLICATE_SOP_INSTANCE, str(error), named)
    except MachineError as error:
        outcome.fail(statuses.OUT_OF_RESOURCES, str(error), named)
    finally:
        desk.archive.discard(arrived)


def _unwanted(desk: WebDesk, arrived: Arrived, study: str | None) -> tuple[int, str] | None:
    """Why an instance is not for this PACS, or not for this URL: failure reason and words."""
    meta = arrived.meta
    there = arrived.attributes["StudyInstanceUID"]
    if study is not None and there != study:
        problem = f"the instance belongs to study {there}, not to the one in the URL"
        return statuses.DATA_SET_DOES_NOT_MATCH, problem
    if not is_taken(meta.sop_class_uid, desk.options):
        return (
            statuses.SOP_CLASS_NOT_SUPPORTED,
            f"SOP class {meta.sop_class_uid} is not stored here",
        )
    if not is_taken_in(meta.transfer_syntax_uid, desk.options):
        problem = f"transfer syntax {meta.transfer_syntax_uid} is not taken here"
        return statuses.TRANSFER_SYNTAX_NOT_SUPPORTED, problem
    return None


def _stored(desk: WebDesk, arrived: Arrived, outcome: StoreOutcome) -> int | None:
    """Keep it, and what to warn of (PS3.18 table I.2-1)."""
    with desk.merged.storing():
        stored, coerced = _store(desk, arrived)
    if stored.missing:
        LOGGER.warning("%s is stored, but %s", stored.sop_instance_uid, stored.missing)
        outcome.problems.append(stored.missing)
        return statuses.DOES_NOT_MATCH_ITS_CLASS
    return statuses.COERCION if coerced else None


def _store(desk: WebDesk, arrived: Arrived) -> tuple[Stored, bool]:
    """Keep it; whether attributes were coerced."""
    meta = arrived.meta
    alterations = desk.misbehaviour.alterations()
    merged = desk.merged.values_of(
        arrived.attributes.get("PatientID", ""), arrived.attributes.get("IssuerOfPatientID", "")
    )
    values = {**merged, **desk.options.coerce}
    if not alterations and not values:
        return desk.archive.keep(arrived), False
    pieces: list[Piece] = [arrived.written.read_bytes()[meta.data_offset :]]
    pieces, coerced = coerce(pieces, meta.transfer_syntax_uid, values)
    for alter in alterations:
        whole = b"".join(pieces)
        pieces = [altered(whole, meta.transfer_syntax_uid, alter.attribute, alter.value)]
    stored = desk.archive.store(
        meta.sop_class_uid,
        meta.sop_instance_uid,
        meta.transfer_syntax_uid,
        pieces,
    )
    return stored, bool(coerced)
