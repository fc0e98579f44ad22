"""What several threads store at once goes into few transactions; one that fails is nobody else's end."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.gathering import Gathering
from scenario_runner.archive.server_error import ServerError
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed


class Ledger:
    """A database of one list, whose transactions are counted. unsure: whether a commit that fails may have been one."""

    def __init__(self, *, unsure: bool = False) -> None:
        self.kept: list[str] = []
        self.transactions: list[list[str]] = []
        self.began = threading.Event()
        self.go_on = threading.Event()
        self._new: list[str] = []
        self.gathering = Gathering(self._transaction, lambda: unsure)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._new = []
        self.began.set()
        assert self.go_on.wait(30)
        yield
        self.kept += self._new
        self.transactions.append(self._new)

    def add(self, name: str) -> str:
        if name == "bad":
            raise OSError("no room")
        self._new.append(name)
        return name.upper()


def together(ledger: Ledger, *names: str) -> dict[str, str | BaseException]:
    """What becomes of each, all of which wait while the first begins."""

    def work(name: str) -> Callable[[], str]:
        return lambda: ledger.gathering.run(lambda: ledger.add(name))

    with ThreadPoolExecutor(len(names)) as pool:
        found = {names[0]: pool.submit(work(names[0]))}
        assert ledger.began.wait(30)
        waiting = ledger.gathering._waiting
        for count, name in enumerate(names[1:], start=1):
            found[name] = pool.submit(work(name))
            until = time.monotonic() + 30
            while len(waiting) < count:
                assert time.monotonic() < until, "it does not wait"
                time.sleep(0.001)
        ledger.go_on.set()
        return {name: one.exception() or one.result() for name, one in found.items()}


def test_what_waits_is_carried_out_in_one_transaction() -> None:
    ledger = Ledger()
    assert together(ledger, "first", "a", "b", "c") == {
        "first": "FIRST", "a": "A", "b": "B", "c": "C",
    }  # fmt: skip
    assert ledger.transactions[0] == ["first"]
    assert [sorted(one) for one in ledger.transactions[1:]] == [["a", "b", "c"]]


def test_one_that_fails_takes_nobody_else_along() -> None:
    ledger = Ledger()
    found = together(ledger, "first", "a", "bad", "c")
    assert isinstance(found.pop("bad"), OSError)
    assert found == {"first": "FIRST", "a": "A", "c": "C"}
    assert sorted(ledger.kept) == ["a", "c", "first"], "each once"


def test_who_waited_in_vain_for_the_lock_waits_for_nobody_else() -> None:
    """The others have turns of their own, as each may wait half a minute for who writes elsewhere."""
    ledger = Ledger()
    found = together(ledger, "first", "bad", "a")
    assert isinstance(found.pop("bad"), OSError)
    assert found == {"first": "FIRST", "a": "A"}
    assert len(ledger.transactions) == 2


def test_where_nobody_knows_whether_it_was_committed_nobody_is_told_that_it_was() -> None:
    ledger = Ledger(unsure=True)
    found = together(ledger, "first", "a", "bad", "c")
    assert found.pop("first") == "FIRST"
    assert all(isinstance(one, ServerError) for one in found.values()), found
    assert ledger.kept == ["first"]


def test_instances_of_several_associations_are_kept_beside_work_that_fails(
    tmp_path: Path, indexed: Indexed
) -> None:
    samples = [sample(f"1.2.{study}.{image}") for study in range(3) for image in range(4)]

    with Archive(tmp_path / "a", indexed()) as archive, ThreadPoolExecutor(8) as pool:

        def fail() -> None:
            archive.index.file_of("1.2.3")
            raise OSError("no room")

        stored = [
            pool.submit(archive.store, CT_IMAGE, one.sop_instance_uid, EXPLICIT, [one.data])
            for one in (*samples, *samples[:4])
        ]
        failed = [pool.submit(archive.index.together, fail) for _ in range(4)]
        outcomes = [one.result().outcome for one in stored]
        for one in failed:
            with pytest.raises(OSError, match="no room"):
                one.result()
        assert (outcomes.count("new"), outcomes.count("kept")) == (12, 4)
        assert archive.counts().instances == 12
        located = archive.instances()
        assert len(located) == 12
        assert all(archive.data(one) for one in located)
        assert not list(archive.files.incoming.iterdir()), "nothing is left lying"


def test_a_transaction_that_cannot_begin_is_the_end_of_its_work_and_asked_for_once() -> None:
    """It was tried a thousand times over, until Python had no more room for calls."""
    tries = []

    @contextmanager
    def closed() -> Iterator[None]:
        tries.append(1)
        raise ServerError("the index is closed")
        yield

    with pytest.raises(ServerError, match="the index is closed"):
        Gathering(closed, lambda: False).run(lambda: "never")
    assert len(tries) == 1
