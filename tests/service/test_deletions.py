"""A deletion has a reason, and where it is asked for two people."""

from __future__ import annotations

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.deletions import Deletions, State
from scenario_runner.service.errors import Conflicting, NotAllowed, NotThere, Unacceptable
from scenario_runner.service.permissions import Arrival, Caller, Role

ANN = Caller("ann", frozenset({Role.RADIOLOGIST}), Arrival.SESSION)
BOB = Caller("bob", frozenset({Role.ADMIN}), Arrival.API_KEY)
JOY = Caller("joy", frozenset({Role.NURSE}), Arrival.SESSION)


def test_one_person_with_a_reason_is_enough_where_nothing_else_is_said(database: Database) -> None:
    done = Deletions(database).ask(ANN, "1.2.3", "  a   double\n")
    assert (done.state, done.reason) == (State.APPROVED, "a double")
    assert Deletions(database).waiting() == []


def test_without_a_reason_or_the_role_nothing_is_asked(database: Database) -> None:
    deletions = Deletions(database)
    for reason in ("", "  \t", "x" * 1_001):
        with pytest.raises(Unacceptable, match=r"deleted|reason"):
            deletions.ask(ANN, "1.2.3", reason)
    with pytest.raises(NotAllowed):
        deletions.ask(JOY, "1.2.3", "a double")


def test_a_second_person_consents_and_never_the_first(database: Database) -> None:
    deletions = Deletions(database, second_person=True)
    asked = deletions.ask(ANN, "1.2.3", "a double", "192.0.2.7")
    assert asked.state is State.WAITING
    assert deletions.waiting() == [asked]
    with pytest.raises(Conflicting, match="already"):
        deletions.ask(BOB, "1.2.3", "a double")
    same = Caller("ANN", ANN.roles, Arrival.API_KEY)
    for caller in (ANN, same, JOY):
        with pytest.raises(NotAllowed):
            deletions.decide(caller, asked.number, consent=True)
    done = deletions.decide(BOB, asked.number, consent=True)
    assert (done.state, done.asked_by, done.decided_by) == (State.APPROVED, "ann", "bob")
    with pytest.raises(Conflicting, match="approved already"):
        deletions.decide(BOB, asked.number, consent=False)
    assert deletions.waiting() == []
    (said,) = Trail(database).entries(study="1.2.3")
    assert (said.what, said.detail["reason"]) == ("deletion-asked", "a double")


def test_a_refusal_is_written_down_and_the_study_may_be_asked_for_again(
    database: Database,
) -> None:
    deletions = Deletions(database, second_person=True)
    asked = deletions.ask(ANN, "1.2.3", "a double")
    refused = deletions.decide(BOB, asked.number, consent=False)
    assert refused.state is State.REFUSED
    again = deletions.ask(ANN, "1.2.3", "a double, really")
    # Whoever asked may take it back.
    deletions.decide(ANN, again.number, consent=False)
    whats = [one.what for one in Trail(database).entries()]
    assert whats == ["deletion-asked", "deletion-refused"] * 2
    with pytest.raises(NotThere):
        deletions.decide(BOB, 999, consent=True)
