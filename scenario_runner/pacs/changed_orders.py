"""What an order of the worklist is once a message has changed it, and which procedures it has then.

An order may have several requested procedures, each with an accession number or an ID of its own, as the IPC of an OMI
say (HL7 2.5.1 4.5.6): its items are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scenario_runner.orders.numbering import FILLER, is_number, whole_key
from scenario_runner.orders.order import Said
from scenario_runner.orders.worklist import said_of
from scenario_runner.orders.worklist_item import STEP
from scenario_runner.planning.identity import derive_uid

if TYPE_CHECKING:
    from scenario_runner.orders.order import Order

_PROCEDURE: Final = ("AccessionNumber", "RequestedProcedureID")
"""What tells one procedure of an order from another."""
_STEP_ID: Final = "ScheduledProcedureStepID"
_STUDY: Final = "StudyInstanceUID"
_Procedures = dict[tuple[str, ...], list[Mapping[str, Said]]]


def with_studies(orders: Sequence[Order]) -> list[Order]:
    """The procedures of a new order, each with a study of its own; the first has that of the order."""
    return [*orders[:1], *map(_with_study_uid, orders[1:])]


def _with_study_uid(order: Order) -> Order:
    """A further procedure of an order with a study of its own, always the same, where nobody gave it one."""
    if order.text("StudyInstanceUID"):
        return order
    own = [order.text(name) for name in _PROCEDURE]
    uid = derive_uid(None, "order", order.text("PatientID"), whole_key(order), *own)
    return replace(order, said={**order.said, "StudyInstanceUID": Said(uid, order.place)})


def is_further(order: Order, others: Sequence[Order]) -> bool:
    """Whether an order names a procedure that none of the others does: by its accession number, else by its ID."""
    return all(_is_another(order.said, one.said, _PROCEDURE) for one in others)


def other_procedures(order: Order, contents: Sequence[bytes]) -> list[bytes]:
    """The items of an order that are not of the procedures that a message is about; none where it names none of several.

    contents: all of them.
    """
    told = [said_of(content) for content in contents]
    procedures = _by_procedure(told)
    found = _meant(order, procedures)
    if not found or len(procedures) == 1:
        return []
    return [
        content
        for content, said in zip(contents, told, strict=True)
        if _procedure(said) not in found
    ]


def completed(orders: Sequence[Order], before: Sequence[Mapping[str, Said]]) -> list[Order]:
    """What a change makes of an order that is here: what it does not say stays as it was (HL7 2.5.1 2.5.3).

    orders: the message's, one for each procedure that it names. before: what each item of the order says. A procedure that
    the message does not name stays, and so does a step.
    """
    if not before:
        return with_studies(orders)
    procedures = _by_procedure(before)
    if len(procedures) == 1 and len(orders) == 1:
        return [_completed(orders[0], before)]
    changed: list[Order] = []
    for order in orders:
        found = _meant(order, procedures)
        if found:
            changed += [_completed(order, procedures.pop(one)) for one in found]
        elif any(_procedure(order.said)) and not is_number(order.said):
            changed.append(_with_study_uid(order))
        else:  # it says of none, so of all, each of which has a study of its own
            rest = {name: one for name, one in order.said.items() if name != _STUDY}
            every = replace(order, said=rest) if len(procedures) > 1 else order
            changed += [_completed(every, said) for said in procedures.values()]
            procedures.clear()
    unnamed = replace(orders[0], said={}, steps=[])
    return [*(_completed(unnamed, said) for said in procedures.values()), *changed]


def _by_procedure(told: Sequence[Mapping[str, Said]]) -> _Procedures:
    found: _Procedures = {}
    for said in told:
        found.setdefault(_procedure(said), []).append(said)
    return found


def _procedure(said: Mapping[str, Said]) -> tuple[str, ...]:
    return tuple(said[name].text if name in said else "" for name in _PROCEDURE)


def _meant(order: Order, procedures: _Procedures) -> list[tuple[str, ...]]:
    """Which procedures a message is about; none where it says nothing of one, or of another.

    Those that all it says of one fits, or whose study it names where it says nothing else of one; of these those that have a
    scheduled step which it names, if any has. Where procedures have each a filler's number, the one that it has tells which.
    """
    ours = _of_filler(order, procedures)
    return _named(order, ours or procedures) or list(ours)


def _of_filler(order: Order, procedures: _Procedures) -> _Procedures:
    """Those with the filler's number that the message has, where others have another one."""
    number = order.text(FILLER)
    found = {
        key: said
        for key, said in procedures.items()
        if number and any(FILLER in one and one[FILLER].text == number for one in said)
    }
    return found if len(found) < len(procedures) else {}


def _named(order: Order, procedures: _Procedures) -> list[tuple[str, ...]]:
    told = _procedure(order.said)
    if not any(told) or (is_number(order.said) and not told[1]):
        uid = order.text(_STUDY)
        of_study = [
            key
            for key, said in procedures.items()
            if uid and any(_STUDY in one and one[_STUDY].text == uid for one in said)
        ]
        if of_study:
            return of_study
    fitting = [
        key
        for key in procedures
        if any(told)
        and all(not ours or ours == theirs for ours, theirs in zip(told, key, strict=True))
    ]
    steps = _steps((order.said, *order.steps))
    return [key for key in fitting if steps & _steps(procedures[key])] or fitting


def _steps(told: Sequence[Mapping[str, Said]]) -> set[str]:
    """The IDs of scheduled steps."""
    return {one[_STEP_ID].text for one in told if _STEP_ID in one and one[_STEP_ID].text}


def _completed(order: Order, before: Sequence[Mapping[str, Said]]) -> Order:
    """A change of an order that is here: what it does not say stays as it was (HL7 2.5.1 2.5.3).

    before: what each scheduled step of it says. A step that the message does not name stays, too, unless it says that the
    procedure is another one from now on: then the steps are those that it names, if it names any.
    """
    if not before:
        return order
    if is_number(order.said) and not is_number(before[0]):
        # Read from the order's number where the message has no accession number, which this order has.
        rest = {name: one for name, one in order.said.items() if name != "AccessionNumber"}
        order = replace(order, said=rest)
    told = [order.said, *order.steps]
    named = [one[_STEP_ID] for one in told if _STEP_ID in one and one[_STEP_ID].text]
    if (
        named
        and _is_another(order.said, before[0], _PROCEDURE[::-1])
        and not _steps(told) & _steps(before)
    ):
        before = [{**before[0], _STEP_ID: named[0]}]
    ids = [one[_STEP_ID].text if _STEP_ID in one else "" for one in before]
    steps: list[Mapping[str, Said]] = list(before)
    for one in told:
        said = one[_STEP_ID].text if _STEP_ID in one else ""
        if said in ids or not said:
            at = ids.index(said) if said in ids else 0
            steps[at] = {**steps[at], **one}
        else:
            ids.append(said)
            steps.append({**before[0], **order.said, **one})
    whole = {**before[0], **order.said}
    of_steps = [{key: step[key] for key in STEP if key in step} for step in steps]
    first = {key: said for key, said in whole.items() if key not in STEP}
    return replace(order, said={**first, **of_steps[0]}, steps=of_steps[1:])


def _is_another(said: Mapping[str, Said], before: Mapping[str, Said], names: Sequence[str]) -> bool:
    """Whether one names another procedure than the other: by the first of these that both say."""
    for name in names:
        if name in said and name in before and said[name].text and before[name].text:
            return said[name].text != before[name].text
    return False
