"""WADO-RS for whole instances: studies, series and instances as Part 10 files (PS3.18 10.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.dicomweb.media_types import DICOM, MULTIPART, MediaType
from scenario_runner.network.dicomweb.multipart import Buffer, closing, head, new_boundary
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    ConnectionBroken,
    Reply,
    WebDesk,
    WebError,
    takes_parts,
)
from scenario_runner.pacs.dicomweb.transfer import (
    DamagedDatasetError,
    TranscodingError,
    can_decode,
    converted,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scenario_runner.archive.index import Located

LOGGER = logging.getLogger(__name__)

_UNCOMPRESSED: Final = (EXPLICIT_LE, IMPLICIT_LE)

Part = tuple[str, Callable[[], "Iterable[Buffer]"]]
"""Content type, and what gives the content when its turn has come."""


def retrieve_instances(desk: WebDesk, call: Call) -> Reply:
    """``GET /studies/{study}``, ``…/series/{series}``, ``…/instances/{instance}``.

    Each instance in the transfer syntax it is stored in, unless ``transfer-syntax`` asks for another
    one. Nothing is read before it is sent; what cannot be read after that breaks the connection, for
    a shorter answer would pass for a whole one.
    """
    found, status = _brought(desk, desk.located(call))
    single = "instance" in call.uids
    for accepted in call.accepted():
        syntax = accepted.get("transfer-syntax")
        wanted = None if syntax in (None, "", "*") else syntax
        if not all(_can_be(one, wanted) for one in found):
            continue
        if accepted.essence == DICOM and single and found:
            content = _content(desk, found[0], wanted)
            return Reply(media_type=DICOM, content=_checked(content()))
        if takes_parts(accepted, DICOM):
            parts = ((_part_type(one, wanted), _content(desk, one, wanted)) for one in found)
            return multipart(DICOM, parts, status=status)
    raise WebError(
        406,
        f'there is {MULTIPART}; type="{DICOM}"{f" and {DICOM}" if single else ""}, in the stored transfer'
        f" syntax, or uncompressed as transfer-syntax={EXPLICIT_LE} or {IMPLICIT_LE}",
    )


def _brought(desk: WebDesk, found: list[Located]) -> tuple[list[Located], int]:
    """The instances that are sent, and the status: all of them and 200 unless a fault is switched on.

    Raises WebError 500 when a fault lets every one of them fail.
    """
    sent: list[Located] = []
    status = 200
    for instance in desk.misbehaviour.selected(found):
        instead = desk.misbehaviour.sub_operation()
        if instead is None:
            sent.append(instance)
        elif instead == "fail":
            status = 206
    if not sent and status == 206:
        raise WebError(500, "failed on purpose")
    return sent, status


def _can_be(instance: Located, wanted: str | None) -> bool:
    syntax = instance.transfer_syntax_uid
    if wanted is None or wanted == syntax:
        return True
    if wanted not in _UNCOMPRESSED:
        return False
    return syntax in (*_UNCOMPRESSED, DEFLATED) or can_decode(syntax)


def _part_type(instance: Located, wanted: str | None) -> str:
    syntax = wanted or instance.transfer_syntax_uid
    return str(MediaType(DICOM, {"transfer-syntax": syntax}))


def _content(
    desk: WebDesk, instance: Located, wanted: str | None
) -> Callable[[], Iterable[Buffer]]:
    if desk.misbehaviour.spoils():
        return lambda: [_spoiled(desk, instance)]
    if wanted is None or wanted == instance.transfer_syntax_uid:
        return lambda: stored(desk.archive, instance)
    return lambda: [converted(desk.archive, instance, wanted)]


def _spoiled(desk: WebDesk, instance: Located) -> bytes:
    """The instance as faults make it, in its own transfer syntax whatever was asked for."""
    data = desk.misbehaviour.retrieved(instance, desk.archive.data(instance))
    names = (instance.sop_class_uid, instance.sop_instance_uid, instance.transfer_syntax_uid)
    return file_meta(*names) + data


def multipart(
    root: str,
    parts: Iterable[Part],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An answer of several parts, each made when it is its turn. root: the type of the parts."""
    boundary = new_boundary()
    media_type = MediaType(MULTIPART, {"type": root, "boundary": boundary})
    return Reply(
        status=status,
        media_type=str(media_type),
        content=_checked(_written(parts, boundary)),
        headers=headers or {},
    )


def parts_of(contents: Sequence[tuple[str, Buffer]]) -> Iterator[Part]:
    """Parts that are there already."""
    for content_type, content in contents:
        yield content_type, lambda content=content: [content]  # type: ignore[misc]


def _written(parts: Iterable[Part], boundary: str) -> Iterator[Buffer]:
    for content_type, content in parts:
        yield head({"Content-Type": content_type}, boundary)
        yield from content()
        yield b"\r\n"
    yield closing(boundary)


def _checked(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """The same; what goes wrong on the way ends the connection, since the status is out already."""
    try:
        for piece in pieces:
            yield bytes(piece)
    except (OSError, DamagedDatasetError, TranscodingError) as error:
        LOGGER.warning("an answer ends too early: %s", error)
        raise ConnectionBroken from error
