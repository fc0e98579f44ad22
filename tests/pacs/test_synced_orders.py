"""With ``hl7_synced`` an order is acknowledged once it is on the disk, and many wait for the disk together."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from scenario_runner.orders.mllp.framing import Blocks, framed
from scenario_runner.pacs import order_journal
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.pacs.test_ris import ordered, tell

MANY = 300


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(hl7_synced=True)) as running:
        running.open_hl7()
        yield running


def together(pacs: EmbeddedPacs, *messages: bytes) -> list[bytes]:
    """The answers to messages of which none waits for another's, until all are there or nobody is left."""
    blocks, answers = Blocks(1 << 20), list[bytes]()
    with socket.create_connection(("127.0.0.1", pacs.open_hl7()), 30) as sock:
        sock.sendall(b"".join(map(framed, messages)))
        with suppress(ConnectionError):
            while len(answers) < len(messages) and (came := sock.recv(1 << 16)):
                answers += blocks.feed(came)
    return answers


def test_nothing_is_acknowledged_that_is_not_on_the_disk(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = pacs.folder / order_journal.JOURNAL
    on_disk = list[int]()

    def synced(handle: int) -> None:
        on_disk.append(os.fstat(handle).st_size)

    monkeypatch.setattr(order_journal, "_sync", synced)
    tell(pacs, ordered(1))
    monkeypatch.setattr("scenario_runner.pacs.ordered_items._PAUSE", 1e6)
    for number in range(2, 6):
        (answer,) = tell(pacs, ordered(number))
        assert (answer.code, on_disk[-1:]) == ("AA", [journal.stat().st_size])


def test_the_first_order_is_acknowledged_when_the_disk_has_the_name_of_the_journal_too(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = list[Path]()
    monkeypatch.setattr(order_journal, "sync_folder", named.append)
    monkeypatch.setattr("scenario_runner.pacs.ordered_items._PAUSE", 1e6)
    for number in (1, 2):
        assert tell(pacs, ordered(number))[0].code == "AA"
    assert named == [pacs.folder]


def test_messages_that_come_together_wait_for_the_disk_together(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, sync = list[int](), order_journal._sync

    def counted(handle: int) -> None:
        waits.append(handle)
        sync(handle)

    monkeypatch.setattr(order_journal, "_sync", counted)
    answers = together(pacs, *map(ordered, range(1, MANY + 1)))
    assert sum(b"MSA|AA" in one for one in answers) == MANY
    assert 0 < len(waits) < MANY / 3


def test_a_disk_that_fails_leaves_messages_without_an_answer(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    tell(pacs, ordered(1))
    monkeypatch.setattr("scenario_runner.pacs.ordered_items._PAUSE", 1e6)
    monkeypatch.setattr(order_journal, "_sync", failed)
    assert together(pacs, ordered(2), ordered(3)) == []
    monkeypatch.undo()
    # The disk may say yes the next time and have nothing of what it failed to take.
    assert together(pacs, ordered(2)) == []
