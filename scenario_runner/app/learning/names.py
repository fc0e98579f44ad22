"""How person names match (PS3.4 C.2.2.2.1), and what their letters are written in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from scenario_runner.app.learning.findings import Finding

if TYPE_CHECKING:
    from scenario_runner.app.learning.asking import Answered, Asking

_LATIN_1: Final = "ISO_IR 100"
_UTF_8: Final = "ISO_IR 192"
_TERMS: Final = (_LATIN_1, _UTF_8, "ISO_IR 144", "ISO_IR 13")


def learn_names(asking: Asking) -> Iterator[Finding]:
    """person_name_matching, fuzzy_matching, query_character_set, answer_character_set."""
    if not asking.can_find:
        return
    written = _written(asking)
    yield _matching(asking, str(written.value or _UTF_8))
    yield _fuzzy(asking)
    yield written
    yield _answered(asking)


def _by_name(asking: Asking, name: str, how: str = "", **expects: object) -> Answered:
    return asking.find("study", {"PatientName": name}, ["PatientName"], how=how, **expects)


def _matching(asking: Asking, character_set: str) -> Finding:
    studies = asking.studies
    exact = _by_name(asking, f"{studies.family}^Anna")
    capitals = _by_name(asking, f"{studies.family}^Anna".upper())
    evidence = [exact.exchange, capitals.exchange]
    subject = "person_name_matching"
    if not exact.has(studies.latin):
        return Finding(subject=subject, value=None, evidence=evidence)
    accented = _by_name(
        asking, f"{studies.umlaut}*", how=f", in {character_set}", query_character_set=character_set
    )
    plain = _by_name(
        asking,
        f"{studies.without_accent}*",
        how=f", in {character_set}",
        query_character_set=character_set,
    )
    evidence += [accented.exchange, plain.exchange]
    value: str | None
    if plain.has(studies.accented):
        value = "accent-insensitive"
    elif not capitals.has(studies.latin):
        value = "case-sensitive"
    else:
        # Without a name beyond ASCII that is found at all, nobody knows what its accents do.
        value = "case-insensitive" if accented.has(studies.accented) else None
    return Finding(subject=subject, value=value, evidence=evidence)


def _fuzzy(asking: Asking) -> Finding:
    """Declared where it is so without being asked: what is asked for is the site's own choice."""
    studies = asking.studies
    name = f"{studies.sounding}^Anna"
    unasked = _by_name(asking, name, how=f" ({studies.family} was stored)")
    asked = _by_name(asking, name, how=", fuzzy matching asked for", fuzzy_matching=True)
    value = None if unasked.trouble else unasked.has(studies.latin)
    return Finding(
        subject="fuzzy_matching", value=value, evidence=[unasked.exchange, asked.exchange]
    )


def _written(asking: Asking) -> Finding:
    """The character set that a name is looked for in: UTF-8, unless another one alone is understood."""
    studies = asking.studies
    evidence, found = [], {}
    for term in (_UTF_8, _LATIN_1):
        answer = _by_name(
            asking, f"{studies.umlaut}*", how=f", in {term}", query_character_set=term
        )
        evidence.append(answer.exchange)
        found[term] = answer.has(studies.accented)
    cyrillic = _by_name(asking, f"{studies.cyrillic_name}*", how=f", in {_UTF_8}")
    evidence.append(cyrillic.exchange)
    value = None
    if found[_UTF_8]:
        value = _UTF_8
    elif found[_LATIN_1] and not cyrillic.has(studies.cyrillic):
        value = _LATIN_1
    elif found[_LATIN_1]:
        note = "it compares bytes: query_character_set has to be what the objects are in"
        return Finding(subject="query_character_set", value=None, evidence=evidence, note=note)
    return Finding(subject="query_character_set", value=value, evidence=evidence)


def _answered(asking: Asking) -> Finding:
    """The set of answers that do not say it: the one term by which all of them are read as they were sent."""
    studies = asking.studies
    subject = "answer_character_set"
    evidence = []
    silent = []
    for study, name in (
        (studies.accented, studies.umlaut),
        (studies.cyrillic, studies.cyrillic_name),
    ):
        match = {"StudyInstanceUID": study.uid}
        answer = asking.find("study", match, ["PatientName"])
        evidence.append(answer.exchange)
        if "PatientName" in answer.undeclared:
            silent.append((match, name))
    if not silent:
        note = "answers beyond ASCII say their character set"
        return Finding(subject=subject, value=None, evidence=evidence, note=note)
    for term in _TERMS:
        answers = [
            asking.find(
                "study", match, ["PatientName"], how=f", read in {term}", answer_character_set=term
            )
            for match, _ in silent
        ]
        evidence += [one.exchange for one in answers]
        if all(
            any(str(one.get("PatientName")).startswith(name) for one in answer.matches)
            for answer, (_, name) in zip(answers, silent, strict=True)
        ):
            return Finding(subject=subject, value=term, evidence=evidence)
    return Finding(subject=subject, value=None, evidence=evidence)
