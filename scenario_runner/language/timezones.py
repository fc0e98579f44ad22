"""Time zones of sites: a name of the IANA database, or an offset from UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from scenario_runner.errors import Advised
from scenario_runner.fields.types import Text
from scenario_runner.language.diagnostic_words import nearest

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", re.ASCII | re.IGNORECASE)
_LEAST, _MOST = dt.timedelta(hours=-12), dt.timedelta(hours=14)
"""What TimezoneOffsetFromUTC can say (PS3.3 C.12.1.1.8)."""


def zone_of(text: str) -> dt.tzinfo:
    """The zone that ``Europe/Berlin``, ``+05:30`` or ``UTC`` names. Raises ValueError, in words."""
    if text.upper() in ("UTC", "Z"):
        return dt.UTC
    if match := _OFFSET.fullmatch(text):
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        offset = -offset if match[1] == "-" else offset
        if int(match[3] or 0) > 59 or not _LEAST <= offset <= _MOST:
            raise ValueError(f"there is no time zone '{text}': an offset is -12:00 to +14:00")
        return dt.timezone(offset)
    return _named(text)


def _named(text: str) -> dt.tzinfo:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(text)
    except (OSError, ValueError, KeyError):
        known = available_timezones()
    if not known:
        raise Advised(
            f"the time zone '{text}' cannot be looked up: this machine has no time zone data",
            "install the package tzdata, or write an offset such as +02:00",
        )
    cities = {name.rpartition("/")[2]: name for name in sorted(known)}
    near = cities.get(text.replace(" ", "_").title())
    near = near or nearest(text, sorted(known))
    hint = f"did you mean '{near}'?" if near else "write Europe/Berlin or +02:00"
    raise Advised(f"there is no time zone '{text}'", hint)


def _known(text: str) -> str:
    zone_of(text)
    return text


ZoneName = Annotated[
    Text,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "examples": ["Europe/Berlin", "+05:30", "UTC"]}),
]
"""A time zone by its name in the IANA database, or as an offset from UTC."""


def offset_text(moment: dt.datetime) -> str:
    """The offset of an aware moment as TimezoneOffsetFromUTC has it: ``+0530`` (PS3.3 C.12.1.1.8)."""
    offset = moment.utcoffset() or dt.timedelta()
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
