"""What came of a retrieval beside what its requests named: nothing that a PACS sends was asked for just because it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.characters import decode
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DamagedDatasetError, read_until
from scenario_runner.dicom.levels import UIDS, UNIQUE_KEY
from scenario_runner.dicom.retrieve_keys import listed

if TYPE_CHECKING:
    from scenario_runner.answers import Received

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
    """Whether a request named the study, series and instance that came. names: of ``names_of``."""
    return not requests or any(
        all(
            names[key] in wanted
            for key in UIDS
            if key in names and (wanted := listed(keys.get(key)))
        )
        for keys in requests
    )
