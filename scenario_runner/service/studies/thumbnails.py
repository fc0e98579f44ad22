"""A small picture of a study: of its first image series the middle one, with the window it asks for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from scenario_runner.decoding import can_decode
from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import DamagedDatasetError, Elements
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.errors import NotThere, Unavailable
from scenario_runner.service.studies.finding import facts_of
from scenario_runner.service.studies.headers import header_of
from scenario_runner.showing import NotShownError, Viewport
from scenario_runner.showing.apart import picture

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.service.asking import Asking
    from scenario_runner.service.homes.home import InstanceFacts
    from scenario_runner.service.service import Service

LARGEST: Final = 256
"""Pixels along the longer side."""
_TRIES: Final = 5
"""Instances that are tried, where those before them cannot be shown."""
_ROWS, _COLUMNS, _FRAMES = 0x00280010, 0x00280011, 0x00280008
_BITS, _SAMPLES = 0x00280100, 0x00280002


def thumbnail(service: Service, asking: Asking, study_uid: str, size: int = LARGEST) -> bytes:
    """A JPEG of at most ``size`` pixels a side. Raises NotThere for a study that is not there or has no image."""
    facts_of(service, study_uid)
    found = service.home.instances(study_uid)
    key = (_version(found), min(size, LARGEST))
    made = service.thumbnails.get(key)
    if made is None:
        made = _made(service, study_uid, found, key[1])
        service.thumbnails.put(key, made)
    caller, where = asking.caller, asking.from_where
    if service.looks.is_news(caller.name, caller.arrival, study_uid, where):
        detail = {"thumbnail": size}
        service.trail.record(caller, Activity.VIEWED, study_uid, where, detail=detail)
    return made


def _version(found: list[InstanceFacts]) -> str:
    """Changes with the study: with how many there are, and with each that is replaced."""
    return (
        "\n".join(one.file or one.sop_instance_uid for one in (found[:1] + found[-1:]))
        + f"\n{len(found)}"
    )


def _made(service: Service, study_uid: str, found: list[InstanceFacts], size: int) -> bytes:
    why, gone = "", None
    for one in _best_first(found)[:_TRIES]:
        with service.home.files(study_uid, one.sop_instance_uid) as files:
            try:
                for _, path in files:
                    return _drawn(path, size)
            except (NotShownError, DamagedDatasetError, ValueError, OSError) as error:
                why = str(error)
            except Unavailable as error:
                gone = error
    if gone is not None and not why:
        raise gone
    raise NotThere(
        "no-image", f"no image of study {study_uid} can be shown" + (f": {why}" if why else "")
    )


def _best_first(found: list[InstanceFacts]) -> list[InstanceFacts]:
    """The middle of the first series, then those of the others, then whatever there is."""
    series: dict[str, list[InstanceFacts]] = {}
    for one in found:
        if not one.transfer_syntax_uid or can_decode(one.transfer_syntax_uid):
            series.setdefault(one.series_instance_uid, []).append(one)
    middle = [ones[len(ones) // 2] for ones in series.values()]
    return [*middle, *(one for ones in series.values() for one in ones if one not in middle)]


def _drawn(path: Path, size: int) -> bytes:
    header, _ = header_of(path)
    rows, columns = _number(header, _ROWS, 0), _number(header, _COLUMNS, 0)
    if not rows or not columns:
        raise NotShownError("it has no image")
    frame = (_number(header, _FRAMES, 1) + 1) // 2
    expected = (
        rows * columns * _number(header, _SAMPLES, 1) * max(1, _number(header, _BITS, 16) // 8)
    )
    image = picture(path, max(1, frame), None, Viewport((size, size)), expected=expected)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=85)
    return target.getvalue()


def _number(header: Elements, tag: int, usual: int) -> int:
    element = header.get(tag)
    try:
        return int(texts(tag, element)[0]) if element is not None else usual
    except (ValueError, IndexError):
        return usual
