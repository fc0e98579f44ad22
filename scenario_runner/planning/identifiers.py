"""The rules for patient IDs and accession numbers: read, checked, and their uses counted."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount, with_article
from scenario_runner.dicom.vrs import LONGEST_TEXT
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.same import Same
from scenario_runner.planning.blueprint import Identifier, Path
from scenario_runner.planning.findings import Findings, place
from scenario_runner.planning.number_ranges import Demand
from scenario_runner.planning.pattern_parts import Field, Literal, PatternError
from scenario_runner.planning.patterns import Pattern, parse
from scenario_runner.planning.value_problems import ValueProblem, forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.errors import Where
    from scenario_runner.language.site_model import Site
    from scenario_runner.origins import Origins
    from scenario_runner.planning.api import PatternField

VRS = {"patient_id": "LO", "accession": "SH"}
_NAMES = {"patient_id": "patient ID", "accession": "accession number"}
_MANY = {"patient_id": "patients", "accession": "studies"}


class Identifiers:
    """Reads patterns once each, and counts how many identifiers each has to give."""

    def __init__(
        self,
        site: Site,
        fields: Mapping[str, PatternField],
        findings: Findings,
        site_origins: Origins | None = None,
    ) -> None:
        self._site = site
        self._fields = fields
        self._findings = findings
        self._site_origins = site_origins
        self._patterns: dict[str, Pattern | PatternError] = {}
        self._in_case: dict[tuple[str, Pattern, str], int] = {}
        self.demand = Demand()
        self.places: dict[tuple[str, Pattern], Where] = {}

    def begin_case(self) -> None:
        """What has to differ has to differ within one case."""
        self._in_case.clear()

    def rule(
        self,
        kind: str,
        given: str | None,
        path: Path,
        count: int,
        *,
        modality: str = "",
        issuer: str = "",
    ) -> Identifier:
        """The rule for ``count`` identifiers, the site's when none is given."""
        text = given if given is not None else str(getattr(self._site.identifiers, kind))
        origins = self._findings.origins
        if given is None and self._site_origins is not None:
            origins, path = self._site_origins, ("identifiers", kind)
        where = place(origins, path)
        if text not in self._patterns:
            try:
                self._patterns[text] = _parsed(text, Same(self._fields))
            except PatternError as error:
                self._patterns[text] = error
        pattern = self._patterns[text]
        if isinstance(pattern, PatternError):
            inside = place(origins, path, span=(text, (pattern.start, pattern.end)))
            self._findings.add_at(inside, ValueProblem("FAB301", pattern.message, pattern.hint))
            pattern = Pattern((Literal(text),), {})
        else:
            self._check(kind, pattern, where, count, modality, issuer)
        use = self.demand.take(kind, pattern, count)
        self.places.setdefault((kind, pattern), where)
        return Identifier(kind=kind, pattern=pattern, use=use, where=where)

    def _check(
        self, kind: str, pattern: Pattern, where: Where, count: int, modality: str, issuer: str
    ) -> None:
        for problem in (
            self._characters(kind, pattern),
            self._length(kind, pattern, modality),
            self._uniqueness(kind, pattern, count, issuer, where),
        ):
            if problem is not None:
                self._findings.add_at(where, problem)
                return

    def _characters(self, kind: str, pattern: Pattern) -> ValueProblem | None:
        fixed = [part.text for part in pattern.parts if isinstance(part, Literal)]
        if Field("site") in pattern.parts:
            fixed.append(self._site.name)
        return next((p for p in (forbidden(text, VRS[kind]) for text in fixed) if p), None)

    def _length(self, kind: str, pattern: Pattern, modality: str) -> ValueProblem | None:
        longest = pattern.length
        longest += pattern.parts.count(Field("site")) * len(self._site.name)
        longest += pattern.parts.count(Field("modality")) * len(modality)
        vr = VRS[kind]
        if longest <= LONGEST_TEXT[vr]:
            return None
        return ValueProblem(
            "FAB302",
            f"{quoted(str(pattern))} makes {longest} characters, "
            f"and {with_article(_NAMES[kind])} (VR {vr}) takes {LONGEST_TEXT[vr]} at most",
            f"shorten it by {longest - LONGEST_TEXT[vr]} (PS3.5 6.2)",
        )

    def _uniqueness(
        self, kind: str, pattern: Pattern, count: int, issuer: str, where: Where
    ) -> ValueProblem | None:
        if not pattern.parts:
            return None  # an empty value identifies nothing, on purpose
        key = (kind, pattern, issuer)
        needed = self._in_case[key] = self._in_case.get(key, 0) + count
        for counter in pattern.counters:
            if counter.capacity < needed:
                return ValueProblem(
                    "FAB303",
                    f"the counter {counter} has {amount(counter.capacity, 'number')}, "
                    f"and {needed} {_MANY[kind]} need one each",
                    "give it more digits",
                )
        if pattern.counters or needed <= 1 or needed <= pattern.space or pattern.has_open_fields:
            return None
        # No message or row holds a pattern: what it says is its own, and stands there twice.
        mend = (
            f"give each its own, or leave {where.label} out"
            if where.label
            else "add a counter, {7digits}; to send the same one on purpose, set it under tags"
        )
        different = "the same text" if pattern.space == 1 else f"only {pattern.space} texts"
        return ValueProblem(
            "FAB304",
            f"{quoted(str(pattern))} makes {different} for {needed} {_MANY[kind]} of one case",
            mend,
        )


@lru_cache(maxsize=1_024)
def _parsed(text: str, fields: Same[Mapping[str, PatternField]]) -> Pattern:
    """The same pattern stands in many scenarios."""
    return parse(text, fields.thing)
