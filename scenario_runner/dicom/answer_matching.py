"""Whether an answer to a query is one that was asked for: the other side of ``matching`` (PS3.4 C.2.2.2).

A server may leave out keys that it lacks and match on the others (PS3.4 C.4.1.1.3, C.2.2.1.2). Whoever
takes its answers for matches then takes whatever is there for what was looked for. So each is held
against the keys, with all the freedom that the Standard gives a server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.dicom.characters import parse
from scenario_runner.dicom.dictionary import keyword_of as keyword_of_tag
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.lost_letters import may_have_lost
from scenario_runner.dicom.matching import Matcher, matcher
from scenario_runner.dicom.private_names import PrivateName, private_name, value_in
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.dicom.untyped_matching import bytes_meet, text_meets
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.dicom.characters import UndeclaredTexts

NameMatching = Literal["case-sensitive", "case-insensitive", "accent-insensitive", "fuzzy"]
_BYTES: Final = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_NO_KEYS: Final = frozenset(
    ("SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle", "TimezoneOffsetFromUTC")
)


@dataclass(frozen=True, slots=True)
class Unmet:
    """A key that an answer does not meet. actual: None when the answer left it out or empty.

    unsure: it may be met all the same, for letters were lost in a character set, or nobody said which it is.
    """

    key: str
    """Its keyword; of a key in a sequence with those above it, ``Sequence.Keyword``."""
    expected: Any
    actual: Any
    unsure: bool = False


def unmet(
    match: Mapping[str, Any],
    answer: Mapping[str, Any],
    names: NameMatching = "accent-insensitive",
    undeclared: UndeclaredTexts | None = None,
) -> list[Unmet]:
    """The keys that an answer does not meet; none when it is one that was asked for.

    match: values by keyword or eight hexadecimal digits, as a query takes them; ``{raw: …}`` is not
    looked at. answer: plain values by keyword. names: how far a person name may differ. undeclared: the text
    that came without its character set; it may be met in any set in which the text is what was asked for.
    """
    terms = parse(answer.get("SpecificCharacterSet"))
    return list(_unmet(match, answer, names, undeclared, "", terms))


def _unmet(
    match: Mapping[str, Any],
    answer: Mapping[str, Any],
    names: NameMatching,
    undeclared: UndeclaredTexts | None,
    above: str,
    terms: Sequence[str],
) -> Iterator[Unmet]:
    for written, value in match.items():
        if (private := private_name(written)) is not None:
            yield from _private(private, written, above, value, answer)
            continue
        tag = tag_for_keyword(written) if not _is_hex(written) else int(written, 16)
        key = (keyword_of_tag(tag) if tag is not None else "") or written
        if tag is None or key in _NO_KEYS or is_raw(value):
            continue
        vr = vr_of(tag)
        actual = answer.get(key)
        if vr == "SQ":
            yield from _in_items(above + key, value, actual, names, undeclared, terms)
            continue
        wanted = _texts(value)
        test = matcher(vr, wanted)
        if test is None or vr == "UN":
            continue
        have = _texts(actual)
        if not have:
            yield Unmet(above + key, value, None)
            continue
        held = _Held(vr, wanted, test, names)
        in_period = vr == "TM" and _in_one_period(key, match, answer)
        if not (in_period or held.by(have)):
            readings = undeclared.readings(key, have) if undeclared is not None else ()
            unsure = may_have_lost(wanted, have, terms) or any(
                held.by(other) or may_have_lost(wanted, other) for other in readings
            )
            yield Unmet(above + key, value, actual, unsure=unsure)


@dataclass(frozen=True, slots=True)
class _Held:
    """A key that values are held against. test: that of its VR."""

    vr: str
    wanted: Sequence[str]
    test: Matcher
    names: NameMatching

    def by(self, have: Sequence[str]) -> bool:
        if self.vr != "PN":
            return self.test(have)
        if self.names == "case-sensitive" and not _exactly(self.wanted, have):
            return False
        return self.test(have) or _name(self.wanted, have, self.names)


def _private(
    name: PrivateName, written: str, above: str, value: Any, answer: Mapping[str, Any]
) -> Iterator[Unmet]:
    """A private attribute matches in any VR that it may have: nobody has to know that."""
    wanted = [] if is_raw(value) else _texts(value)
    actual = value_in(answer, name)
    have = _texts(actual)
    if matcher("LO", wanted) is None or (have and text_meets(wanted, have)):
        return
    # Bytes of which nobody says what they are come in hexadecimal digits.
    if not (
        isinstance(actual, str)
        and _BYTES.fullmatch(actual)
        and bytes_meet(wanted, bytes.fromhex(actual))
    ):
        yield Unmet(above + written, value, actual)


def _in_items(
    key: str,
    value: Any,
    actual: Any,
    names: NameMatching,
    undeclared: UndeclaredTexts | None,
    terms: Sequence[str],
) -> Iterator[Unmet]:
    """One item has to meet all keys of the key's item (PS3.4 C.2.2.2.6)."""
    items = [value] if isinstance(value, Mapping) else value or []
    for item in items if isinstance(items, list | tuple) else ():
        if not isinstance(item, Mapping):
            continue
        answers = [one for one in actual or () if isinstance(one, Mapping)]
        found = [
            list(_unmet(item, one, names, undeclared, f"{key}.", terms)) for one in answers or [{}]
        ]
        yield from min(found, key=len)


def _is_hex(written: str) -> bool:
    return len(written) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in written)


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list | tuple) else [value]
    texts = [str(one).strip() for one in several if one is not None]
    return [part for text in texts for part in text.split("\\") if part]


def _name(wanted: Sequence[str], have: Sequence[str], names: NameMatching) -> bool:
    """Whether a name that differs may (PS3.4 C.2.2.2.1)."""
    if names == "fuzzy":
        return True
    if names != "accent-insensitive":
        return False
    test = matcher("PN", [_without_accents(text) for text in wanted])
    return test is None or test([_without_accents(text) for text in have])


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if not unicodedata.combining(one))


def _exactly(wanted: Sequence[str], have: Sequence[str]) -> bool:
    """The same, letter for letter: as text without the rules of names, but for trailing delimiters."""
    test = matcher("LO", [text.rstrip("^=") for text in wanted])
    groups = [group.rstrip("^") for text in have for group in (text, *text.split("="))]
    return test is None or test(groups)


def _in_one_period(key: str, match: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether date and time together lie in the period from first to last of both (PS3.4 C.2.2.2.5.1).

    A server does so where that was negotiated, in QIDO-RS and in a worklist.
    """
    day = key.removesuffix("Time") + "Date"
    days, times = _texts(match.get(day)), _texts(match.get(key))
    of_day, of_time = _texts(answer.get(day)), _texts(answer.get(key))
    if not (days and times and of_day and of_time) or "-" not in days[0] + times[0]:
        return False
    first, last = _ends(days[0])
    early, late = _ends(times[0])
    begin = first + early if first else ""
    test = matcher("DT", [f"{begin}-{last + late if last else ''}"])
    return test is None or test([of_day[0] + of_time[0]])


def _ends(text: str) -> tuple[str, str]:
    low, dash, high = text.replace(":", "").partition("-")
    return (low, high) if dash else (text, text)
