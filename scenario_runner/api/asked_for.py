"""What came of a retrieval beside what its requests named: nothing that a PACS sends was asked for just because it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api.asking import PARTLY, ask_each
from scenario_runner.api.operations import FindRequest
from scenario_runner.dicom.characters import decode
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DamagedDatasetError, read_until
from scenario_runner.dicom.levels import UIDS, UNIQUE_KEY, unique_key
from scenario_runner.dicom.retrieve_keys import listed
from scenario_runner.errors import OperationFailed, Unsupported

if TYPE_CHECKING:
    from scenario_runner.answers import Received, RetrieveResult
    from scenario_runner.api.operations import Level
    from scenario_runner.api.targets import Target
    from scenario_runner.deadline import Deadline

_TAGS: Final = {keyword: tag_of(keyword) for keyword in UNIQUE_KEY.values()}
_AFTER_UIDS: Final = max(_TAGS.values()) + 1


def names_of(received: Received) -> dict[str, str]:
    """Which patient, study, series and instance came, by keyword, as far as it says so."""
    try:
        elements = read_until(bytes(received.data), received.transfer_syntax_uid, _AFTER_UIDS)
    except DamagedDatasetError:
        return {}  # which is another fault, and told by whoever reads the file
    terms = character_sets(elements)
    found = ((key, elements.get(tag)) for key, tag in _TAGS.items())
    # Of them only PatientID has letters of a character set; a UID has none that they would be different in.
    return {
        key: decode(one.value, "LO", terms).strip(" \0") for key, one in found if one and one.value
    }


def is_named(names: Mapping[str, str], requests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a request named the study, series and instance that came. names: of ``names_of``.

    requests: the one that is answered last of all, for of thousands it nearly always is that one.
    """
    return not requests or any(
        all(
            names[key] in wanted
            for key in UIDS
            if key in names and (wanted := listed(keys.get(key)))
        )
        for keys in reversed(requests)
    )


def named_in_vain(
    target: Target,
    level: Level,
    asked: Sequence[tuple[Mapping[str, Any], RetrieveResult]],
    deadline: Deadline,
) -> list[str]:
    """What requests of a C-MOVE to somebody else named at their level, and of which nothing was sent.

    asked: the keys of each request, and its result. Counts alone do not tell which of a list was not there, so the PACS
    is asked which of them it has; one that cannot be asked has the benefit of the doubt.
    """
    missing: list[str] = []
    for keys, result in asked:
        named = listed(keys.get(unique_key(level)))
        if not result.completed + result.warning:
            missing += named
        elif len(named) > 1 and "find" in target.capabilities:
            missing += _Having(target, level, keys, deadline).lacking(named)
    return missing


class _Having:
    """Which of the objects that a request lists a PACS has, by its own word."""

    def __init__(
        self, target: Target, level: Level, keys: Mapping[str, Any], deadline: Deadline
    ) -> None:
        self._target, self._level, self._keys, self._deadline = target, level, keys, deadline
        self._own = unique_key(level)

    def lacking(self, named: Sequence[str]) -> list[str]:
        """Those that it does not have; none where it does not tell.

        Some pass over a list in a query that they take in a C-MOVE, or match its first UID alone. So a few of those that
        are not found by it are asked for by themselves, and where one of these is there, all are.
        """
        try:
            has = self._found_by_list()
            left = [one for one in named if one.strip() not in has]
            for some in (left[:: max(1, len(left) // _PROBES)][:_PROBES], left):
                before = frozenset(has)
                has |= self._found([{**self._keys, self._own: one} for one in some])
                if has == before:
                    break
        except (OperationFailed, Unsupported, _TellsAPartError):
            return []
        # A PACS that has sent some and finds none cannot be asked so.
        return [one for one in left if one.strip() not in has] if has else []

    def _found_by_list(self) -> set[str]:
        try:
            return self._found([self._keys])
        except OperationFailed:
            return set()  # it takes no lists

    def _found(self, several: Sequence[Mapping[str, Any]]) -> set[str]:
        requests = [FindRequest(level=self._level, match=keys) for keys in several]
        has: set[str] = set()
        for answers in ask_each(self._target, requests, self._deadline):
            if answers.problem or answers.remarks & PARTLY:
                raise _TellsAPartError
            has |= {str(match.get(self._own)).strip() for match in answers.matches}
        return has


class _TellsAPartError(Exception):
    """What a PACS answers may be less than it has."""


_PROBES: Final = 3
"""UIDs that are asked for by themselves before a list is believed."""
