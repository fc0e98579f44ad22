"""Faults that have a meaning on HTTP happen there too."""

from __future__ import annotations

import threading
import time
from io import BytesIO
from typing import TYPE_CHECKING

import httpx2
import pytest
from pydicom import dcmread

from scenario_runner.pacs.fault_arguments import parse_faults
from tests.archive.samples import EXPLICIT, sample
from tests.pacs.dicomweb.web import get, parts, stow

if TYPE_CHECKING:
    from scenario_runner.pacs.server import EmbeddedPacs


@pytest.mark.parametrize(
    ("fault", "status"), [("refuse=congestion", 503), ("refuse=no-reason", 403)]
)
def test_refusal(pacs: EmbeddedPacs, url: str, fault: str, status: int) -> None:
    pacs.misbehave(parse_faults([fault]))
    assert get(f"{url}/studies").status_code == status
    assert stow(url, [sample()]).status_code == status


def test_a_share_of_instances_fails_with_the_status(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["answer=A700,share=0.5"]))
    answer = stow(url, [sample(number=n) for n in (1, 2, 3, 4)])
    assert answer.status_code == 202
    failed = answer.json()["00081198"]["Value"]
    assert [one["00081197"]["Value"] for one in failed] == [[0xA700], [0xA700]]
    assert pacs.archive.counts().instances == 2


def test_a_warning_is_told_and_the_instance_is_kept(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["answer=B000"]))
    answer = stow(url, [sample()])
    assert answer.status_code == 202
    assert answer.json()["00081199"]["Value"][0]["00081196"]["Value"] == [0xB000]
    assert pacs.archive.counts().instances == 1


def test_an_acknowledged_instance_is_lost(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["lose=0.5"]))
    assert stow(url, [sample(number=1), sample(number=2)]).status_code == 200
    assert len(get(f"{url}/instances").json()) == 1


def test_an_attribute_is_altered(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["alter=PatientName,value=NOBODY"]))
    stow(url, [sample()])
    assert get(f"{url}/studies").json()[0]["00100010"]["Value"] == [{"Alphabetic": "NOBODY"}]
    assert list((pacs.folder / "incoming").iterdir()) == []


def test_counts_are_off(pacs: EmbeddedPacs, url: str) -> None:
    stow(url, [sample()])
    pacs.misbehave(parse_faults(["counts=2"]))
    assert get(f"{url}/studies").json()[0]["00201208"]["Value"] == [3]


@pytest.mark.parametrize(("fault", "status"), [("A700", 503), ("C001", 500), ("A900", 400)])
def test_a_search_fails(pacs: EmbeddedPacs, url: str, fault: str, status: int) -> None:
    pacs.misbehave(parse_faults([f"answer={fault},on=find,comment=by design"]))
    answer = get(f"{url}/studies")
    assert (answer.status_code, "by design" in answer.text) == (status, True)


@pytest.mark.parametrize("kind", ["drop", "abort"])
def test_the_connection_goes_away_after_so_many_requests(
    pacs: EmbeddedPacs, url: str, kind: str
) -> None:
    stow(url, [sample()])
    for _ in range(3):
        assert get(f"{url}/studies/1.2.3").status_code == 200  # not counted: nothing is wrong yet
    pacs.misbehave(parse_faults([f"{kind}=1,on=get"]))
    assert get(f"{url}/studies/1.2.3").status_code == 200
    with pytest.raises(httpx2.HTTPError):
        get(f"{url}/studies/1.2.3")
    assert get(f"{url}/studies").status_code == 200


def test_a_hanging_server_stops_at_once_all_the_same(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["hang=0,on=find"]))
    seen: list[str] = []

    def ask() -> None:
        try:
            get(f"{url}/studies")
        except httpx2.HTTPError as error:
            seen.append(type(error).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    before = time.monotonic()
    pacs.stop()
    thread.join(10)
    assert seen
    assert time.monotonic() - before < 15


def test_answers_come_late(pacs: EmbeddedPacs, url: str) -> None:
    pacs.misbehave(parse_faults(["delay=300ms,on=find"]))
    before = time.monotonic()
    get(f"{url}/studies")
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize(
    ("fault", "status", "numbers"),
    [
        ("lose=0.5,on=retrieve", 200, [2, 4]),
        ("fail=0.5", 206, [2, 4]),
        ("repeat=retrieve", 200, [1, 1, 2, 2, 3, 3, 4, 4]),
    ],
)
def test_a_retrieval_brings_less_or_more(
    pacs: EmbeddedPacs, url: str, fault: str, status: int, numbers: list[int]
) -> None:
    stow(url, [sample(number=n) for n in (1, 2, 3, 4)])
    pacs.misbehave(parse_faults([fault]))
    answer = get(f"{url}/studies/1.2.3")
    assert answer.status_code == status
    sent = [dcmread(BytesIO(content)).InstanceNumber for _, content in parts(answer)]
    assert sent == numbers


def test_a_retrieval_fails_as_a_whole_when_every_instance_does(
    pacs: EmbeddedPacs, url: str
) -> None:
    stow(url, [sample()])
    pacs.misbehave(parse_faults(["fail"]))
    assert get(f"{url}/studies/1.2.3").status_code == 500


def test_what_is_sent_differs_from_what_is_kept(pacs: EmbeddedPacs, url: str) -> None:
    stow(url, [sample()])
    pacs.misbehave(parse_faults(["alter=PatientName,value=NOBODY,on=retrieve", "pixels"]))
    ((_, content),) = parts(get(f"{url}/studies/1.2.3"))
    sent, kept = dcmread(BytesIO(content)), dcmread(BytesIO(sample().file))
    assert sent.PatientName == "NOBODY"
    assert sent.PixelData != kept.PixelData
    pacs.misbehave([])
    assert parts(get(f"{url}/studies/1.2.3")) == [
        (f"application/dicom; transfer-syntax={EXPLICIT}", sample().file)
    ]
