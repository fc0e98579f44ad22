"""Queries whose answers are held against what was asked: no server's word is taken for a match."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.amounts import amount
from scenario_runner.answers import Match
from scenario_runner.api.alternatives import alternatives
from scenario_runner.api.comparable import lost_in_conversion
from scenario_runner.api.operations import FindRequest, QueryLevel, Remark
from scenario_runner.dicom.answer_matching import NameMatching, Unmet, unmet
from scenario_runner.dicom.characters import UndeclaredTexts, parse
from scenario_runner.dicom.levels import COMPUTED, below, unique_key
from scenario_runner.dicom.private_names import private_name, value_in
from scenario_runner.language.dicom_text import as_key
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scenario_runner.api.targets import Target
    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.characters import UndeclaredText


AGAIN: Final = "gives the same answers again when asked for those that follow"
"""What a service does that ignores the offset of a page."""
PARTLY: Final[frozenset[Remark]] = frozenset(("no offset", "cut off", "cut short", "ended early"))
"""What is said of answers that may be a part of what there is."""
CUT: Final[frozenset[Remark]] = frozenset(("cut off", "cut short", "ended early"))
"""What is said of answers that a service ended at a limit of its own."""


@dataclass(slots=True)
class Answers:
    """The matches of a query, and what is wrong with them."""

    target: str
    matches: list[dict[str, Any]]
    count: int
    """Answers, also those that were sorted out on our side."""
    unmet: dict[str, list[Unmet]] = field(default_factory=dict)
    """By key, one for each answer that does not meet it, unless the site file declares that."""
    declared: dict[str, int] = field(default_factory=dict)
    """Keys that the site file declares as lacking, and how many answers do not have them to tell by."""
    sorted_out: int = 0
    """Answers that were taken out for a value of a key that the server does not match on."""
    repeated: int = 0
    """Answers that repeat another's unique key, as the site file declares that they do."""
    repeats: int = 0
    """The same, though the site file does not declare it."""
    level: str = ""
    unique_key: str = ""
    """That of the level; a worklist has none."""
    partly: bool = False
    """Whether the server said that it does not support all optional keys (FF01, PS3.4 table C.4-1)."""
    more: bool = False
    """Whether there are more than were wanted."""
    remarks: set[Remark] = field(default_factory=set)
    """What else the exchange said of its answers."""
    warnings: dict[str, None] = field(default_factory=dict)
    """What a service warned of, in its words."""
    unnamed: int = 0
    """Answers without the unique key of their level, so that they name nothing."""
    unsure: dict[str, int] = field(default_factory=dict)
    """Keys of which so many answers cannot be compared, for letters were lost in a character set."""
    not_returned: tuple[str, ...] = ()
    """What was asked to be returned and is in no answer."""
    queries: int = 1
    """So many queries were asked, since values were listed."""

    def join(self, other: Answers, request: FindRequest) -> None:
        """Take in the answers to the next of several values. What was answered before is not taken again."""
        key = "" if request.level == "worklist" else unique_key(request.level)
        known = [match.get(key, match) for match in self.matches]
        self.matches += [one for one in other.matches if one.get(key, one) not in known]
        cut = request.limit is not None and len(self.matches) > request.limit
        if cut:
            del self.matches[request.limit :]
        self.count += other.count
        self.queries += other.queries
        self.sorted_out += other.sorted_out
        self.repeated += other.repeated
        self.repeats += other.repeats
        self.partly = self.partly or other.partly
        self.more = self.more or other.more or cut
        self.remarks |= other.remarks
        self.warnings |= other.warnings
        self.unnamed += other.unnamed
        for name, found in other.unmet.items():
            self.unmet.setdefault(name, []).extend(found)
        for counts, more in ((self.declared, other.declared), (self.unsure, other.unsure)):
            for name, number in more.items():
                counts[name] = counts.get(name, 0) + number
        self.not_returned = tuple(
            name
            for name in dict.fromkeys((*self.not_returned, *other.not_returned))
            if not any(_has(match, name) for match in self.matches)
        )

    @property
    def lacks(self) -> list[str]:
        """Keys that the server left out of every answer, so that it cannot have matched on them."""
        return [
            key
            for key, found in self.unmet.items()
            if len(found) == self.count and all(one.actual is None for one in found)
        ]

    @property
    def problem(self) -> str:
        """What is wrong, in a sentence; empty when nothing is."""
        parts = []
        if self.unnamed:
            parts.append(
                f"{self.unnamed} of {amount(self.count, 'answer')} {'is' if self.unnamed == 1 else 'are'} "
                f"without {self.unique_key}, which every match at this level has (PS3.4 C.2.2.1.1)"
            )
        if "cut off" in self.remarks:
            parts.append(
                f"'{self.target}' {AGAIN}, so there may be more; 'limit' takes no more than are wanted"
            )
        if "cut short" in self.remarks:
            parts.append(
                f"'{self.target}' says that there are more and gives none when asked for those that follow; "
                "'limit' takes no more than are wanted"
            )
        if "ended early" in self.remarks:
            parts.append(
                f"'{self.target}' ended with FE00, matching terminated, after {amount(len(self.matches), 'match')}, "
                "though nobody cancelled, so there are more than its own limit lets it tell; "
                "'limit' takes no more than are wanted"
            )
        if self.repeats:
            parts.append(
                f"{self.repeats} of {amount(self.count, 'answer')} "
                f"{'repeats' if self.repeats == 1 else 'repeat'} the {self.unique_key} of another, which is "
                f"unique; if '{self.target}' answers once for each instance, the site file may say "
                "expects: {repeated_matches: true}"
                if self.unique_key != "SOPInstanceUID"
                else f"{amount(self.repeats, 'answer')} for an instance that was answered before"
            )
        lacks = self.lacks
        if lower := [key for key in lacks if below(key, self.level)]:
            parts.append(
                f"'{self.target}' did not match by {', '.join(lower)}, as no PACS need at level {self.level}: "
                f"ask at level {below(lower[-1], self.level)} (PS3.4 C.4.1.1.3.1)"
            )
        if lacks := [key for key in lacks if key not in lower]:
            keys = ", ".join(lacks)
            written = ", ".join(f"'{one}'" if "," in one else one for one in lacks)
            parts.append(
                f"'{self.target}' does not match by {keys}: {_every(self.count)} without a value for it; "
                f"if it lacks it, the site file may say expects: {{unsupported_keys: [{written}]}}"
            )
        for key, found in self.unmet.items():
            if key in lacks or key in lower:
                continue
            first = next((one for one in found if one.actual is not None), found[0])
            parts.append(
                f"{len(found)} of {amount(self.count, 'answer')} {'is' if len(found) == 1 else 'are'} "
                f"not what was asked for: {key} is "
                f"{first.actual!r}, not {first.expected!r}"
            )
            if _lost_letters(str(first.expected), str(first.actual)):
                parts[-1] += (
                    f"; if the character set of '{self.target}' lacks these letters, the site file may say "
                    "expects: {converts_character_sets: true}"
                )
        return "; ".join(parts)

    @property
    def note(self) -> str:
        """What a reader has to know though it is no failure; empty when there is nothing."""
        parts = []
        blind = [key for key, count in self.declared.items() if count]
        if blind:
            parts.append(f"not matched by {', '.join(blind)}, which '{self.target}' does not have")
        if self.sorted_out:
            keys = ", ".join(key for key in self.declared if key not in blind) or "keys"
            parts.append(
                f"{amount(self.sorted_out, 'answer')} sorted out here, for '{self.target}' does not "
                f"match by {keys}"
            )
        if self.repeated:
            parts.append(f"{amount(self.repeated, 'answer')} repeated others")
        if self.partly:
            parts.append(f"'{self.target}' says that it does not support all keys (FF01)")
        if self.more:
            parts.append("there are more, beyond the limit")
        if "no offset" in self.remarks:
            parts.append(f"'{self.target}' {AGAIN}, so that nobody can tell whether there are more")
        parts += [f"'{self.target}' warns: {words}" for words in self.warnings]
        if "not unescaped" in self.remarks:
            parts.append(
                f"'{self.target}' has it, but finds it only with ? for what is escaped in a URL: it does not "
                "unescape (RFC 3986 2.1); ask with ? there, or over DIMSE"
            )
        if self.unsure:
            keys = ", ".join(f"{key} ({amount(n, 'answer')})" for key, n in self.unsure.items())
            parts.append(
                f"not compared, because the answers name no character set, or one without these characters: {keys}"
            )
        if self.not_returned:
            parts.append(f"'{self.target}' does not have {', '.join(self.not_returned)}")
        return "; ".join(parts)

    def facts(self) -> dict[str, Any]:
        """The same for the report."""
        facts: dict[str, Any] = {}
        if self.unmet:
            facts["not_met"] = {
                key: {
                    "answers": len(found),
                    "expected": found[0].expected,
                    "actual": found[0].actual,
                }
                for key, found in self.unmet.items()
            }
        others = {
            "unsupported_keys": list(self.declared),
            "repeated_matches": self.repeated,
            "undeclared_repeats": self.repeats,
            "unnamed": self.unnamed,
            "status": "FF01" if self.partly else "",
            "more": self.more,
            "not_unescaped": "not unescaped" in self.remarks,
            "ended_early": "ended early" in self.remarks,
            "cut_short": "cut short" in self.remarks,
            "ignores_offset": bool(self.remarks & {"no offset", "cut off"}),
            "warnings": list(self.warnings),
            "queries": self.queries if self.queries > 1 else 0,
            "not_compared": dict(self.unsure),
            "not_returned": list(self.not_returned),
        }
        return facts | {name: value for name, value in others.items() if value}


def _lost_letters(asked: str, answered: str) -> bool:
    """Whether an answer lacks letters beyond ASCII that were asked for, as one in a character set without them does.

    Other letters beyond ASCII in their place are another answer.
    """
    wanted, came = ({one for one in text if not one.isascii()} for text in (asked, answered))
    return bool(wanted - came) and came - {_REPLACED} <= wanted


_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def _every(count: int) -> str:
    return "its answer is" if count == 1 else f"its {count} answers are"


def ask(target: Target, request: FindRequest, deadline: Deadline) -> Answers:
    """One query, or one for each value where several are listed of a key that is no UID, as one.

    Of UIDs, too, where the site file declares that the server takes no lists of them. Raises what ``Target.find`` raises, and UsageError for too many values.
    """
    matches = alternatives(request.match, uid_lists=target.expects.uid_lists)
    requests = [dataclasses.replace(request, match=one) for one in matches]
    answers, *others = ask_each(target, requests, deadline)
    for other in others:
        answers.join(other, request)
    return answers


def ask_each(
    target: Target, requests: Iterable[FindRequest], deadline: Deadline
) -> Iterator[Answers]:
    """Several queries in turn. Raises what ``Target.find_each`` raises."""
    watched = [_Watched(request) for request in requests]
    found = target.find_each([one.request for one in watched], deadline)
    for one, matches in zip(watched, found, strict=True):
        answers = judged(target, one.request, matches, one.undeclared)
        answers.partly = "keys not supported" in one.remarks
        answers.more = "more" in one.remarks
        answers.remarks, answers.warnings = one.remarks, one.warnings
        yield answers


class _Watched:
    """A request that notes what the exchange says, and which attributes' character set it does not say."""

    def __init__(self, request: FindRequest) -> None:
        self.undeclared = UndeclaredTexts()
        self.remarks: set[Remark] = set()
        self.warnings: dict[str, None] = {}
        self._tell = request.undeclared
        self.request = dataclasses.replace(
            request,
            undeclared=self._note,
            remarked=self.remarks.add,
            warned=self.warnings.setdefault,
        )

    def _note(self, text: UndeclaredText) -> None:
        self.undeclared.add(text)
        if self._tell is not None:
            self._tell(text)


def judged(
    target: Target,
    request: FindRequest,
    matches: Sequence[dict[str, Any]],
    undeclared: UndeclaredTexts | None = None,
) -> Answers:
    """Answers held against the keys of their request.

    undeclared: text that came without its character set; where the site file says which it is, it counts as
    declared.
    """
    expects = target.expects
    names: NameMatching = "fuzzy" if expects.fuzzy_matching else expects.person_name_matching
    lacking = set(expects.lacking)
    came = len(matches)
    matches = once_each(target, request.level, matches)
    answers = Answers(target.name, [], len(matches), repeated=came - len(matches))
    answers.level = request.level
    if request.level != "worklist":
        answers.unique_key = unique_key(request.level)
        answers.repeats = _repeats(answers.unique_key, matches)
        # A patient may be without an ID: the attribute is of Type 2.
        if request.level != "patient" and not _named(answers.unique_key, lacking):
            answers.unnamed = sum(not match.get(answers.unique_key) for match in matches)
    unknown = None if expects.answer_character_set else undeclared
    wanted = frozenset((*request.match, *request.returned, *request.usual))
    sent = {key: as_key(key, value) for key, value in request.match.items()}
    for match in matches:
        wrong = unmet(sent, match, names, unknown)
        if expects.converts_character_sets:
            wrong = [_converted(one, match) for one in wrong]
        for one in wrong:
            if one.unsure:
                answers.unsure[one.key] = answers.unsure.get(one.key, 0) + 1
        wrong = [one for one in wrong if not one.unsure]
        declared = [one for one in wrong if _named(one.key, lacking)]
        for one in (one for one in wrong if not _named(one.key, lacking)):
            answers.unmet.setdefault(one.key, []).append(one)
        for one in declared:
            answers.declared.setdefault(one.key, 0)
            answers.declared[one.key] += one.actual is None
        if any(one.actual is not None for one in declared):
            answers.sorted_out += 1
        else:
            answers.matches.append(Match(match, target.name, wanted))
    answers.not_returned = tuple(
        key
        for key in request.returned
        if request.level != "worklist"
        and matches
        and not any(_has(match, key) for match in matches)
    )
    return answers


def _has(match: Mapping[str, Any], key: str) -> bool:
    """Whether an answer has what was asked for. Nothing is stored without what is counted up from it."""
    if (private := private_name(key)) is not None:
        return value_in(match, private) is not None
    return match.get(key) is not None if key in COMPUTED else key in match


def _repeats(key: str, matches: Sequence[Mapping[str, Any]]) -> int:
    """How many answers have the unique key of an earlier one."""
    named = [str(match[key]) for match in matches if match.get(key) is not None]
    return len(named) - len(set(named))


def _converted(found: Unmet, answer: Mapping[str, Any]) -> Unmet:
    """What cannot be compared since the character set of the answer lacks letters that were asked for."""
    terms = parse(answer.get("SpecificCharacterSet"))
    asked = found.expected if isinstance(found.expected, str) else ""
    several = found.actual if isinstance(found.actual, list) else [found.actual]
    answered = [str(one) for one in several if one is not None]
    lost = lost_in_conversion(asked, answered, terms)
    return dataclasses.replace(found, unsure=True) if lost else found


def once_each(
    target: Target, level: QueryLevel, matches: Sequence[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """The answers without those that repeat a unique key, where the site file declares that some do.

    One instance answered twice is never declared: it stays.
    """
    if level in ("image", "worklist") or not target.expects.repeated_matches:
        return matches
    key = unique_key(level)
    first: dict[str, dict[str, Any]] = {}
    for match in matches:
        first.setdefault(str(match[key]) if key in match else f"unnamed {len(first)}", match)
    return list(first.values())


def _named(key: str, lacking: set[str]) -> bool:
    return key in lacking or key.rpartition(".")[2] in lacking
