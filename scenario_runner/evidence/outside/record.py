"""A record in which people have pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.evidence.outside.identities import People, identifying
from scenario_runner.evidence.outside.learning import SPEAKING_HL7
from scenario_runner.evidence.record import RunRecord, published_schema
from scenario_runner.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable

_OUR_OWN: Final = frozenset(
    ("outcome", "section", "level", "schema", "key", "media_type", "started", "finished", "time",
     "status", "various", "environment", "targets", "signatures", "exit_code")
)  # fmt: skip
"""Keys of the record whose values are words of ours, or say nothing of a person."""
_LEAST_NUMBER: Final = 4
"""Digits of a number that may be somebody's; 12 images are no patient."""
_HL7_KEPT: Final = {
    "MSH": None, "MSA": None, "ERR": None, "EVN": None, "ORC": (1, 5, 7, 9), "OBX": (1, 2, 3, 11),
    "OBR": (1, 4, 5, 7, 24, 25), "TQ1": None, "ZDS": (),
}  # fmt: skip
"""Segments of HL7 v2, and their fields that say nothing of a person; None for all."""
_FHIR_PATIENT: Final = re.compile(r"\b(Patient|Practitioner|Person|RelatedPerson)/[A-Za-z0-9.\-]+")


def redacted(record: RunRecord, people: People, left_out: int) -> RunRecord:
    """The same record with every person's pseudonym.

    left_out: how many files of evidence stay behind, for the reader.
    """
    words = _Words(people)
    data: dict[str, Any] = words.record(record.model_dump(mode="json", by_alias=True))
    data["redacted"] = True
    remark = "This is a copy for others: people, their numbers and UIDs have pseudonyms"
    if left_out:
        remark += f"; {left_out} of the files of evidence, which may show somebody, stayed behind"
    data["remarks"] = [*data["remarks"], f"{remark}."]
    return RunRecord.model_validate(data)


@cache
def _keys() -> frozenset[str]:
    """The keys of a record, which stay though somebody is called ``Name`` or ``Case``."""
    schema = published_schema()
    parts = (schema, *schema["$defs"].values())
    return frozenset(key for part in parts for key in part.get("properties", ()))


class _Words:
    def __init__(self, people: People) -> None:
        self._people = people
        self._text = people.pseudonyms.text

    def record(self, value: Any) -> Any:
        """A part of the record itself, whose numbers are ours."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.record(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "examples" in value and "various" in value:
            value = self._kind(value)
        made: dict[str, Any] = {}
        for key, one in value.items():
            inner = _OF_OTHERS.get(key)
            if key in _OUR_OWN:
                made[key] = one
            elif inner is not None:
                made[key] = inner(self, one)
            else:
                made[self._key(key)] = self.record(one)
        return made

    def others(self, value: Any) -> Any:
        """What a PACS or a scenario said: a number in it may be a patient's."""
        if isinstance(value, Mapping):
            if "resourceType" in value:
                return {"resourceType": value["resourceType"], "redacted": MASK}
            return {self._key(str(key)): self.others(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.others(one) for one in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            said = self._text(written) if len(written) >= _LEAST_NUMBER else written
            return value if said == written else said
        return value

    def _key(self, key: str) -> str:
        return key if key in _keys() else self.text(key)

    def text(self, text: str) -> str:
        """A text without anybody in it."""
        if SPEAKING_HL7.match(text):
            return "\n".join(map(self._segment, re.split(r"[\r\n]+", text)))
        return _FHIR_PATIENT.sub(rf"\1/{MASK}", self._text(text))

    def _segment(self, line: str) -> str:
        """A segment of HL7 v2: what is known has its pseudonym, what may be somebody's is masked."""
        fields = line.split("|")
        name = fields[0]
        kept = _HL7_KEPT.get(name, ())
        if kept is None:
            return self._text(line)
        for number, value in enumerate(fields[1:], start=1):
            if number in kept:
                fields[number] = self._text(value)
            elif value:
                said = self._text(value)
                fields[number] = said if said != value and _only_words(said) else MASK
        return "|".join(fields)

    def _kind(self, kind: dict[str, Any]) -> dict[str, Any]:
        """A kind of difference: what varying names have in common is a part of each of them."""
        if identifying(str(kind["attribute"])) is None:
            return kind
        return {**kind, **{side: MASK for side in kind["various"] if kind[side] is not None}}


def _only_words(text: str) -> bool:
    """Whether nothing but pseudonyms and delimiters is left."""
    return re.fullmatch(r"(?:[A-Z]+(?:-[A-Z]+)*-\d+(?:-ID)?|[\^~&\\])+", text) is not None


_OF_OTHERS: Final[dict[str, Callable[[_Words, Any], Any]]] = dict.fromkeys(
    ("facts", "expected", "actual", "matrix", "subject", "differences"), _Words.others
)
