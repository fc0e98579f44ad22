"""WADO-RS for whole instances: studies, series and instances as Part 10 files (PS3.18 10.4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.transcoding import transcode_into
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.media_types import (
    DICOM,
    MULTIPART,
    OCTET_STREAM,
    MediaType,
)
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    location_of,
    takes_parts,
    unreadable,
)
from scenario_runner.pacs.dicomweb.frames import compressed_frames, frame_count, frame_size
from scenario_runner.pacs.dicomweb.mapped import pieces
from scenario_runner.pacs.dicomweb.metadata import bulk_data
from scenario_runner.pacs.dicomweb.parts import Content, Made, Part, multipart, single, whole
from scenario_runner.pacs.dicomweb.transfer import (
    DamagedDatasetError,
    TranscodingError,
    converted,
    is_decoded,
    meta_of,
    stored,
    syntax_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from scenario_runner.archive.files import Held
    from scenario_runner.archive.index import Located

_AT_ONCE: Final = 1 << 22
"""Bytes of an instance that are converted in memory."""
_TIMES: Final = 5
"""That a study is looked at anew which others change."""
_ANY_OF_APPLICATION: Final = "application/*"


@dataclass(frozen=True, slots=True)
class _Lying:
    """Where instances lie for as long as somebody has this, by their UIDs; the others may be replaced meanwhile."""

    held: Held | None = None
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, instance: Located) -> Located:
        """The same instance with the file that stays."""
        place = self.places.get(instance.sop_instance_uid)
        return instance if place is None else dataclasses.replace(instance, file=place)


def _lying(desk: WebDesk, call: Call) -> tuple[list[Located], _Lying]:
    """The instances that a path names, all as they were at one moment. Raises WebError 404."""
    files = desk.archive.files
    for _ in range(_TIMES):
        found = desk.located(call)
        if files.far or len(found) == 1:  # fetched when its turn has come, or opened at once
            break
        try:
            held = files.held([one.file for one in found])
        except FileNotFoundError:
            continue
        names = zip(found, held.paths, strict=True)
        places = {one.sop_instance_uid: files.place(path) for one, path in names}
        return found, _Lying(held, places if held.stays else {})
    return found, _Lying()


def retrieve_instances(desk: WebDesk, call: Call) -> Reply:
    """``GET /studies/{study}``, ``…/series/{series}``, ``…/instances/{instance}``.

    In Explicit VR Little Endian unless ``transfer-syntax`` asks for another one (PS3.18 8.7.3.5.2).
    What has to be decoded is decoded before the answer begins, so that pixels no decoder takes are a
    406 and not a connection that breaks. ``application/octet-stream`` asks for the bulk data of the
    instances instead, ``image/jpeg`` and the like for their frames as they are stored.
    """
    located, lying = _lying(desk, call)
    found, status = _brought(desk, located)
    refused: TranscodingError | None = None
    for accepted in call.accepted():
        try:
            reply = _as_files(desk, call, found, lying, accepted, status)
        except TranscodingError as error:
            refused = error
            continue
        reply = reply or _as_bulk_data(desk, call, found, accepted, status)
        if reply is not None:
            return reply
    one = "instance" in call.uids
    raise WebError(
        406,
        (f"{refused}; " if refused else "")
        + f'there is {MULTIPART}; type="{DICOM}"{f" and {DICOM}" if one else ""}, uncompressed as'
        f" transfer-syntax={EXPLICIT_LE}, or with transfer-syntax=* as stored, and its bulk data"
        f' as {MULTIPART}; type="{OCTET_STREAM}"',
    )


def _as_files(
    desk: WebDesk,
    call: Call,
    found: list[Located],
    lying: _Lying,
    accepted: MediaType,
    status: int,
) -> Reply | None:
    """Part 10 files, if that is what a member of an Accept header takes. Raises TranscodingError."""
    alone = accepted.essence in (DICOM, _ANY_OF_APPLICATION) and "instance" in call.uids
    parts = takes_parts(accepted, DICOM) or accepted.essence == _ANY_OF_APPLICATION
    if not (found and (alone or parts)):
        return multipart(DICOM, [], status=status) if parts else None
    wanted = accepted.get("transfer-syntax")
    syntaxes = [syntax_for(one, wanted) for one in found]
    if None in syntaxes:
        return None
    pairs = list(zip(found, filter(None, syntaxes), strict=True))
    made = _parts(desk, call, pairs, lying)
    return single(made[0], status=status) if alone else multipart(DICOM, made, status=status)


def _as_bulk_data(
    desk: WebDesk, call: Call, found: list[Located], accepted: MediaType, status: int
) -> Reply | None:
    """Values of instances apart from them: uncompressed, or frames in a compressed media type."""
    alone = accepted.essence == OCTET_STREAM
    if not alone and (accepted.essence != MULTIPART or not accepted.root):
        return None
    wanted = accepted.get("transfer-syntax")
    try:
        if accepted.root == OCTET_STREAM and wanted in (None, "*", EXPLICIT_LE):
            parts = [part for one in found for part in bulk_data(desk, call.base, one)]
        else:
            parts = [part for one in found for part in compressed_frames(desk, call, one, accepted)]
    except (OSError, DamagedDatasetError) as error:
        raise unreadable(error) from error
    if alone:  # what is more than one value cannot come without the wrapping
        return single(parts[0], status=status) if len(parts) == 1 else None
    return multipart(accepted.root, parts, status=status) if parts else None


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


def _parts(
    desk: WebDesk, call: Call, pairs: Sequence[tuple[Located, str]], lying: _Lying
) -> list[Part]:
    """Instances and the transfer syntax of each as parts; what has to be decoded is decoded now."""
    decoded = Made()
    return [
        Part(
            str(MediaType(DICOM, {"transfer-syntax": syntax})),
            location_of(call.base, instance),
            _content(desk, instance, syntax, decoded, lying),
        )
        for instance, syntax in pairs
    ]


def _content(
    desk: WebDesk, instance: Located, syntax: str, decoded: Made, lying: _Lying
) -> Callable[[], Content]:
    if desk.misbehaviour.spoils():
        return lambda: _spoiled(desk, instance, syntax)
    if syntax == instance.transfer_syntax_uid:
        path = desk.archive.files.path(lying.of(instance).file)
        return lambda: (path.stat().st_size, stored(desk.archive, lying.of(instance)))
    meta = meta_of(instance, syntax)
    try:
        if instance.transfer_syntax_uid == DEFLATED and syntax == EXPLICIT_LE:
            size = len(meta) + desk.shelf.inflated_size(desk.archive, instance)
            return lambda: (size, _inflated(desk, instance, meta))
        if not is_decoded(instance.transfer_syntax_uid) and instance.size <= _AT_ONCE:
            return lambda: whole(meta + converted(desk.archive, lying.of(instance), syntax))
        return decoded.written(partial(_convert, desk, instance, syntax, meta))
    except (OSError, DamagedDatasetError) as error:
        raise unreadable(error) from error
    except TranscodingError as error:
        raise TranscodingError(f"{instance.sop_instance_uid}: {error}") from error


def _inflated(desk: WebDesk, instance: Located, meta: bytes) -> Iterator[bytes]:
    yield meta
    with desk.shelf.mapped(desk.archive, instance) as (data, _):
        yield from pieces(data, 0, len(data))


def _convert(desk: WebDesk, instance: Located, syntax: str, meta: bytes, into: BinaryIO) -> None:
    into.write(meta)
    header = desk.opened(instance).header
    pixels = frame_size(header) * frame_count(header)
    transcode_into(desk.archive.files.path(instance.file), syntax, into, pixels=pixels)


def _spoiled(desk: WebDesk, instance: Located, syntax: str) -> Content:
    """The instance as faults make it."""
    data = converted(desk.archive, instance, syntax)
    sent = dataclasses.replace(instance, transfer_syntax_uid=syntax)
    return whole(meta_of(instance, syntax) + desk.misbehaviour.retrieved(sent, data))
