"""What came beside what was asked for, however many requests there were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from scenario_runner.api.asked_for import is_named, named_in_vain
from scenario_runner.api.operations import FindRequest
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.retrieve_keys import listed
from scenario_runner.errors import OperationFailed
from scenario_runner.language.site_model import Expectations

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


@pytest.mark.parametrize(
    ("by_list", "there", "missing"),
    [
        ("all", {"1.2"}, ["1.3", "1.4"]),
        ("all", {"1.2", "1.3", "1.4"}, []),
        ("the first", {"1.2", "1.3", "1.4"}, []),
        ("the first", {"1.2", "1.4"}, ["1.3"]),
        ("none", {"1.2", "1.4"}, ["1.3"]),
        ("a failure", {"1.2", "1.3", "1.4"}, []),
        ("all", set(), []),
    ],
)
def test_what_a_list_finds_not_is_asked_for_by_itself_before_it_is_missed(
    by_list: str, there: set[str], missing: list[str]
) -> None:
    """Lists of UIDs in queries are passed over by some that take them in a C-MOVE, or their first alone is matched.

    One that finds nothing, though it has sent some, has the benefit of the doubt.
    """

    def find_each(requests: Iterable[FindRequest], _: object) -> Iterator[list[dict[str, Any]]]:
        for request in requests:
            named = listed(request.match["StudyInstanceUID"])
            if len(named) > 1:
                if by_list == "a failure":
                    raise OperationFailed("C320")
                named = named[: {"all": None, "the first": 1, "none": 0}[by_list]]
            yield [{"StudyInstanceUID": one} for one in named if one in there]

    target: Any = SimpleNamespace(
        name="pacs", capabilities={"find"}, expects=Expectations(), find_each=find_each
    )
    sent: Any = SimpleNamespace(completed=1, warning=0)
    keys = {"StudyInstanceUID": ["1.2", "1.3", "1.4"]}
    assert named_in_vain(target, "study", [(keys, sent)], Deadline(10)) == missing
