"""What WADO-RS gives besides instances: metadata, frames and rendered images (PS3.18 10.4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from scenario_runner.answers import Fetched
from scenario_runner.dicom import json_model
from scenario_runner.errors import ProtocolViolation
from scenario_runner.network.dicomweb import media_types, xml_model
from scenario_runner.network.dicomweb.media_types import multipart_related
from scenario_runner.network.dicomweb.retrieve import Retrieval, begin, parts
from scenario_runner.network.dicomweb.search import each_of_json

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.answer import Answer
    from scenario_runner.network.dicomweb.session import Session

What = Literal["metadata", "frames", "rendered"]

_ACCEPT: Final[Mapping[What, tuple[str, ...]]] = {
    "metadata": (media_types.DICOM_JSON,),
    # Uncompressed, little endian (PS3.18 table 8.7.3-2): what pixels can be compared with.
    "frames": (str(multipart_related(media_types.OCTET_STREAM)),),
    # The one every service has (PS3.18 8.7.4). Alone: some refuse what they could choose from.
    "rendered": ("image/jpeg",),
}


def fetch(
    session: Session,
    what: What,
    path: Sequence[str],
    sink: Callable[[Fetched], None],
    *,
    frames: Sequence[int] = (),
    accept: Sequence[str] = (),
) -> Retrieval:
    """Ask for a resource below ``path``; ``sink`` is given each part as it comes.

    frames: numbers from 1. A failure status is an answer, not an exception, but for one that says
    the service is wrong. Raises ProtocolViolation for metadata that is none and broken multipart.
    """
    below = [*path, "frames", ",".join(map(str, frames))] if frames else list(path)
    if what != "frames":
        below.append(what)
    with session.exchange(
        "GET", below, accept=media_types.accept(accept or _ACCEPT[what])
    ) as answer:
        result = begin(answer)
        if result.http not in (200, 206):
            return result
        for one in _metadata(session, answer) if what == "metadata" else _bytes(session, answer):
            result.parts += 1
            sink(one)
    return result


def _metadata(session: Session, answer: Answer) -> Iterator[Fetched]:
    kind = answer.media_type
    if kind is None or media_types.DICOM_XML not in (kind.essence, kind.root):
        said = answer.header("content-type")
        for item in each_of_json(session, answer):
            yield Fetched(media_type=said, values=item)
        return
    for part in parts(session, answer):
        try:
            values = json_model.values_by_keyword(xml_model.loads(part.data))
        except (xml_model.XmlModelError, json_model.JsonModelError) as error:
            raise session.peer.error(
                ProtocolViolation,
                "this is not a DICOMweb service",
                f"{answer.words} with {kind.essence}, which is no DICOM XML: {error}",
            ) from error
        yield Fetched(media_type=part.headers.get("content-type", ""), values=values)


def _bytes(session: Session, answer: Answer) -> Iterator[Fetched]:
    root = answer.media_type.root if answer.media_type else ""
    for part in parts(session, answer):
        # A part that does not say what it is, is what the whole answer says its parts are.
        said = part.headers.get("content-type", root)
        yield Fetched(media_type=said[:1000], data=part.data)
