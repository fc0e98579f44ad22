"""Once a merge is acknowledged nothing is left under the number of before, also of what was being stored meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.sending import Sending
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, sample
from tests.orders.hl7.feeds import message
from tests.pacs.dicomweb.web import stow
from tests.pacs.test_many import Encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.pacs.server import EmbeddedPacs

COERCED = 0xB000
_MEANWHILE = 1.0
"""Seconds that a merge has to be acknowledged too early."""


def merge(pacs: EmbeddedPacs, stays: str, gone: str) -> str:
    """The code of the acknowledgement."""
    said = message(f"PID|1||{stays}||STAYS^{stays}", f"MRG|{gone}", kind="ADT^A40", control=gone)
    peer = Peer(host=pacs.host, port=pacs.open_hl7(), ae_title="HL7", response_timeout=60)
    with Mllp.open(peer, Deadline(60)) as connection:
        return connection.send(said, Deadline(60)).code


def send(
    pacs: EmbeddedPacs, samples: Iterable[Sample], *, associations: int = 1
) -> list[int | None]:
    peer = Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)
    wanted = [(CT_IMAGE, EXPLICIT)]
    answers = store(
        peer, map(Encoded, samples), wanted, Deadline(60), Sending(associations=associations)
    )
    return [answer.status for answer in answers]


@pytest.mark.parametrize("via", ["c-store", "stow"])
def test_an_image_that_was_looked_at_before_the_merge_is_filed_under_who_stays(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch, via: str
) -> None:
    looked_at, acknowledged = threading.Event(), threading.Event()
    name = "store" if via == "c-store" else "keep"
    as_ever = getattr(Archive, name)

    def slow(archive: Archive, *given: Any, **more: Any) -> Any:
        looked_at.set()
        acknowledged.wait(_MEANWHILE)
        return as_ever(archive, *given, **more)

    monkeypatch.setattr(Archive, name, slow)
    (one,) = samples = [sample(PatientID="P2")]
    url = pacs.open_web() if via == "stow" else ""
    with ThreadPoolExecutor(1) as pool:
        sending: Any = pool.submit(stow, url, samples) if url else pool.submit(send, pacs, samples)
        assert looked_at.wait(60)
        assert merge(pacs, "P1", "P2") == "AA"
        acknowledged.set()
        left = pacs.archive.instances(patient_id="P2")
        sending.result(60)
    assert left == []
    assert pacs.archive.instances(patient_id="P2") == []
    (kept,) = pacs.archive.instances(patient_id="P1")
    assert kept.sop_instance_uid == one.sop_instance_uid


def test_merges_while_many_associations_store_leave_nobody_behind(pacs: EmbeddedPacs) -> None:
    pacs.open_hl7()
    sent = [sample(f"1.2.{n % 7}", number=n, PatientID="P3") for n in range(1, 151)]
    begun = [threading.Event() for _ in range(2)]

    def told() -> Iterable[Sample]:
        for number, one in enumerate(sent):
            if number in (50, 100):
                begun[number // 100].set()
            yield one

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, pacs, told(), associations=8)
        for event, (stays, gone) in zip(begun, (("P2", "P3"), ("P1", "P2")), strict=True):
            assert event.wait(60)
            assert merge(pacs, stays, gone) == "AA"
            assert pacs.archive.instances(patient_id=gone) == []
        statuses = sending.result(60)
    assert set(statuses) <= {0, COERCED}
    assert len(statuses) == len(sent)
    assert {one.sop_instance_uid for one in pacs.archive.instances(patient_id="P1")} == {
        one.sop_instance_uid for one in sent
    }
    assert pacs.archive.counts().patients == 1


@pytest.mark.parametrize("meanwhile", ["deleted", "stored anew"])
def test_what_happens_to_an_image_while_a_merge_changes_it_counts(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    assert send(pacs, [sample(PatientID="P2", StudyDescription="FIRST")]) == [0]
    as_ever = Archive.header
    begun: list[str] = []

    def slow(archive: Archive, file: str, **more: Any) -> Any:
        header = as_ever(archive, file, **more)
        if not begun:
            begun.append(file)
            archive.delete_study("1.2.3")
            if meanwhile == "stored anew":
                second = sample(PatientID="P2", StudyDescription="SECOND")
                archive.store(CT_IMAGE, second.sop_instance_uid, EXPLICIT, [second.data])
        return header

    monkeypatch.setattr(Archive, "header", slow)
    assert merge(pacs, "P1", "P2") == "AA"
    assert begun
    assert pacs.archive.instances(patient_id="P2") == []
    kept = pacs.archive.instances(patient_id="P1")
    found = [pacs.archive.data(one) for one in kept]
    if meanwhile == "deleted":
        assert not found, "a deleted study is back"
    else:
        (data,) = found
        assert b"SECOND" in data
    assert len(list(pacs.archive.files.all())) == len(found)
