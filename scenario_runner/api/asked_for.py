"""What came of a retrieval beside what its requests named: nothing that a PACS sends was asked for just because it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api.asking import PARTLY, ask
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
    own = unique_key(level)
    missing: list[str] = []
    for keys, result in asked:
        named = listed(keys.get(own))
        if not result.completed + result.warning:
            missing += named
        elif len(named) > 1 and "find" in target.capabilities:
            try:
                answers = ask(target, FindRequest(level=level, match=keys), deadline)
            except (OperationFailed, Unsupported):
                continue
            has = {str(match.get(own)).strip() for match in answers.matches}
            # A PACS that has sent some and finds none takes no list in a query.
            if has and not (answers.problem or answers.remarks & PARTLY):
                missing += [one for one in named if one.strip() not in has]
    return missing
