"""WADO-RS (PS3.18 10.4): instances, and parts of them, as multipart answers read in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from scenario_runner.answers import Received
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import identify, read_meta
from scenario_runner.errors import ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import media_types, multipart
from scenario_runner.network.dicomweb.media_types import MediaType, multipart_related
from scenario_runner.network.dicomweb.multipart import PartBegins, PartData, PartEnds, PartLimits

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.answer import Answer
    from scenario_runner.network.dicomweb.session import Session

AS_STORED = (str(multipart_related(media_types.DICOM, transfer_syntax="*")),)
"""Whatever transfer syntax the instance is stored in (PS3.18 8.7.3.5.2)."""


@dataclass(frozen=True, slots=True)
class Body:
    """One part of an answer: its headers by lower-case names, and its whole content."""

    headers: Mapping[str, str]
    data: bytes

    @property
    def media_type(self) -> MediaType | None:
        """What the part says it is."""
        return media_types.parse(self.headers.get("content-type"))


@dataclass(slots=True)
class Retrieval:
    """How one request ended."""

    http: int
    words: str
    """The status in words, with what the service said about it."""
    media_type: str
    parts: int = 0
    unreadable: int = 0
    """Parts that are no DICOM file."""


def path_of(keys: Mapping[str, str]) -> list[str]:
    """``studies/…/series/…/instances/…`` as far as the keys go."""
    path = ["studies", keys["StudyInstanceUID"]]
    if "SeriesInstanceUID" in keys:
        path += ["series", keys["SeriesInstanceUID"]]
    if "SOPInstanceUID" in keys:
        path += ["instances", keys["SOPInstanceUID"]]
    return path


def retrieve(
    session: Session,
    path: Sequence[str],
    sink: Callable[[Received], None],
    accept: Sequence[str] = AS_STORED,
) -> Retrieval:
    """Every instance of a study, a series, or one alone; ``sink`` is given each as it comes.

    A failure status is an answer, not an exception, but for one that says the service is wrong.
    Raises ProtocolViolation for an answer that is no multipart, or not what was said.
    """
    with session.exchange("GET", path, accept=media_types.accept(accept)) as answer:
        result = begin(answer)
        if result.http not in (200, 206):
            return result
        for part in parts(session, answer):
            result.parts += 1
            try:
                instance = split(part.data)
            except DamagedDatasetError:
                result.unreadable += 1
                continue
            sink(instance)
    return result


def split(file: bytes) -> Received:
    """A DICOM file from a service without its file meta information. Raises DamagedDatasetError."""
    meta = read_meta(file)
    if not meta.is_part10:
        raise DamagedDatasetError("no DICM after a preamble of 128 bytes")
    if not (meta.sop_class_uid and meta.sop_instance_uid):
        meta = identify(file)
    return Received(
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        data=memoryview(file)[meta.data_offset :],
    )


def begin(answer: Answer) -> Retrieval:
    """What the beginning of an answer says. Raises OperationFailed as ``Answer.admit``."""
    answer.admit()
    kind = answer.evidence.media_type
    if answer.status in (200, 206):
        return Retrieval(answer.status, answer.words, kind)
    return Retrieval(answer.status, f"{answer.words}{answer.explanation()}", kind)


def parts(session: Session, answer: Answer) -> Iterator[Body]:
    """The parts of a multipart answer, one in memory at a time; any other answer is one part."""
    kind = answer.media_type
    limits = session.peer.limits
    if kind is None or kind.essence != media_types.MULTIPART:
        yield Body({"content-type": answer.header("content-type")}, _whole(session, answer))
        return
    try:
        reader = multipart.MultipartReader(
            kind.get("boundary") or "", PartLimits(part=limits.instance, parts=limits.parts)
        )
        headers: Mapping[str, str] = {}
        content = bytearray()
        for piece in answer.pieces():
            for event in reader.feed(piece):
                match event:
                    case PartBegins():
                        headers, content = event.headers, bytearray()
                    case PartData():
                        content += event.data
                    case PartEnds():
                        yield Body(headers, bytes(content))
            if reader.finished:
                break
        reader.finish()
    except multipart.MultipartError as error:
        raise session.peer.error(
            ProtocolViolation, "the multipart answer is broken", str(error)
        ) from error


def _whole(session: Session, answer: Answer) -> bytes:
    content = bytearray()
    for piece in answer.pieces():
        content += piece
        if len(content) > session.peer.limits.instance:
            raise session.peer.error(
                ProtocolViolation,
                "the answer is too large",
                f"more than {session.peer.limits.instance} bytes",
            )
    return bytes(content)
