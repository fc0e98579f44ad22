"""WADO-RS metadata and bulk data: an instance's attributes in JSON, long values by URL (PS3.18 10.4)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.values import texts
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_items
from scenario_runner.dicom.levels import UIDS
from scenario_runner.network.dicomweb.media_types import MULTIPART, OCTET_STREAM
from scenario_runner.pacs.dicomweb import json_writer
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    resource_url,
    takes_parts,
)
from scenario_runner.pacs.dicomweb.models import reply_of
from scenario_runner.pacs.dicomweb.retrieving import multipart, parts_of
from scenario_runner.pacs.dicomweb.transfer import pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.dicomweb.json_writer import Json

LOGGER = logging.getLogger(__name__)

_UIDS: Final = tuple(map(tag_of, UIDS))
_TAG_LENGTH: Final = 8


def retrieve_metadata(desk: WebDesk, call: Call) -> Reply:
    """``GET …/metadata`` of a study, a series or an instance: one data set an instance."""
    return reply_of(call, _all(desk, call, desk.located(call)))


def _all(desk: WebDesk, call: Call, found: list[Located]) -> Iterator[Json]:
    for instance in found:
        try:
            yield metadata(desk, call.base, instance)
        except (OSError, DamagedDatasetError) as error:
            # Deleted since it was looked up, or damaged on the disk.
            LOGGER.warning("no metadata of %s: %s", instance.sop_instance_uid, error)


def metadata(desk: WebDesk, base: str, instance: Located) -> Json:
    """One instance. Raises OSError, DamagedDatasetError."""
    elements, terms = desk.archive.header(instance.file)
    uids = [_first(elements, tag) for tag in _UIDS]
    bulk_url = f"{resource_url(base, *uids)}/bulkdata"
    data = json_writer.of_elements(elements, bulk_url, terms)
    with pixels(desk.archive, instance) as found:
        if found is not None:
            name = f"{found.span.tag:08X}"
            data[name] = json_writer.bulk(found.span.vr or "OW", f"{bulk_url}/{name}")
    return dict(sorted(data.items()))


def _first(elements: Elements, tag: int) -> str:
    element = elements.get(tag)
    values = texts(tag, element) if element else []
    return values[0] if values else ""


def retrieve_bulk_data(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/bulkdata/{path}``: a value as a BulkDataURI named it.

    The path is a tag, or tags of sequences with item numbers from 1 between them.
    """
    instance = desk.one(call)
    path = call.uids["path"].split("/")
    try:
        data = _value(desk, instance, path)
    except (DamagedDatasetError, OSError) as error:
        raise WebError(404, f"the instance cannot be read: {error}") from error
    for accepted in call.accepted():
        if accepted.essence == OCTET_STREAM:
            return Reply(media_type=OCTET_STREAM, content=data)
        if takes_parts(accepted, OCTET_STREAM):
            return multipart(OCTET_STREAM, parts_of([(OCTET_STREAM, data)]))
    raise WebError(406, f'bulk data is {MULTIPART}; type="{OCTET_STREAM}", or {OCTET_STREAM} alone')


def _value(desk: WebDesk, instance: Located, path: list[str]) -> bytes:
    with pixels(desk.archive, instance) as found:
        if found is not None and path == [f"{found.span.tag:08X}"]:
            return found.data[found.span.start : found.span.end]
    elements, _ = desk.archive.header(instance.file)
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
    return element.value


def _tag(text: str) -> int:
    try:
        if len(text) == _TAG_LENGTH:
            return int(text, 16)
    except ValueError:
        pass
    raise WebError(400, f"'{text[:40]}' is no tag: eight hexadecimal digits")
