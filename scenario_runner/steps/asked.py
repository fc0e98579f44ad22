"""Asking a PACS and telling what it answered: what the steps ``query`` and ``worklist`` do alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from scenario_runner.amounts import amount
from scenario_runner.api import FindRequest, StepContext, StepResult, Target
from scenario_runner.api.asking import ask
from scenario_runner.api.guessed import remember
from scenario_runner.api.timing import Timed, operation
from scenario_runner.checks.equality import event_value
from scenario_runner.checks.told_in_part import told_in_part
from scenario_runner.dicom.characters import parse
from scenario_runner.steps.undeclared import Undeclared

_SHOWN = 20


def query_result(
    context: StepContext,
    target: Target,
    request: FindRequest,
    noun: str,
    facts: Mapping[str, Any],
    waited: str = "",
) -> StepResult:
    """Ask, and keep what was answered; failed when an answer is not one to what was asked.

    noun: what one answer is called. facts: what the report says of the question. waited: what
    ``await_stored`` says of the time before it.
    """
    undeclared = Undeclared()
    association: dict[str, Any] = {}
    name = operation(target, "c-find", "qido")
    with Timed(context, name) as timed:
        opened = timed.watch.opening(association.update)
        request = undeclared.noting(dataclasses.replace(request, opened=opened))
        answers = ask(target, request, context.deadline)
    in_part = told_in_part(
        answers,
        target,
        request,
        context.deadline,
        lambda: (one.image for one in context.ledger.held(target.name).values()),
    )
    if not parse(target.expects.answer_character_set):
        remember(context, target.name, undeclared.texts)
    message = amount(len(answers.matches), noun) + undeclared.words(target)
    return StepResult(
        outcome="failed" if answers.problem or in_part else "passed",
        message="; ".join(
            part for part in (message, answers.problem, in_part, answers.note) if part
        )
        + waited,
        value=answers.matches,
        facts={
            **facts,
            "matches": event_value(answers.matches[:_SHOWN]),
            **({"association": association} if association else {}),
            **({"undeclared": undeclared.keywords} if undeclared.keywords else {}),
            **answers.facts(),
            **({"listed_in_part": True} if in_part else {}),
        },
    )
