"""QIDO-RS: the archive's one matching, asked by URL (PS3.18 10.6)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.keys import QUERY_RETRIEVE_LEVEL
from scenario_runner.archive.query import Query
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.json_model import attribute
from scenario_runner.dicom.levels import UIDS, Level
from scenario_runner.pacs.dicomweb import json_writer
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, resource_url
from scenario_runner.pacs.dicomweb.metadata import metadata
from scenario_runner.pacs.dicomweb.models import reply_of
from scenario_runner.pacs.dicomweb.parameters import search_of

if TYPE_CHECKING:
    from scenario_runner.archive.keys import Answer
    from scenario_runner.dicom.json_model import Json

_RETRIEVE_URL: Final = "00081190"
_WHERE_THERE_IS_ONE: Final = (0x00080201, 0x00400275)
"""TimezoneOffsetFromUTC and RequestAttributesSequence are answered where they have a value."""
_UIDS: Final = tuple(map(tag_of, UIDS))


def search_studies(desk: WebDesk, call: Call) -> Reply:
    """``/studies``."""
    return _search(desk, call, "STUDY")


def search_series(desk: WebDesk, call: Call) -> Reply:
    """``/series`` and ``/studies/{study}/series``."""
    return _search(desk, call, "SERIES")


def search_instances(desk: WebDesk, call: Call) -> Reply:
    """``/instances``, and the same below a study or a series."""
    return _search(desk, call, "IMAGE")


def _search(desk: WebDesk, call: Call, level: Level) -> Reply:
    above = [
        (keyword, uid)
        for name, keyword in (("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID"))
        if (uid := call.uid(name))
    ]
    search = search_of(level, above, call.query)
    query = Query.of_keys(level, search.keys, availability=True, terms=(UTF8,), zone=search.zone)
    if desk.misbehaviour.tells_matches_as_they_are:
        matches = query.page(desk.archive, search.offset, search.limit)
    else:
        end = None if search.limit is None else search.offset + search.limit
        answered = desk.misbehaviour.matches(iter(query.run(desk.archive)), worklist=False)
        matches = itertools.islice(answered, search.offset, end)
    everything = search.everything and level == "IMAGE"
    found = (
        _json(desk, call.base, level, match.answer, everything=everything) for match in matches
    )
    return reply_of(call, found, warning_header(search.warnings))


def warning_header(warnings: list[str]) -> dict[str, str]:
    """What was asked for and not done, in the header HTTP has for it."""
    words = [f'299 dicom-fabricator "{_quotable(one)}"' for one in warnings]
    return {"Warning": ", ".join(words)} if words else {}


def _quotable(text: str) -> str:
    """Text that may stand between quotes in a header."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode("ascii")
    plain = "".join(one if one.isprintable() else "?" for one in plain)
    return plain.replace("\\", "/").replace('"', "'")[:200]


def _json(
    desk: WebDesk, base: str, level: Level, answer: Answer, *, everything: bool
) -> tuple[str, Json]:
    """A match's URL, and the match."""
    answer.pop(QUERY_RETRIEVE_LEVEL, None)
    uids = [str(answer[tag][1][0]) for tag in _UIDS if tag in answer and answer[tag][1]]
    for tag in _WHERE_THERE_IS_ONE:
        if tag in answer and not answer[tag][1]:
            del answer[tag]
    answer[SPECIFIC_CHARACTER_SET] = ("CS", [UTF8])
    data = json_writer.of_answer(answer)
    if everything:
        data = _whole(desk, base, uids[-1]) | data
    depth = ("STUDY", "SERIES", "IMAGE").index(level) + 1
    url = resource_url(base, *uids[:depth])
    data[_RETRIEVE_URL] = attribute("UR", [url])
    return url, dict(sorted(data.items()))


def _whole(desk: WebDesk, base: str, sop_instance_uid: str) -> Json:
    """All attributes of an instance; nothing of one that is gone or damaged meanwhile."""
    instance = desk.archive.index.locate(sop_instance_uid)
    try:
        return metadata(desk, base, instance) if instance is not None else {}
    except (OSError, DamagedDatasetError):
        return {}
