"""How values look on a page: the filters of the templates. Nothing here trusts what it is given."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from scenario_runner.app.row_texts import cell
from scenario_runner.evidence.html_text import amount, seconds, visible

_WORD: Final = re.compile(r"[A-Z]*[^A-Z]+|[A-Z]+$")
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def t(value: Any, limit: int = 1_000) -> Markup:
    """Text as HTML: escaped, hidden characters spelled out, its direction kept to itself, cut after ``limit``."""
    text = str(value)
    cut = text if len(text) <= limit else text[:limit] + "…"
    # Hundreds on a page: ``Markup.format`` takes several times as long.
    return Markup(f"<bdi>{escape(visible(cut, len(cut)))}</bdi>")  # noqa: S704 - escaped


def person(name: str, limit: int = 300) -> Markup:
    """A PN as people write it: ``Citizen, Jane``; its other groups behind it. Each keeps its direction to itself."""
    groups = [_group(one) for one in name.split("=")]
    shown = [t(one, limit) for one in groups if one]
    if not shown:
        return Markup('<span class="none">–</span>')
    others = Markup("").join(
        Markup(' <span class="other">{}</span>').format(one) for one in shown[1:]
    )
    return shown[0] + others


def _group(group: str) -> str:
    family, given, middle, prefix, suffix = [
        *(part.strip() for part in group.split("^")),
        *[""] * 5,
    ][:5]
    names = " ".join(filter(None, (prefix, given, middle, suffix)))
    return ", ".join(filter(None, (family, names)))


def size(count: int) -> str:
    """Bytes in the unit that suits them: powers of 1024, in which limits are said (IEC 80000-13)."""
    value, unit = float(count), 0
    while value >= 1023.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    whole = unit == 0 or value >= 99.5 or value == int(value)
    return f"{value:.0f} {_UNITS[unit]}" if whole else f"{value:.1f} {_UNITS[unit]}"


def moment(when: dt.datetime | str | None) -> Markup:
    """A moment as a ``time`` element, in UTC: ``2026-01-31 09:30:00``."""
    if isinstance(when, str):
        try:
            when = dt.datetime.fromisoformat(when)
        except ValueError:
            return t(when, 40)
    if when is None:
        return Markup('<span class="none">–</span>')
    at = when.astimezone(dt.UTC)
    day, time = at.isoformat(timespec="seconds")[:19].split("T")
    return Markup(  # noqa: S704 - digits
        f'<time datetime="{day}T{time}+00:00" class="moment">{day} {time}</time>'
    )


def or_dash(value: Any, limit: int = 300) -> Markup:
    """Text, or a dash where there is none."""
    if value is None or value == "":
        return Markup('<span class="none">–</span>')
    return t(value, limit)


def in_words(value: Any) -> Any:
    """A value of an entry as people read it: ``PatientName DOE^JANE, StudyDate 20260131`` of what has several."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {in_words(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(in_words(one)) for one in value)
    return value


def keyword(name: str) -> Markup:
    """A DICOM keyword, which may go on in the next line where one of its words begins."""
    return Markup("<wbr>").join(_WORD.findall(name))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "t": t,
    "person": person,
    "size": size,
    "moment": moment,
    "or_dash": or_dash,
    "in_words": in_words,
    "keyword": keyword,
    "cell": cell,
    "amount": amount,
    "seconds": seconds,
}
