"""Media types as HTTP headers carry them, and which of them an ``Accept`` header allows.

Grammar: RFC 9110 5.6.6, 8.3.1 and 12.5.1; what DICOM makes of it: PS3.18 8.7.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass

DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
DICOM_XML: Final = "application/dicom+xml"
JSON: Final = "application/json"
MULTIPART: Final = "multipart/related"
OCTET_STREAM: Final = "application/octet-stream"
PROBLEM: Final = "application/problem+json"
"""An error as RFC 9457 has it."""

MOST_CHARACTERS: Final = 4096
"""A longer header is read as far as this."""

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ESSENCE = re.compile(rf"\s*({_NAME}/{_NAME})\s*")
# Outside quotes a slash, a colon and the like are against the grammar and yet common in ``type=``.
_PARAMETER = re.compile(rf';\s*({_NAME})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)\s*|;\s*')
_COMMA = re.compile(r"\s*,")


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range: ``essence`` in lower case, parameters by their lower-case names."""

    essence: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "; ".join(
            [self.essence, *(f"{name}={_quoted(text)}" for name, text in self.parameters.items())]
        )

    def get(self, name: str) -> str | None:
        """A parameter's value."""
        return self.parameters.get(name)

    def without(self, name: str) -> MediaType:
        """The same with one parameter less."""
        left = {key: text for key, text in self.parameters.items() if key != name}
        return MediaType(self.essence, left)

    @property
    def quality(self) -> float:
        """The weight ``q`` in an Accept header: 0 to 1, 1 when absent or no number."""
        try:
            quality = float(self.parameters.get("q", "1"))
        except ValueError:
            return 1.0
        return min(1.0, max(0.0, quality)) if math.isfinite(quality) else 1.0

    @property
    def root(self) -> str:
        """The type of the parts for a multipart/related (RFC 2387 3.1), else the type itself."""
        if self.essence != MULTIPART:
            return self.essence
        return self.parameters.get("type", "").strip().lower()

    def covers(self, essence: str) -> bool:
        """Whether this range takes in a type: ``*/*``, ``image/*`` or the very same."""
        kind, _, subtype = self.essence.partition("/")
        if subtype != "*":
            return self.essence == essence.lower()
        return kind in ("*", essence.partition("/")[0].lower())


def multipart_related(root: str, **parameters: str) -> MediaType:
    """``multipart/related; type="…"`` with further parameters; an underscore is a hyphen.

    ``multipart_related(DICOM, transfer_syntax="*")``.
    """
    named = {name.replace("_", "-"): text for name, text in parameters.items()}
    return MediaType(MULTIPART, {"type": root, **named})


def parse(text: str | None) -> MediaType | None:
    """A Content-Type; None when there is none or it is no media type."""
    found = parse_list(text)
    return found[0] if found else None


def parse_list(text: str | None) -> list[MediaType]:
    """The members of an Accept header in their order; what is no media type is left out."""
    words = (text or "")[:MOST_CHARACTERS]
    found: list[MediaType] = []
    position = 0
    while position < len(words):
        essence = _ESSENCE.match(words, position)
        if essence is None:
            following = words.find(",", position)
            position = len(words) if following < 0 else following + 1
            continue
        parameters, position = _parameters(words, essence.end())
        found.append(MediaType(essence[1].lower(), parameters))
        comma = _COMMA.match(words, position)
        if comma is None and position < len(words):
            found.pop()
            following = words.find(",", position)
            position = len(words) if following < 0 else following + 1
        elif comma is not None:
            position = comma.end()
    return found


def accept(ranges: Iterable[MediaType | str]) -> str:
    """An Accept header of these, in order."""
    return ", ".join(map(str, ranges))


def by_preference(text: str | None) -> list[MediaType]:
    """What an Accept header asks for, best first; ``*/*`` when it is absent, nothing with q=0."""
    if text is None or not text.strip():
        return [MediaType("*/*")]
    ranges: Sequence[MediaType] = parse_list(text)
    return sorted((one for one in ranges if one.quality > 0), key=lambda one: -one.quality)


def _parameters(words: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while found := _PARAMETER.match(words, position):
        position = found.end()
        if found[1] is not None:
            parameters.setdefault(found[1].lower(), _unquoted(found[2]))
    return parameters, position


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _quoted(text: str) -> str:
    """Tokens as they are; anything else between quotes, for a slash may not stand outside."""
    if re.fullmatch(_NAME, text):
        return text
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
