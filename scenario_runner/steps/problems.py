"""What went wrong with instances, by kind: one of each status and comment, counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scenario_runner.amounts import amount
from scenario_runner.api import Difference, Differences
from scenario_runner.api.statuses import answered_with, in_a_sentence

_NONE = ("no answer", "not sent", "no status")


def problems(statuses: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``{status, class, comment, count, instances}`` of each kind; instances are the first few UIDs.

    ``maybe_stored`` is false beside them where none of the kind was sent.
    statuses: those that are a problem, as ``save_as`` gives them. Comments that never repeat are counted
    together, with one of them as an example.
    """
    found = Differences(
        Difference(
            subject=str(one.get("sop_instance_uid", "")),
            attribute=answered_with(one),
            expected=one["class"],
            actual=one.get("comment") or "",
        )
        for one in statuses
    )
    return [
        {
            "status": None if kind.attribute in _NONE else kind.attribute,
            "class": kind.examples[0].expected,
            **({"maybe_stored": False} if kind.attribute == "not sent" else {}),
            "comment": kind.examples[0].actual + (" (and others)" if kind.various else ""),
            "count": kind.count,
            "instances": [one.subject for one in kind.examples if one.subject],
        }
        for kind in found.kinds()
    ]


def in_words(kinds: Iterable[Mapping[str, Any]]) -> list[str]:
    """``2 x A700 out of resources``, one for each kind."""
    return [f"{kind['count']} x {in_a_sentence(kind)}" for kind in kinds]


_IN_A_SENTENCE = 3


def sentence(kinds: list[dict[str, Any]]) -> str:
    """``; first problem: A700 full``, and the other kinds when there are more."""
    if not kinds:
        return ""
    first = kinds[0]
    text = f"; first problem: {in_a_sentence(first)}"
    if kinds[1:]:
        text += f"; in all {', '.join(in_words(kinds[:_IN_A_SENTENCE]))}"
        if more := len(kinds) - _IN_A_SENTENCE:
            text += f" and {amount(more, 'more kind')}" if more > 0 else ""
    return text
