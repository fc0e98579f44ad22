"""Answers of a server that shows a key and does not match on it."""

from __future__ import annotations

from typing import Any

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.api.asking import ask
from scenario_runner.language.site_model import Expectations

ANSWERS: list[dict[str, Any]] = [
    {"StudyInstanceUID": "1.2", "BodyPartExamined": "HEAD"},
    {"StudyInstanceUID": "1.3", "BodyPartExamined": "CHEST"},
]


class Unmatching(Target):
    """Answers with all it has, as a server does that ignores a key."""

    name = "pacs"

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """Whatever was asked."""
        return ANSWERS


REQUEST = FindRequest(level="study", match={"BodyPartExamined": "HEAD"})


def test_an_answer_with_another_value_is_a_failure_with_key_value_and_count() -> None:
    answers = ask(Unmatching(), REQUEST, Deadline(5))
    assert "1 of 2 answers" in answers.problem
    assert "BodyPartExamined is 'CHEST', not 'HEAD'" in answers.problem


def test_with_the_key_declared_the_answers_are_sorted_out_here_and_it_is_told() -> None:
    target = Unmatching()
    target.expects = Expectations(unsupported_keys=["BodyPartExamined"])
    answers = ask(target, REQUEST, Deadline(5))
    assert answers.matches == ANSWERS[:1]
    assert not answers.problem
    assert "1 answer sorted out here" in answers.note
