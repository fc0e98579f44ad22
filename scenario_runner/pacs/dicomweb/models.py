"""Data sets as an answer: in the DICOM JSON Model, or each as a document of the Native DICOM Model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scenario_runner.network.dicomweb.media_types import DICOM_JSON, DICOM_XML, JSON
from scenario_runner.pacs.dicomweb import json_writer
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebError, takes_parts
from scenario_runner.pacs.dicomweb.parts import Content, Part, multipart, whole
from scenario_runner.pacs.dicomweb.xml_writer import as_xml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenario_runner.dicom.json_model import Json


def reply_of(
    call: Call, items: Iterable[tuple[str, Json]], headers: Mapping[str, str] | None = None
) -> Reply:
    """These data sets, made one at a time, as the client takes them best (PS3.18 8.7.3).

    items: where each can be had alone, and the data set itself.

    Raises WebError 406 for a client that takes neither JSON nor parts of XML.
    """
    form = form_of(call)
    if form == DICOM_XML:
        return documents(items, headers)
    content = json_writer.array(item for _, item in items)
    return Reply(media_type=form, content=content, headers=headers or {})


def form_of(call: Call) -> str:
    """The media type that the client takes best: of JSON, or of the parts of XML. Raises WebError 406 for neither."""
    for accepted in call.accepted():
        for offered in (DICOM_JSON, JSON):
            if accepted.covers(offered):
                return offered
        if takes_parts(accepted, DICOM_XML):
            return DICOM_XML
    raise WebError(406, f'there is {DICOM_JSON}, and multipart/related; type="{DICOM_XML}"')


def documents(items: Iterable[tuple[str, Json]], headers: Mapping[str, str] | None = None) -> Reply:
    """Data sets as parts of XML. items: as of ``reply_of``."""
    parts = (Part(DICOM_XML, url, partial(_document, item)) for url, item in items)
    return multipart(DICOM_XML, parts, headers=headers)


def _document(item: Json) -> Content:
    return whole(as_xml(item))
