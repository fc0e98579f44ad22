"""WADO-RS metadata and bulk data: an instance's attributes in JSON, long values by URL (PS3.18 10.4)."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from scenario_runner.archive.transcoding import TranscodingError
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    in_little_endian,
    read_items,
)
from scenario_runner.dicom.syntaxes import encoding_of
from scenario_runner.network.dicomweb.media_types import DICOM_XML, MULTIPART, OCTET_STREAM
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    location_of,
    takes_parts,
    unreadable,
)
from scenario_runner.pacs.dicomweb.frames import decoded_pixels, words_of
from scenario_runner.pacs.dicomweb.json_writer import array_of
from scenario_runner.pacs.dicomweb.mapped import pieces
from scenario_runner.pacs.dicomweb.metadata_writer import MetadataWriter, metadata_of
from scenario_runner.pacs.dicomweb.models import documents, form_of
from scenario_runner.pacs.dicomweb.parts import Content, Part, multipart, single, whole
from scenario_runner.pacs.dicomweb.transfer import is_decoded, pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.archive.index import Located
    from scenario_runner.dicom.json_model import Json
    from scenario_runner.pacs.dicomweb.shelf import Opened

LOGGER = logging.getLogger(__name__)

_TAG_LENGTH: Final = 8
T = TypeVar("T")


def retrieve_metadata(desk: WebDesk, call: Call) -> Reply:
    """``GET …/metadata`` of a study, a series or an instance: one data set an instance."""
    found = desk.located(call)
    form = form_of(call)
    if form == DICOM_XML:
        read = partial(metadata, desk, call.base)
        return documents(_readable(call, found, read))
    writer = MetadataWriter()

    def written(instance: Located) -> bytes:
        return writer.write(desk.opened(instance), _bulk_url(call.base, instance))

    texts = (text for _, text in _readable(call, found, written))
    return Reply(media_type=form, content=array_of(texts))


def _readable(
    call: Call, found: list[Located], read: Callable[[Located], T]
) -> Iterator[tuple[str, T]]:
    """Those that can be read, and where each is had alone. Raises WebError where none can."""
    missing = 0
    for instance in found:
        try:
            data = read(instance)
        except (OSError, DamagedDatasetError) as error:
            # Deleted since it was looked up, or damaged on the disk.
            LOGGER.warning("no metadata of %s: %s", instance.sop_instance_uid, error)
            missing += 1
            if missing == len(found):
                raise unreadable(error) from error
        else:
            yield f"{location_of(call.base, instance)}/metadata", data


def metadata(desk: WebDesk, base: str, instance: Located) -> Json:
    """One instance. Raises OSError, DamagedDatasetError."""
    return metadata_of(desk.opened(instance), _bulk_url(base, instance))


def _bulk_url(base: str, instance: Located) -> str:
    return f"{location_of(base, instance)}/bulkdata/"


def bulk_data(desk: WebDesk, base: str, instance: Located) -> Iterator[Part]:
    """Every value that the metadata of an instance gives by its URL, uncompressed in Little Endian."""
    url = _bulk_url(base, instance)
    for uri in _uris(metadata(desk, base, instance)):
        path = uri.removeprefix(url).split("/")
        yield Part(OCTET_STREAM, uri, partial(_content, desk, instance, path))


def _content(desk: WebDesk, instance: Located, path: list[str]) -> Content:
    return _value(desk, instance, path)()


def _uris(data: Json) -> Iterator[str]:
    for member in data.values():
        if "BulkDataURI" in member:
            yield member["BulkDataURI"]
        elif member["vr"] == "SQ":
            for item in member.get("Value", ()):
                yield from _uris(item)


def retrieve_bulk_data(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/bulkdata/{path}``: a value as a BulkDataURI named it.

    The path is a tag, or tags of sequences with item numbers from 1 between them.
    """
    instance = desk.one(call)
    path = call.uids["path"].split("/")
    try:
        content = _value(desk, instance, path)
    except (DamagedDatasetError, OSError) as error:
        raise unreadable(error) from error
    except TranscodingError as error:
        raise WebError(406, str(error)) from error
    url = f"{location_of(call.base, instance)}/bulkdata/{call.uids['path']}"
    part = Part(OCTET_STREAM, url, content)
    for accepted in call.accepted():
        if accepted.essence in (OCTET_STREAM, "application/*"):
            return single(part)
        if takes_parts(accepted, OCTET_STREAM):
            return multipart(OCTET_STREAM, [part])
    raise WebError(406, f'bulk data is {MULTIPART}; type="{OCTET_STREAM}", or {OCTET_STREAM} alone')


def _value(desk: WebDesk, instance: Located, path: list[str]) -> Callable[[], Content]:
    opened = desk.opened(instance)
    if opened.span is not None and path == [f"{opened.span.tag:08X}"]:
        return _pixels(desk, instance, opened)
    elements = opened.header
    while len(path) > 2:
        tag, number, *path = path
        element = elements.get(_tag(tag))
        items = read_items(element) if element is not None else []
        if not number.isascii() or not number.isdigit() or not 1 <= int(number[:9]) <= len(items):
            raise WebError(404, f"({tag[:8]}) has no item {number[:9]}")
        elements = items[int(number) - 1]
    element = elements.get(_tag(path[0])) if len(path) == 1 else None
    if element is None:
        raise WebError(404, "the instance has no such attribute")
    return partial(whole, in_little_endian(element))


def _pixels(desk: WebDesk, instance: Located, opened: Opened) -> Callable[[], Content]:
    if is_decoded(instance.transfer_syntax_uid):
        return decoded_pixels(desk, instance, opened.header)
    span = opened.span
    assert span is not None
    encoding = encoding_of(instance.transfer_syntax_uid)

    def read() -> Iterator[bytes]:
        with pixels(desk, instance) as found:
            if found is None:
                raise DamagedDatasetError("the pixels are gone")
            vr = words_of(found, encoding, opened.header)
            for piece in pieces(found.data, span.start, span.end):
                yield in_little_endian(Element(vr, piece, encoding))

    return lambda: (span.end - span.start, read())


def _tag(text: str) -> int:
    try:
        if len(text) == _TAG_LENGTH:
            return int(text, 16)
    except ValueError:
        pass
    raise WebError(400, f"'{text[:40]}' is no tag: eight hexadecimal digits")
