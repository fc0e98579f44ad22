"""Which unique keys a retrieval names, whatever keys a person matched by.

What a retrieve request may hold is in ``dicom.retrieve_keys``. Whatever else a person gives is looked up
with queries first, level by level, since a query below the study level needs the UIDs above it as well
(PS3.4 C.4.1.2.1).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from scenario_runner.api.alternatives import alternatives
from scenario_runner.api.asking import ask
from scenario_runner.api.operations import FindRequest, Level
from scenario_runner.dicom.levels import level_of, unique_key, unique_keys
from scenario_runner.dicom.retrieve_keys import (
    UID_HINT,
    Keys,
    is_plain,
    listed,
    straight,
    uid_fault,
)
from scenario_runner.errors import OperationFailed, UsageError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target
    from scenario_runner.deadline import Deadline
    from scenario_runner.planning.plan import PlannedImage

_BELOW: tuple[Level, ...] = ("study", "series", "image")
_TOGETHER = 64
"""Instances that were looked up and are named in one request."""


@dataclass(slots=True)
class RetrievalKeys:
    """The unique keys of one retrieval after the other, and how they were come by."""

    requests: list[Keys]
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Level and keys of each query that was needed; none when the keys could go as they were."""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What was answered of each object that was looked up, by its own unique key."""

    note: str = ""
    """What makes doubtful whether that is all there is."""
    fitting: dict[str, bool] = field(default_factory=dict)
    """For each of several values that were asked for in turn, whether anything fits it."""

    def each(self) -> Iterator[dict[str, str]]:
        """The same with one object to a request."""
        for keys in self.requests:
            several = [value if isinstance(value, list) else [value] for value in keys.values()]
            for values in itertools.product(*several):
                yield dict(zip(keys, values, strict=True))


def retrieval_keys(
    target: Target,
    level: Level,
    match: Mapping[str, Any],
    deadline: Deadline,
    returned: Sequence[str] = (),
) -> RetrievalKeys:
    """The unique keys of what ``match`` names.

    returned: further attributes to ask for where something has to be looked up. Raises UsageError for
    keys that cannot be looked up either (a wildcard in a UID), TargetError.
    """
    wanted = {key: listed(value) for key, value in match.items()}
    for key in match:
        if fault := uid_fault(key, match[key]):
            raise UsageError(f"{key}: {fault}", hint=UID_HINT)
    requests = straight(level, wanted)
    found = (
        RetrievalKeys(requests)
        if requests is not None
        else _Search(target, level, wanted, deadline, returned).run()
    )
    if not target.expects.uid_lists:
        found.requests = [{**one} for one in found.each()]
    return found


def keys_of(
    level: Level, images: Iterable[PlannedImage], *, uid_lists: bool = True
) -> RetrievalKeys:
    """The unique keys of these instances, or of the objects of that level that they belong to.

    Raises UsageError for a patient without an ID at the level of patients.
    """
    named: dict[str, Callable[[PlannedImage], str]] = {
        "PatientID": lambda one: one.series.study.patient.patient_id,
        "StudyInstanceUID": lambda one: one.series.study.uid,
        "SeriesInstanceUID": lambda one: one.series.uid,
        "SOPInstanceUID": lambda one: one.uid,
    }
    unique = [named[key] for key in unique_keys(level)]
    found = dict.fromkeys(tuple(key(one) for key in unique) for one in images)
    if ("",) in found:
        raise UsageError("a patient without PatientID cannot be retrieved at the patient level")
    keys = RetrievalKeys(list(_together(level, found)))
    if not uid_lists:
        keys.requests = [{**one} for one in keys.each()]
    return keys


class _Search:
    """Looks the objects of one retrieval up, from the root down."""

    def __init__(
        self,
        target: Target,
        level: Level,
        wanted: Mapping[str, list[str]],
        deadline: Deadline,
        returned: Sequence[str],
    ) -> None:
        self._target = target
        self._level = level
        self._deadline = deadline
        self._returned = returned
        self._keys: dict[Level, dict[str, list[str]]] = {"study": {}, "series": {}, "image": {}}
        self._path = self._route(wanted)
        self._result = RetrievalKeys([])

    def _route(self, wanted: Mapping[str, list[str]]) -> list[Level]:
        """The levels that have to be asked, each with its own keys.

        Keys of levels below that of the retrieval name the objects that have such a part. What is in no
        table is asked at the level of the retrieval.
        """
        levels = {key: _named(level_of(key)) or self._level for key in wanted}
        if self._level == "patient" and set(levels.values()) <= {"patient"}:
            self._keys["patient"] = dict(wanted)
            return ["patient"]
        deepest = max(_BELOW.index(_rooted(one)) for one in [*levels.values(), self._level])
        for key, values in wanted.items():
            self._keys[_rooted(levels[key])][key] = values
        # Without any key above, the whole archive would be asked through: a relational query is better.
        first = next((n for n, one in enumerate(_BELOW) if self._keys[one]), 0)
        return list(_BELOW[min(first, _BELOW.index(_rooted(self._level))) : deepest + 1])

    def run(self) -> RetrievalKeys:
        found: dict[tuple[str, ...], None] = {}
        unique = unique_keys(self._level)
        for keys in self._walk(self._path, {}):
            found.setdefault(tuple(keys[key] for key in unique))
        self._result.requests = list(_together(self._level, found))
        return self._result

    def _walk(self, path: Sequence[Level], above: Mapping[str, str]) -> Iterator[dict[str, str]]:
        level, *below = path
        own = unique_key(level)
        keys = self._keys[level]
        given = keys.get(own, [])
        # What only says which ones need not be asked for on the way down to something else.
        if below and set(keys) == {own} and is_plain(given) and self._level != "patient":
            for uid in given:
                yield from self._walk(below, {**above, own: uid})
            return
        last = ("PatientID",) if self._level == "patient" else ()
        named = [key for key in dict.fromkeys((*unique_keys(level), *last)) if key not in above]
        seen: set[str] = set()
        for answer in self._ask(level, above, named):
            found = {key: _said(answer, key, self._target.name, level) for key in named}
            if found[own] in seen:
                continue
            seen.add(found[own])
            if level == self._level:
                self._result.answers[found[own]] = answer
            if below:
                yield from self._walk(below, {**above, **found})
            else:
                yield {**above, **found}

    def _ask(
        self, level: Level, above: Mapping[str, str], named: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        """What is there of a level, below one object of each level above that was asked."""
        returned = [*named, *(self._returned if level == self._level else ())]
        context = {key: value for key, value in above.items() if key in unique_keys(level)}
        every = list(_combinations(self._keys[level]))
        for chosen in every:
            match = {**context, **chosen}
            self._result.asked.append({"level": level, "keys": match})
            request = FindRequest(level=level, match=match, returned=tuple(returned))
            try:
                answers = ask(self._target, request, self._deadline)
            except OperationFailed as error:
                if len(named) > 1 and level not in ("patient", "study"):
                    error.hint = error.hint or (
                        f"a query at the {level} level needs the UIDs above it (PS3.4 C.4.1.2.1) unless "
                        "the PACS takes relational queries: give StudyInstanceUID in 'match', too"
                    )
                raise
            blind = [key for key, count in answers.declared.items() if count]
            if answers.problem or blind:
                # What was not looked for must not be fetched: it could be the whole archive.
                raise OperationFailed(
                    "it cannot be looked up what to retrieve",
                    reason=answers.problem or answers.note,
                    target=self._target.name,
                    hint="match by other keys",
                )
            if "no offset" in answers.remarks:
                self._result.note = answers.note
            if len(every) > 1:
                words = ", ".join(f"{key} {value}" for key, value in chosen.items() if value)
                fits = self._result.fitting.get(words, False) or bool(answers.matches)
                self._result.fitting[words] = fits
            yield from answers.matches


def _named(level: str | None) -> Level | None:
    named: dict[str | None, Level] = {
        "PATIENT": "patient", "STUDY": "study", "SERIES": "series", "IMAGE": "image",
    }  # fmt: skip
    return named.get(level)


def _rooted(level: Level) -> Level:
    """The study root model has what is known of a patient at its study level (PS3.4 C.6.2.1)."""
    return "study" if level == "patient" else level


def _combinations(keys: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Keys of single queries; a lone UID is no list, and any is asked for with an empty key."""
    uids = {key: values for key, values in keys.items() if key.endswith("UID")}
    lists = {key: values[0] if len(values) == 1 else values for key, values in uids.items()}
    lists = {key: "" if value in ([], "*") else value for key, value in lists.items()}
    others = {key: values or [""] for key, values in keys.items() if key not in uids}
    yield from alternatives({**others, **lists})


def _said(answer: Mapping[str, Any], key: str, target: str, level: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not value:
        raise OperationFailed(
            "a match has no unique key",
            reason=f"a query at the {level} level was answered without {key} (PS3.4 C.2.2.1.1)",
            target=target,
        )
    return value


def _together(level: Level, found: Mapping[tuple[str, ...], Any]) -> Iterator[Keys]:
    """One request for each object, but for instances as many of one series as go well together."""
    unique = unique_keys(level)
    if level != "image":
        for one in found:
            yield dict(zip(unique, one, strict=True))
        return
    for above, members in itertools.groupby(found, key=lambda keys: keys[:-1]):
        uids = [member[-1] for member in members]
        for start in range(0, len(uids), _TOGETHER):
            several = uids[start : start + _TOGETHER]
            keys: Keys = dict(zip(unique, above, strict=False))
            yield {**keys, unique[-1]: several if several[1:] else several[0]}
