"""The decorator of this package makes what the one of the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from scenario_runner import lazy_dataclasses

Decorator = Callable[..., Any]
OPTIONS = [
    {"frozen": frozen, "slots": slots, "kw_only": kw_only, "eq": eq}
    for frozen in (False, True)
    for slots in (False, True)
    for kw_only in (False, True)
    for eq in (False, True)
]


def classes(dataclass: Decorator, options: dict[str, bool]) -> tuple[type[Any], type[Any]]:
    @dataclass(**options)
    class Study:
        """A study."""

        uid: str
        number: int = 1
        notes: list[str] = field(default_factory=list)
        secret: str = field(default="x", repr=False, compare=False)

        @property
        def title(self) -> str:
            return f"{self.uid} {self.number}"

    @dataclass(**options)
    class Made(Study):
        date: str = "today"
        cache: dict[str, int] = field(default_factory=dict, init=False, compare=False)
        length: int = field(default=0, init=False, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.uid))

    return Study, Made


def instances(cls: type[Any]) -> list[Any]:
    return [
        cls(uid="1.2"),
        cls(uid="1.2", number=1),
        cls(uid="1.2", notes=["a"]),
        cls(uid="3", secret="y"),
    ]


@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda given: "+".join(k for k in given if given[k])
)
def test_instances_are_made_shown_compared_and_refused_as_by_the_standard_library(
    options: dict[str, bool],
) -> None:
    ours = classes(lazy_dataclasses.dataclass, options)
    theirs = classes(dataclasses.dataclass, options)
    for one, other in zip(ours, theirs, strict=True):
        mine, standard = instances(one), instances(other)
        assert [repr(each) for each in mine] == [repr(each) for each in standard]
        assert [[a == b for a in mine] for b in mine] == [
            [a == b for a in standard] for b in standard
        ]
        assert (one.__hash__ is None) == (other.__hash__ is None)
        assert str(inspect.signature(one)).replace("'", "") == str(
            inspect.signature(other)
        ).replace("'", "")
        assert getattr(one, "__slots__", None) == getattr(other, "__slots__", None)
        assert one.__match_args__ == other.__match_args__
        assert [each.name for each in dataclasses.fields(one)] == [
            each.name for each in dataclasses.fields(other)
        ]
        for makes in (one, other):
            with pytest.raises(TypeError):
                makes()
            with pytest.raises(TypeError):
                makes(uid="1", date_of_birth="2")
        assert mine[0].notes is not mine[1].notes
        assert (
            dataclasses.replace(mine[0], number=4) == one(uid="1.2", number=4) or not options["eq"]
        )
        assert dataclasses.asdict(mine[2]) == dataclasses.asdict(standard[2])
        again = copy.deepcopy(mine[2])
        assert dataclasses.asdict(again) == dataclasses.asdict(mine[2])
        if options["frozen"]:
            for each in (mine[0], standard[0]):
                with pytest.raises(FrozenInstanceError, match="cannot assign to field 'uid'"):
                    each.uid = "2"
                with pytest.raises(FrozenInstanceError, match="cannot delete field 'uid'"):
                    del each.uid
        else:
            mine[0].uid = "2"
            assert mine[0].uid == "2"


def test_equal_frozen_instances_are_one_key() -> None:
    _, made = classes(lazy_dataclasses.dataclass, {"frozen": True, "slots": True})

    @lazy_dataclasses.dataclass(frozen=True)
    class Key:
        name: str
        shown: str = field(default="", compare=False)

    assert {Key("a", "1"): 1}[Key("a", "2")] == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(made(uid="1"))  # it holds a list


def test_what_a_class_writes_itself_stays() -> None:
    @lazy_dataclasses.dataclass(frozen=True)
    class Own:
        """Compares as it likes."""

        name: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return hash(self.name.lower())

        def __repr__(self) -> str:
            return "own"

    assert Own("A") == Own("a")
    assert len({Own("A"), Own("a")}) == 1
    assert repr(Own("A")) == "own"


@lazy_dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """At the top of a module, as what goes to another process has to be."""

    uid: str
    status: int = 0


def test_a_frozen_instance_reaches_another_process() -> None:
    sent = Sent("1.2", 3)
    assert pickle.loads(pickle.dumps(sent)) == sent
    assert copy.copy(sent) == sent


def test_a_class_may_call_the_method_of_the_one_it_derives_from() -> None:
    @lazy_dataclasses.dataclass(slots=True)
    class Base:
        name: str

    class Named(Base):
        def __init__(self) -> None:
            super().__init__("n")

    assert Named().name == "n"
    assert Base("a") == Base("a")


def test_threads_that_make_the_first_instances_at_once_all_get_one() -> None:
    for _ in range(20):
        study, _ = classes(lazy_dataclasses.dataclass, {"frozen": True, "slots": True})
        made: list[Any] = []
        started = threading.Barrier(4)

        def make(study: type[Any] = study, started: threading.Barrier = started) -> None:
            started.wait()
            made.append(study("1"))  # noqa: B023 - of this round

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [each.uid for each in made] == ["1"] * 4


def test_an_option_that_it_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="order"):
        lazy_dataclasses.dataclass(order=True)(type("Any", (), {}))


def test_nothing_is_compiled_for_a_class_that_is_not_used() -> None:
    code = """
import builtins, sys
from scenario_runner import lazy_dataclasses
compiled = []
real = builtins.exec
builtins.exec = lambda *given: (compiled.append(given[0]), real(*given))
import scenario_runner.events
print(len([each for each in compiled if isinstance(each, str)]))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0"
