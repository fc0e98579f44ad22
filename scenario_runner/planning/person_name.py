"""Person names as DICOM writes them: components and groups (PS3.5 6.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.planning.value_problems import ValueProblem, forbidden

if TYPE_CHECKING:
    from scenario_runner.language.model import NameParts
    from scenario_runner.planning.api import Person

GROUP_LENGTH = 64
_GROUPS = 3
_COMPONENTS = 5


def check(name: str) -> ValueProblem | None:
    """What is wrong with a whole PN value, if anything: groups, components, lengths, characters."""
    if problem := forbidden(name, "PN"):
        return problem
    groups = name.split("=")
    if len(groups) > _GROUPS:
        return ValueProblem(
            "FAB305",
            f"a name has at most {_GROUPS} component groups, and this has {len(groups)}",
            "groups are joined by '=': alphabetic, ideographic, phonetic (PS3.5 6.2.1)",
        )
    for group in groups:
        if len(group) > GROUP_LENGTH:
            return ValueProblem(
                "FAB302",
                f"'{group[:20]}…' has {len(group)} characters; "
                f"a component group of a name has {GROUP_LENGTH} at most",
                "shorten it (PS3.5 6.2.1)",
            )
        if group.count("^") >= _COMPONENTS:
            return ValueProblem(
                "FAB305",
                f"a name has at most {_COMPONENTS} components, and this has {group.count('^') + 1}",
                "components are family^given^middle^prefix^suffix (PS3.5 6.2.1)",
            )
    return None


def part_problem(field: str, text: str) -> ValueProblem | None:
    """What is wrong with one field of a name given in parts."""
    delimiters = "=" if field in ("ideographic", "phonetic") else "=^"
    for character in delimiters:
        if character in text:
            return ValueProblem(
                "FAB305",
                f"'{character}' separates the parts of a name and cannot stand in '{field}'",
                "write the whole name as text: name: FAMILY^GIVEN" if character == "^" else None,
            )
    return forbidden(text, "PN")


def compose(parts: NameParts | None, person: Person | None) -> str:
    """A PN value from what was given, the rest from a generated person.

    Trailing empty components and groups are left out, as PS3.5 6.2.1 allows.
    """
    if parts is None and person is not None:
        return _generated(person)
    components = ["", "", "", "", ""]
    ideographic = phonetic = ""
    if person is not None:
        components[:3] = [person.family, person.given, person.middle]
        ideographic, phonetic = person.ideographic, person.phonetic
    if parts is not None:
        if parts.family is not None or parts.given is not None:
            # A person's own groups say another name than the one that was asked for.
            ideographic = phonetic = components[2] = ""
        given = (parts.family, parts.given, parts.middle, parts.prefix, parts.suffix)
        components = [b if a is None else a for a, b in zip(given, components, strict=True)]
        ideographic = ideographic if parts.ideographic is None else parts.ideographic
        phonetic = phonetic if parts.phonetic is None else parts.phonetic
    return "=".join(("^".join(components).rstrip("^"), ideographic, phonetic)).rstrip("=")


def whole(name: str) -> str:
    """A name that was given whole, as objects have it: without empty groups at its end (PS3.5 6.2.1.2)."""
    return name.rstrip("=")


def _generated(person: Person) -> str:
    """A generated name; without its middle component if it would be too long with it."""
    alphabetic = f"{person.family}^{person.given}^{person.middle}".rstrip("^")
    if len(alphabetic) > GROUP_LENGTH:
        alphabetic = f"{person.family[:31]}^{person.given[:31]}"
    if not person.ideographic and not person.phonetic:
        return alphabetic
    return f"{alphabetic}={person.ideographic}={person.phonetic}".rstrip("=")
