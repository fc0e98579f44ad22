"""A decoder that panics, hangs, dies or fills the memory is an error to tell, and nothing else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from scenario_runner.decoding.worker import MOST
from scenario_runner.decoding.workers import UndecodableError, Workers

STUB = (sys.executable, "-m", "tests.decoding.stub")


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(STUB)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("panic", "Panic: index out of bounds"),
        ("exit", "SystemExit: 1"),
        ("die", r"the decoder ended its process \(exit code 3\)"),
        pytest.param(
            "fill",
            "too much memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no bound of memory there"),
        ),
    ],
)
def test_whatever_a_decoder_does_is_told_and_the_next_image_is_decoded(
    workers: Workers, what: str, said: str
) -> None:
    with pytest.raises(UndecodableError, match=said):
        workers.ask(what)
    assert workers.ask("plain", b"next")[1] == b"next"


def test_a_decoder_that_hangs_is_ended_after_its_time() -> None:
    workers = Workers(STUB, seconds=2)
    with pytest.raises(UndecodableError, match="longer than 2 s"):
        workers.ask("sleep")
    workers.close()


def test_a_decoder_that_prints_does_not_disturb_the_answer(workers: Workers) -> None:
    assert workers.ask("print", b"pixels")[1] == b"pixels"


def test_one_process_decodes_one_image_after_the_other(workers: Workers) -> None:
    assert workers.ask("who")[0]["pid"] == workers.ask("who")[0]["pid"]


def test_a_process_makes_way_for_a_new_one_after_many_images(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_runner.decoding.workers.DECODES_OF_ONE", 2)
    assert len({workers.ask("who")[0]["pid"] for _ in range(4)}) == 2


def test_many_threads_get_each_their_own_image(workers: Workers) -> None:
    found: dict[int, bytes] = {}

    def ask(number: int) -> None:
        found[number] = workers.ask("plain", b"%d" % number * 10_000)[1]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: b"%d" % number * 10_000 for number in range(12)}


def test_more_pixels_than_can_be_held_are_refused_before_any_is_decoded(workers: Workers) -> None:
    with pytest.raises(UndecodableError, match="more than 2 GiB"):
        workers.ask("plain", expected=MOST + 1)


def test_without_an_interpreter_there_is_a_reason() -> None:
    with pytest.raises(UndecodableError, match="no process to decode in"):
        Workers(("/nowhere/python",)).ask("plain")
