"""What came beside what was asked for, however many requests there were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from scenario_runner.api.asked_for import is_named, named_in_vain

NAMES = {"StudyInstanceUID": "1.2", "SOPInstanceUID": "1.2.3"}


class Answered(Mapping[str, Any]):
    """The keys of a request that is over, at which nobody looks."""

    def __getitem__(self, key: str) -> Any:
        raise AssertionError("each instance is looked for in all requests before its own")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_an_instance_is_looked_for_in_the_request_that_is_being_answered() -> None:
    assert is_named(NAMES, [Answered(), {"StudyInstanceUID": "1.2"}])


def test_what_an_earlier_request_named_is_named_and_what_none_did_is_not() -> None:
    earlier, last = {"StudyInstanceUID": ["1.2", "1.3"]}, {"StudyInstanceUID": "1.4"}
    requests: list[Mapping[str, Any]] = [earlier, last]
    assert is_named(NAMES, requests)
    assert not is_named({**NAMES, "StudyInstanceUID": "1.5"}, requests)


@pytest.mark.parametrize(("found", "missing"), [(["1.2"], ["1.3"]), (["1.2", "1.3"], []), ([], [])])
def test_a_pacs_that_finds_nothing_of_a_list_of_which_it_sent_some_has_the_benefit_of_the_doubt(
    monkeypatch: pytest.MonkeyPatch, found: list[str], missing: list[str]
) -> None:
    """Lists of UIDs in queries are passed over by some that take them in a C-MOVE."""
    answers = SimpleNamespace(
        matches=[{"StudyInstanceUID": one} for one in found], problem="", remarks=frozenset()
    )
    monkeypatch.setattr("scenario_runner.api.asked_for.ask", lambda *_: answers)
    target: Any = SimpleNamespace(capabilities={"find"})
    sent: Any = SimpleNamespace(completed=1, warning=0)
    deadline: Any = None
    keys = {"StudyInstanceUID": ["1.2", "1.3"]}
    assert named_in_vain(target, "study", [(keys, sent)], deadline) == missing
