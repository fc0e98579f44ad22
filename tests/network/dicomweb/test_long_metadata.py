"""Metadata of many instances: as much as a study has, while no instance is beyond what one may be."""

from __future__ import annotations

import pytest

from scenario_runner.answers import Fetched
from scenario_runner.deadline import Deadline
from scenario_runner.errors import ProtocolViolation
from scenario_runner.network.dicomweb.peer import WebLimits
from scenario_runner.network.dicomweb.resources import fetch
from scenario_runner.network.dicomweb.session import Session
from tests.network.dicomweb.services import DICOM_JSON, Reply, dicom_json, service

MANY = dicom_json(*({"SOPInstanceUID": f"1.2.{number}"} for number in range(500)))


def metadata(body: bytes, **limits: int) -> list[Fetched]:
    found: list[Fetched] = []
    reply = Reply(200, body, DICOM_JSON)
    with (
        service(lambda _: reply, limits=WebLimits(**limits)) as running,
        Session(running.peer, Deadline(10)) as session,
    ):
        fetch(session, "metadata", ["studies", "1.2"], found.append)
    return found


def test_metadata_longer_than_one_answer_may_be_are_read_instance_by_instance() -> None:
    assert len(MANY) > 4_000
    found = metadata(MANY, answer=1_000)
    assert [one.values["SOPInstanceUID"] for one in found] == [f"1.2.{n}" for n in range(500)]


def test_metadata_of_an_instance_or_of_all_beyond_every_measure_are_refused_in_words() -> None:
    long = dicom_json({"SOPInstanceUID": "1.2", "ImageComments": "x" * 100_000})
    with pytest.raises(ProtocolViolation, match="one instance has more than 1000 characters"):
        metadata(long, answer=1_000)
    with pytest.raises(ProtocolViolation, match="more than 4000 bytes") as caught:
        metadata(MANY, metadata=4_000)
    assert caught.value.hint == "ask for the metadata series by series"


def test_what_is_no_dicom_json_is_named_as_that() -> None:
    with pytest.raises(ProtocolViolation, match="which is no DICOM JSON: this is no JSON"):
        metadata(b"<html>")
