"""How values look in the report: the filters its templates use. Nothing here trusts what it is given."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from markupsafe import Markup

from scenario_runner.amounts import plural
from scenario_runner.dicom.dictionary import tag_for_keyword, uid_name
from scenario_runner.events import AS_IT_SHOULD
from scenario_runner.evidence.flat import is_short_record, one_line, two_sides
from scenario_runner.evidence.times import moment
from scenario_runner.lazy_dataclasses import dataclass

_T = TypeVar("_T")

_WORDS = {
    "passed": "Passed",
    "failed": "Failed",
    "error": "Error",
    "skipped": "Skipped",
    "interrupted": "Interrupted",
}
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Characters that are invisible or turn the text around; a record has to show that they are there."""
_BREAKS = re.compile(r"[\t\n]")


@dataclass(frozen=True, slots=True)
class First(Generic[_T]):
    """The first few of many, and how many more there are."""

    items: Sequence[_T]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A list of alike objects, shown as a table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: int = 0

    @property
    def short(self) -> list[bool]:
        """Which columns hold nothing but short values, that a narrow page must not break."""
        return [
            all(len(one_line(row[number])) <= _SHORT for row in self.rows)
            for number in range(len(self.columns))
        ]


_SHORT, _LONG = 16, 26
"""Characters that a cell keeps in one line, and that a fact has room for beside others."""


def first(items: Sequence[_T], limit: int) -> First[_T]:
    """At most limit of the items."""
    return First(items[:limit], max(0, len(items) - limit))


def visible(value: Any, limit: int = 600) -> str:
    """Plain text, hidden characters spelled out, cut to limit characters. Not yet escaped."""
    text = value if isinstance(value, str) else one_line(value, limit)
    cut = len(text) - limit
    if cut > 0:
        text = text[:limit]
    text = _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
    return f"{text}… ({cut:,} more characters in run.json)" if cut > 0 else text


def in_a_line(text: str, limit: int) -> str:
    """The same, line ends and tabs spelled out, too: a name of a file is not to look like a line of ours."""
    return _BREAKS.sub(lambda found: f"[U+{ord(found[0]):04X}]", visible(text, limit))


def t(value: Any, limit: int = 1000) -> Markup:
    """Text as HTML: escaped, its direction kept to itself."""
    return Markup("<bdi>{}</bdi>").format(visible(value, limit))


def value(item: Any, limit: int = 1000, beside: Any = None) -> Markup:
    """An expected or actual value; a text that looks like a number is quoted.

    beside: the value it is compared with. Two that differ but look the same, as a letter composed
    and decomposed do, are written in ASCII with escapes.
    """
    if item is None:
        return Markup('<span class="none">no value</span>')
    if _is_told_by_several(item):
        return _told(item)
    text, other = two_sides(item, beside, limit)
    if item != beside and _looks(text) == _looks(other):
        text = json.dumps(item)
    return Markup("<code>{}</code>").format(t(text, limit + 40))


def _is_told_by_several(item: Any) -> bool:
    """Whether it is what several say of one study, each with its attributes, as the check ``consistent`` keeps it."""
    return (
        isinstance(item, Mapping)
        and 0 < len(item) <= _TELLERS
        and all(
            isinstance(facts, Mapping)
            and 0 < len(facts) <= _FACTS
            and all(tag_for_keyword(str(key)) is not None for key in facts)
            for facts in item.values()
        )
    )


_TELLERS, _FACTS = 8, 12


def _told(item: Mapping[str, Mapping[str, Any]]) -> Markup:
    """A line for each attribute; who says it, where that are not all."""
    lines: dict[tuple[str, str], list[str]] = {}
    for name, facts in item.items():
        for key, said in facts.items():
            lines.setdefault((key, visible(one_line(said), 100)), []).append(name)
    shown = [t(f"told by {', '.join(item)}", 200)]
    for (key, said), names in list(lines.items())[: 2 * _FACTS]:
        by = t(f" ({', '.join(names)})", 200) if len(names) < len(item) else ""
        shown.append(Markup("{}: <code>{}</code>{}").format(key, t(said), by))
    return Markup("<br>").join(shown)


def _looks(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def code(text: str) -> Markup:
    """What somebody typed."""
    return Markup("<code>{}</code>").format(t(text))


_END_OF_OPTIONS = "--"
"""After it a command takes everything for a name (POSIX.1-2024, Utility Syntax Guideline 10)."""


def command_line(words: Iterable[str]) -> Markup:
    """A command as a shell takes it; lines break between its words, not within ``--seed`` nor after ``--``."""
    plain = [shlex.quote(word) for word in words]
    quoted = [t(word) for word in plain]
    each = list(map(Markup("<span>{}</span>").format, quoted))
    if _END_OF_OPTIONS in plain[:-1]:
        end = plain.index(_END_OF_OPTIONS)
        whole = Markup('<span class="whole">{} {}</span>').format(*quoted[end : end + 2])
        each[end : end + 2] = [whole]
    return Markup('<code class="command">{}</code>').format(Markup(" ").join(each))


def fact_name(key: str) -> str:
    """The name of a fact: ``called_ae_title`` becomes ``Called AE title``; keywords stay."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
        return key
    text = " ".join(_ACRONYMS.get(part, part) for part in key.split("_"))
    return text[:1].upper() + text[1:]


_ACRONYMS = {
    name.lower(): name for name in ("AE", "UID", "PDU", "SOP", "SCP", "ID", "TLS", "URL", "HTTP")
} | {
    "uids": "UIDs",
    "pdus": "PDUs",
}


_STANDARD_UID = re.compile(r"1\.2\.840\.10008(\.(0|[1-9][0-9]{0,8})){1,10}")


def fact(item: Any, short: bool = False) -> Markup:
    """One plain value of a fact. A UID of the Standard is named; short: by its name alone."""
    if item is None or item == "":
        return Markup("–")
    if isinstance(item, bool):
        return t("yes" if item else "no")
    if isinstance(item, float):
        return t(f"{item:.4g}")
    if isinstance(item, list):
        return (
            Markup(", ").join(fact(member, short=True) for member in item) if item else Markup("–")
        )
    if isinstance(item, str) and _STANDARD_UID.fullmatch(item):
        name = uid_name(item)
        if name != item:
            return (
                t(name)
                if short
                else Markup('{} <span class="uid">{}</span>').format(t(name), t(item))
            )
    return t(item)


def foreseen(message: str, it_is: bool) -> str | None:
    """What failed as it should, of a step or check that passed for it; None for any other."""
    return message.removeprefix(AS_IT_SHOULD) if it_is else None


def evidence_link(path: str) -> Markup:
    """A file of the run folder as a link beside the report; as text when it lies elsewhere.

    A record that somebody else wrote may name any path: only one below ``evidence/`` is linked.
    """
    shown = Markup('<span class="mono">{}</span>').format(t(path, 200))
    parts = path.split("/")
    if parts[0] != "evidence" or len(parts) < 2 or ".." in parts or "\\" in path:
        return shown
    return Markup('<a href="{}">{}</a>').format(quote(path, safe="/"), shown)


def short(text: str) -> str:
    """The class of a text that is to stay in one line; none for one that is too long for that."""
    return "short" if len(text) <= _SHORT + 5 else ""


def word(outcome: str) -> str:
    """An outcome as a heading has it."""
    return _WORDS.get(outcome, outcome)


def more(count: int, noun: str = "") -> Markup:
    """``… and 9,990 more images, all in run.json``, which lies beside the report."""
    what = f" {noun if count == 1 else plural(noun)}" if noun else ""
    text = f"… and {count:,} more{what}, all in "
    return Markup('{}<a href="run.json">run.json</a>').format(text)


def amount(count: int, noun: str) -> str:
    """``1 image``, ``9,990 images``."""
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def seconds(duration: float) -> str:
    """A duration in the unit that suits it."""
    if duration < 0.9995:
        return f"{duration * 1000:.0f} ms"
    if duration < 59.95:
        return f"{duration:.2f} s" if duration < 9.995 else f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def clock(time: str) -> str:
    """The time of day of an event; the text itself when it is not a time."""
    at = moment(time)
    return visible(time, 40) if at is None else at.strftime("%H:%M:%S.%f")[:-3]


def moment_text(time: str | None) -> str:
    """``31 January 2026, 09:30:00 UTC``."""
    at = moment(time)
    if at is None:
        return visible(time or "", 40)
    # Not strftime's %B, which is in the language of the machine.
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S} UTC"


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def time_tag(time: str | None) -> Markup:
    """The moment as a ``time`` element."""
    return Markup('<time datetime="{}">{}</time>').format(
        visible(time or "", 40), moment_text(time)
    )


def bounded(item: Any, depth: int = 4, width: int = 40) -> Any:
    """A fact cut to what a page can hold; lists of alike flat objects become a Grid."""
    if isinstance(item, Mapping):
        if depth == 0:
            return visible(item)
        kept = {
            str(key): bounded(member, depth - 1, width)
            for key, member in list(item.items())[:width]
        }
        if len(item) > width:
            kept["…"] = f"{len(item) - width:,} more in run.json"
        return kept
    if isinstance(item, list | tuple):
        grid = _grid(item, width)
        if grid is not None:
            return grid
        if depth == 0 and not _flat(list(item)):
            return visible(item)
        kept_items = [bounded(member, depth - 1, width) for member in item[:width]]
        if len(item) > width:
            kept_items.append(f"… and {len(item) - width:,} more in run.json")
        return kept_items
    return item


def brief(item: Any) -> bool:
    """Whether an object fits on half a line as ``stored: 3, missing: 0``."""
    return is_short_record(item) and len(one_line(item)) <= 48


def room(item: Any) -> Markup:
    """The class that gives a fact the width it needs."""
    members = item if isinstance(item, list) else [item]
    if any(isinstance(one, Grid | Mapping | list) and one and not brief(one) for one in members):
        return Markup(' class="wide"')
    is_long = sum(len(one_line(one)) for one in members) > _LONG
    return Markup(' class="long"') if is_long else Markup("")


def _grid(items: Sequence[Any], width: int) -> Grid | None:
    if not items or not all(isinstance(item, Mapping) and item for item in items[:width]):
        return None
    columns = list(dict.fromkeys(str(key) for item in items[:width] for key in item))
    flat = all(_flat(cell) for item in items[:width] for cell in item.values())
    if len(columns) > 8 or not flat:
        return None
    empty: tuple[Any, ...] = (None, "", [])
    columns = [c for c in columns if any(item.get(c) not in empty for item in items[:width])]
    rows = [[item.get(column, "") for column in columns] for item in items[:width]]
    return Grid(columns, rows, max(0, len(items) - width))


def _flat(cell: Any) -> bool:
    if isinstance(cell, list):
        return len(cell) <= 8 and not any(isinstance(member, Mapping | list) for member in cell)
    return not isinstance(cell, Mapping)


FILTERS = {
    "t": t,
    "value": value,
    "visible": visible,
    "word": word,
    "more": more,
    "amount": amount,
    "seconds": seconds,
    "clock": clock,
    "moment": time_tag,
    "label": fact_name,
    "fact": fact,
    "room": room,
    "foreseen": foreseen,
    "short": short,
    "evidence_link": evidence_link,
}
