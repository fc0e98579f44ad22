"""Ranges of semantic versions as npm writes them: ``^1.2``, ``~1.2.3``, ``>=1 <2``, ``1.x || 3``.

A pre-release fits only where a comparator names one of the same version (node-semver, *Prerelease Tags*).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from semver import Version

_PART = r"(?:0|[1-9]\d*|[xX*])"
_PARTIAL = re.compile(
    rf"v?(?P<major>{_PART})(?:\.(?P<minor>{_PART})(?:\.(?P<patch>{_PART})"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)?)?",
    re.ASCII,
)
_COMPARATOR = re.compile(r"(?P<operator>\^|~>?|>=|<=|>|<|=)?\s*(?P<version>[^\s<>=^~|]+)")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")


class RangeError(ValueError):
    """Text that is no range, or no version."""


@dataclass(frozen=True, slots=True)
class _Bound:
    operator: str
    version: Version
    named: bool = False
    """Whether the range names a pre-release here; the ends of ^ and ~ are pre-releases of our own."""

    def holds(self, version: Version) -> bool:
        order = version.compare(self.version)
        return {
            ">=": order >= 0,
            ">": order > 0,
            "<": order < 0,
            "<=": order <= 0,
            "=": order == 0,
        }[self.operator]


@dataclass(frozen=True, slots=True)
class Range:
    """Alternatives, of which each is a list of bounds that all have to hold."""

    text: str
    alternatives: tuple[tuple[_Bound, ...], ...]

    def __contains__(self, version: Version) -> bool:
        return any(_fits(version, bounds) for bounds in self.alternatives)


def _fits(version: Version, bounds: tuple[_Bound, ...]) -> bool:
    if not all(bound.holds(version) for bound in bounds):
        return False
    if not version.prerelease:
        return True
    return any(
        bound.named and bound.version.to_tuple()[:3] == version.to_tuple()[:3] for bound in bounds
    )


@lru_cache(maxsize=4_096)
def parse_version(text: str) -> Version:
    """A semantic version. Raises RangeError."""
    from semver import Version

    try:
        return Version.parse(text)
    except (ValueError, TypeError):
        raise RangeError(f"'{text}' is no semantic version; write one such as 1.2.0") from None


@lru_cache(maxsize=4_096)
def parse_range(text: str) -> Range:
    """A range; an empty one takes any version that is no pre-release. Raises RangeError."""
    alternatives = []
    for part in text.split("||"):
        bounds: list[_Bound] = []
        rest = part.strip()
        if hyphen := _HYPHEN.fullmatch(rest):
            bounds = _hyphen(hyphen[1], hyphen[2], text)
            rest = ""
        while rest:
            match = _COMPARATOR.match(rest)
            if match is None:
                raise _wrong(text)
            bounds += _bounds(match["operator"] or "", match["version"], text)
            rest = rest[match.end() :].strip().removeprefix(",").strip()
        alternatives.append(tuple(bounds))
    return Range(text, tuple(alternatives))


def _wrong(text: str) -> RangeError:
    return RangeError(f"'{text}' is no range of versions; write ^1.2, ~1.2.3, >=1 <2 or 1.2.0")


def _partial(text: str, whole: str) -> tuple[list[int], str | None]:
    """The numbers that are given, and the pre-release."""
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise _wrong(whole)
    numbers: list[int] = []
    for name in ("major", "minor", "patch"):
        part = match[name]
        if part is None or part in "xX*":
            break
        numbers.append(int(part))
    pre = match["pre"] if len(numbers) == 3 else None
    if pre is not None:
        parse_version(f"0.0.0-{pre}")
    return numbers, pre


def _least(numbers: list[int], pre: str | None = None) -> Version:
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return _version(major, minor, patch, pre)


def _next(numbers: list[int], place: int) -> Version:
    """The first version of what follows when the number at a place grows; pre-releases of it are not below."""
    grown = [*numbers[:place], numbers[place] + 1]
    major, minor, patch = [*grown, 0, 0, 0][:3]
    return _version(major, minor, patch, "0")


def _version(major: int, minor: int, patch: int, pre: str | None) -> Version:
    from semver import Version

    return Version(major, minor, patch, prerelease=pre)


def _bounds(operator: str, text: str, whole: str) -> list[_Bound]:
    numbers, pre = _partial(text, whole)
    least, named = _least(numbers, pre), pre is not None
    if not numbers:
        if operator in ("<", ">"):
            return [_Bound("<", _version(0, 0, 0, "0"))]
        return []
    if operator == "^":
        place = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
        return [_Bound(">=", least, named), _Bound("<", _next(numbers, place))]
    if operator in ("~", "~>"):
        return [_Bound(">=", least, named), _Bound("<", _next(numbers, min(1, len(numbers) - 1)))]
    if operator in ("", "="):
        if len(numbers) == 3:
            return [_Bound("=", least, named)]
        return [_Bound(">=", least), _Bound("<", _next(numbers, len(numbers) - 1))]
    if len(numbers) < 3 and operator in (">", "<="):
        after = _next(numbers, len(numbers) - 1)
        return [
            _Bound(">=", after.replace(prerelease=None)) if operator == ">" else _Bound("<", after)
        ]
    if len(numbers) < 3 and operator == "<":
        return [_Bound("<", least.replace(prerelease="0"))]
    return [_Bound(operator, least, named)]


def _hyphen(first: str, last: str, whole: str) -> list[_Bound]:
    low, low_pre = _partial(first, whole)
    high, high_pre = _partial(last, whole)
    bounds = [_Bound(">=", _least(low, low_pre), low_pre is not None)] if low else []
    if len(high) == 3:
        bounds.append(_Bound("<=", _least(high, high_pre), high_pre is not None))
    elif high:
        bounds.append(_Bound("<", _next(high, len(high) - 1)))
    return bounds
