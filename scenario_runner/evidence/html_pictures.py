"""Pictures in the report: read from the run folder, bounded, and told in words."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from scenario_runner.evidence.files import inside
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scenario_runner.evidence.record import AttachmentRecord, StepRecord

_PREVIEW_SIZE = 256 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_DIFFERING = 12


class PreviewBudget:
    """Reads the pictures of a run folder, as long as there is room for them in the report."""

    def __init__(self, folder: Path, room: int) -> None:
        self._folder = folder
        self._room = room

    def uri(self, path: str) -> str | None:
        """A data URI, or None: no room, not in the folder's ``evidence/``, or not a PNG."""
        evidence = (self._folder / "evidence").resolve()
        file = inside(self._folder, path)
        if file is None or not file.is_relative_to(evidence):
            return None
        if file.stat().st_size > min(_PREVIEW_SIZE, self._room):
            return None
        data = file.read_bytes()
        if not data.startswith(_PNG):
            return None
        text = base64.b64encode(data).decode("ascii")
        self._room -= len(text)
        return f"data:image/png;base64,{text}"


@dataclass(frozen=True, slots=True)
class Differing:
    """Images that came back otherwise, each as it was sent, as it was received, and their difference."""

    pictures: list[dict[str, Any]]
    """``{uri, title, count, largest, place, sides}`` each."""
    paths: set[str]
    """The files of those that are shown."""


def shows_difference(attachment: AttachmentRecord) -> bool:
    """Whether a picture shows an image as sent and as received."""
    return attachment.subject.get("shows") == "difference"


def differing(step: StepRecord, budget: PreviewBudget) -> Differing:
    """What a step's checks found, as far as there is room for it."""
    shown = Differing([], set())
    for one in filter(shows_difference, step.attachments):
        uri = budget.uri(one.path) if len(shown.pictures) < _DIFFERING else None
        if uri is not None:
            shown.paths.add(one.path)
            shown.pictures.append({"uri": uri, **_told(one.subject)})
    return shown


def _told(subject: Mapping[str, Any]) -> dict[str, str]:
    place = f"x {_number(subject.get('x'))}, y {_number(subject.get('y'))}"
    if subject.get("frame") is not None:
        place += f", frame {_number(subject['frame'])}"
    return {
        "title": " ".join(str(subject.get(name) or "") for name in ("modality", "image")).strip(),
        "largest": _number(subject.get("largest")),
        "place": place,
        "sides": f"sent {_number(subject.get('sent'))}, received {_number(subject.get('received'))}",
        "count": f"{_number(subject.get('values'))} of {_number(subject.get('of'))} values",
    }


def _number(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, int | float) else "?"
