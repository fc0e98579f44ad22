"""Many at once, and queries as pynetdicom negotiates them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.sending import Sending
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, identifier, put, sample
from tests.pacs.asking import only_asking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


@dataclass(frozen=True)
class Encoded:
    """A sample the way our own sender takes it."""

    sample: Sample
    sop_class_uid: str = CT_IMAGE
    transfer_syntax_uid: str = EXPLICIT

    @property
    def sop_instance_uid(self) -> str:
        return self.sample.sop_instance_uid

    @property
    def buffers(self) -> Sequence[bytes]:
        return [self.sample.data]


def test_many_associations_at_once_lose_nothing(pacs: EmbeddedPacs) -> None:
    peer = Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)
    sent = [sample(f"1.2.{n % 7}", number=n) for n in range(1, 481)]
    answers = store(
        peer, map(Encoded, sent), [(CT_IMAGE, EXPLICIT)], Deadline(60), Sending(associations=24)
    )
    assert [answer.status for answer in answers] == [0] * 480
    assert pacs.archive.counts().instances == 480
    assert pacs.archive.counts().studies == 7
    kept = {one.sop_instance_uid: one for one in pacs.archive.instances()}
    for one in sent:
        assert pacs.archive.data(kept[one.sop_instance_uid]) == one.data


def test_queries_are_answered_while_others_store(pacs: EmbeddedPacs) -> None:
    peer = Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)
    instances = map(Encoded, (sample(number=n) for n in range(1, 201)))
    statuses: list[int | None] = []

    def send() -> None:
        answers = store(peer, instances, [(CT_IMAGE, EXPLICIT)], Deadline(60))
        statuses.extend(answer.status for answer in answers)

    sender = threading.Thread(target=send)
    sender.start()
    counts: list[int] = []
    while sender.is_alive():
        counts += [int(str(ds.NumberOfStudyRelatedInstances)) for ds in find_counts(pacs)]
    sender.join()
    assert statuses == [0] * 200
    assert counts == sorted(counts)
    assert [int(str(ds.NumberOfStudyRelatedInstances)) for ds in find_counts(pacs)] == [200]


def find_counts(pacs: EmbeddedPacs) -> list[Dataset]:
    keys = Dataset()
    keys.QueryRetrieveLevel = "STUDY"
    keys.StudyInstanceUID, keys.NumberOfStudyRelatedInstances = "1.2.3", ""
    return find(pacs, keys)[1]


def find(
    pacs: EmbeddedPacs, keys: Dataset, *, relational: bool = False, extended: bytes = b"\x01"
) -> tuple[int, list[Dataset]]:
    """The final status and the responses."""
    ae = AE("TESTER")
    ae.add_requested_context(STUDY_ROOT_FIND)
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = STUDY_ROOT_FIND
    item.service_class_application_information = extended
    association = ae.associate(pacs.host, pacs.port, ext_neg=[item] if relational else None)
    assert association.is_established
    found: list[Dataset] = []
    status = 0
    with only_asking(association):
        for response, answer in association.send_c_find(keys, STUDY_ROOT_FIND):
            status = response.Status
            if answer is not None:
                found.append(answer)
    association.release()
    return status, found


@pytest.mark.parametrize("by", ["negotiation", "policy", "neither"])
def test_a_query_below_the_study_without_its_uid_is_answered_when_agreed(
    tmp_path: Path, by: str
) -> None:
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.SeriesInstanceUID, keys.Modality = "SERIES", "", "CT"
    options = PacsOptions(relational_queries=by == "policy")
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        put(pacs.archive, sample())
        status, found = find(pacs, keys, relational=by == "negotiation")
    assert status == (0xA900 if by == "neither" else 0x0000)
    assert len(found) == (0 if by == "neither" else 1)


@pytest.mark.parametrize(("extended", "count"), [(b"\x00\x01", 2), (b"\x01\x00", 0), (b"\x01", 0)])
def test_a_night_is_one_period_in_c_find_only_when_negotiated(
    pacs: EmbeddedPacs, extended: bytes, count: int
) -> None:
    for uid, (date, time) in {"1.1": ("20240111", "2330"), "1.2": ("20240112", "0030")}.items():
        put(pacs.archive, sample(uid, StudyDate=date, StudyTime=time))
    keys = identifier(
        QueryRetrieveLevel="STUDY", StudyInstanceUID="",
        StudyDate="20240111-20240112", StudyTime="2300-0100",
    )  # fmt: skip
    status, found = find(pacs, keys, relational=True, extended=extended)
    assert (status, len(found)) == (0, count)
