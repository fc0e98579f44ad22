"""Signatures that a run is to have: whoever takes one of several away leaves the others, which hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.evidence.intact import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.evidence.signing.statement import Meaning


def lacking(
    holding: Iterable[tuple[Meaning, str]], expected: Iterable[Meaning]
) -> Iterator[Finding]:
    """A finding for each meaning of which fewer signatures hold than are expected.

    holding: meaning and key of each that does. One key signs a meaning once.
    """
    there = Counter(meaning for meaning, _ in set(holding))
    for meaning, count in Counter(expected).items():
        if there[meaning] < count:
            holds = amount(there[meaning], "signature") if there[meaning] else "no signature"
            wanted = f", {count} are expected" if count > 1 else ""
            found = f"{holds} as '{meaning}' that {'hold' if there[meaning] > 1 else 'holds'}"
            yield Finding(
                "unsigned", "", f"{found}{wanted}: it was not signed, or one was taken away"
            )
