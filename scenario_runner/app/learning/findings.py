"""What was learned of a PACS, each with what was asked and what came back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from scenario_runner.language.site_model import Expectations
from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer, each in a few words."""

    asked: str
    answered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is known now.

    subject: a key of ``expects``, or a word for what has no key. value: None when it could not be found out,
    which the evidence explains.
    """

    subject: str
    value: Any
    evidence: Sequence[Exchange]
    note: str = ""
    """What there is to say where the value does not."""
    needless: bool = False
    """Whether the value says no more than that nothing is unusual, as a list of all there is."""
    asked: Collection[str] = ()
    """Of a list, everything that could have been in it: what a person wrote beside that stays."""
    at_least: bool = False
    """Whether a longer duration that a person wrote stays: once it may take longer than what was seen now."""

    @property
    def is_key(self) -> bool:
        """Whether a site file can say it."""
        return self.subject in Expectations.model_fields

    @property
    def declares(self) -> bool:
        """Whether a site file has to say it: what is expected of any PACS need not be declared."""
        if not self.is_key or self.value is None or self.needless:
            return False
        return bool(self.value != usual(self.subject))

    def cleaned(self, clean: Callable[[Any], Any]) -> Finding:
        """The same without secrets that a PACS may have said back, and without control characters."""
        evidence = [
            Exchange(printable(clean(one.asked)), printable(clean(one.answered)))
            for one in self.evidence
        ]
        return replace(self, evidence=evidence)

    def plain(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "subject": self.subject,
            "value": self.value,
            "declares": self.declares,
            "note": self.note,
            "evidence": [{"asked": one.asked, "answered": one.answered} for one in self.evidence],
        }


def printable(text: str) -> str:
    """A text as it may stand in a comment."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def usual(key: str) -> Any:
    """What is expected of a PACS that nobody said anything of."""
    return getattr(Expectations.defaults(), key)
