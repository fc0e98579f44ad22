"""DICOMweb of studies that a PACS keeps: queries go on to it, and what is retrieved is brought from it first."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api.operations import FindRequest, QueryLevel
from scenario_runner.dicom.characters import UTF8
from scenario_runner.dicom.dictionary import keyword_of
from scenario_runner.dicom.json_model import attribute, encode
from scenario_runner.dicom.levels import UIDS, Level
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, WebError, resource_url
from scenario_runner.pacs.dicomweb.models import reply_of
from scenario_runner.pacs.dicomweb.parameters import search_of
from scenario_runner.pacs.dicomweb.search import warning_header
from scenario_runner.web.dicomweb.telling import telling

if TYPE_CHECKING:
    from scenario_runner.dicom.json_model import Json
    from scenario_runner.pacs.dicomweb.desk import Handler
    from scenario_runner.pacs.dicomweb.parameters import Search
    from scenario_runner.service.homes.target import TargetHome

_RETRIEVE_URL: Final = "00081190"
_ASKED: Final[dict[Level, QueryLevel]] = {"STUDY": "study", "SERIES": "series", "IMAGE": "image"}
_NOT_SAID: Final = ("QueryRetrieveLevel", "RetrieveAETitle", "RetrieveURL", "SpecificCharacterSet")
"""Of an answer of the PACS: what is about the exchange with it, and not about what is found."""
_NOT_ASKED: Final = ("TimezoneOffsetFromUTC",)


def retrieving(home: TargetHome, handler: Handler) -> Handler:
    """What a study, or a part of it, is given out by, once it is here."""

    def retrieve(desk: WebDesk, call: Call) -> Reply:
        archive = home.brought.bring(call.uid("study") or "")
        return handler(dataclasses.replace(desk, archive=archive), call)

    return telling(retrieve)


def deleting(home: TargetHome) -> Handler:
    """``DELETE /studies/{study}``: from the PACS."""

    def delete(_: WebDesk, call: Call) -> Reply:
        study = call.uid("study") or ""
        if not home.delete(study):
            raise WebError(404, f"study {study} is not stored")
        return Reply(status=204)

    return telling(delete)


def searching(home: TargetHome, level: Level) -> Handler:
    """QIDO-RS at a level (PS3.18 10.6), as far as the PACS answers C-FIND or QIDO-RS there."""

    def search(_: WebDesk, call: Call) -> Reply:
        above = [
            (keyword, uid)
            for name, keyword in (("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID"))
            if (uid := call.uid(name))
        ]
        asked = search_of(level, above, call.query)
        end = None if asked.limit is None else asked.offset + asked.limit
        found = home.search(_request(asked, end))[asked.offset : end]
        items = map(partial(_json, call.base, level, dict(above)), found)
        return reply_of(call, items, warning_header(asked.warnings))

    return telling(search)


def _request(asked: Search, most: int | None) -> FindRequest:
    match: dict[str, Any] = {}
    returned: list[str] = []
    for key in asked.keys:
        keyword = keyword_of(key.tag)
        if key.vr == "SQ" or keyword in _NOT_ASKED:
            if not key.is_universal:
                asked.warnings.append(
                    f"{keyword} is not matched on the PACS that keeps the studies."
                )
        elif key.values:
            match[keyword] = list(key.values) if len(key.values) > 1 else key.values[0]
        else:
            returned.append(keyword)
    return FindRequest(level=_ASKED[asked.level], match=match, returned=returned, limit=most)


def _json(base: str, level: Level, above: dict[str, str], row: dict[str, Any]) -> tuple[str, Json]:
    """A match's URL, and the match."""
    said = {**above, **{key: value for key, value in row.items() if key not in _NOT_SAID}}
    said = {key: value for key, value in said.items() if value is not None or key not in _NOT_ASKED}
    data = encode({**said, "SpecificCharacterSet": UTF8})
    depth = ("STUDY", "SERIES", "IMAGE").index(level) + 1
    url = resource_url(base, *(str(said.get(keyword) or "") for keyword in UIDS[:depth]))
    data[_RETRIEVE_URL] = attribute("UR", [url])
    return url, dict(sorted(data.items()))
