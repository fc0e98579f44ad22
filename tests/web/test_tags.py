"""Attributes over HTTP: read as a tree, and four of them corrected in a whole study or not at all."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO

from tests.archive.samples import sample
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("imaging") / "data") as running:
        yield running


def modify(service: Served, study: str, tags: dict[str, Any], **more: Any) -> Any:
    body = {"study_instance_uid": study, "tags": tags, **more}
    return service.client.post(f"{service.api}/modify-tags", json=body)


def kept(service: Served, study: str) -> list[Dataset]:
    answer = service.client.get(
        f"{service.url}/dicom-web/studies/{study}",
        headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
    )
    boundary = answer.headers["content-type"].split("boundary=")[1].split(";")[0].strip('"')
    parts = answer.content.split(b"--" + boundary.encode())[1:-1]
    files = [part.partition(b"\r\n\r\n")[2][:-2] for part in parts]
    found = [pydicom.dcmread(DicomBytesIO(one)) for one in files]
    return sorted(found, key=lambda one: str(one.SOPInstanceUID))


def test_a_file_is_read_as_a_tree_with_names_and_kept_nowhere(service: Served) -> None:
    step = Dataset()
    step.ScheduledProcedureStepID = "STEP1"
    data = ct(
        "1.4.1",
        RequestAttributesSequence=[step],
        PatientName="MÜLLER^ANNE",
        SpecificCharacterSet="ISO_IR 100",
    )
    told = service.client.post(f"{service.api}/read-tags", files={"file": ("a", data)}).json()
    tags = {one["keyword"]: one for one in told["tags"]}
    assert tags["PatientName"] == {
        "tag": "(0010,0010)",
        "keyword": "PatientName",
        "name": "Patient's Name",
        "vr": "PN",
        "length": 12,
        "value": ["MÜLLER^ANNE"],
        "sha256": None,
        "items": None,
    }
    ((inner,),) = tags["RequestAttributesSequence"]["items"]
    assert (inner["keyword"], inner["value"]) == ("ScheduledProcedureStepID", ["STEP1"])
    assert service.client.get(f"{service.api}/studies/1.4.1").status_code == 404


def test_what_is_not_told_whole_has_its_digest(service: Served) -> None:
    data = ct(
        "1.4.62", ImageComments="x" * 5_000, ICCProfile=b"ab", ReferencedFrameNumber=[1] * 300
    )
    told = service.client.post(f"{service.api}/read-tags", files={"file": ("a", data)}).json()
    tags = {one["keyword"]: one for one in told["tags"]}
    digests = {
        "ImageComments": b"x" * 5_000,
        "ICCProfile": b"ab",
        "ReferencedFrameNumber": b"\\".join([b"1"] * 300),
    }
    for keyword, whole in digests.items():
        assert tags[keyword]["sha256"] == hashlib.sha256(whole).hexdigest()
    assert tags["PatientID"]["sha256"] is None


def test_studies_that_differ_in_what_is_not_told_are_not_alike(service: Served) -> None:
    """Bytes of one length, and texts and lists that are alike where they are cut, were "the same in both"."""
    for study, letter in (("1.4.63", "a"), ("1.4.64", "b")):
        differing: dict[str, Any] = {
            "ImageComments": "x" * 5_000 + letter,
            "ICCProfile": letter.encode() * 2,
            "ReferencedFrameNumber": [1] * 300 + [ord(letter)],
        }
        assert upload(service, ct(study, **differing)).status_code == 201
    url = f"{service.url}/studies/compare?study=1.4.63&study=1.4.64"
    page = service.client.get(url).text
    for keyword in ("ImageComments", "ICCProfile", "ReferencedFrameNumber"):
        assert f">{keyword}<" in page.replace("<bdi>", "").replace("</bdi>", "")


def test_what_is_no_object_has_no_tags(service: Served) -> None:
    answer = service.client.post(f"{service.api}/read-tags", files={"file": ("a", b"x" * 200)})
    assert (answer.status_code, answer.json()["code"]) == (422, "not-dicom")


def test_a_file_is_held_to_the_standard(service: Served) -> None:
    url = f"{service.api}/validate"
    bad = service.client.post(url, files={"file": ("a", ct(PatientSex="X"))}).json()
    assert bad["valid"] is False
    assert any(one["attribute"] == "PatientSex" and one["section"] for one in bad["findings"])
    none = service.client.post(url, files={"file": ("a", b"x")}).json()
    assert (none["valid"], none["error"]) == (False, "it is not a DICOM file")


def test_a_correction_reaches_every_instance_and_leaves_uids_and_pixels(service: Served) -> None:
    told = upload(service, *(ct("1.4.2", number=n) for n in (1, 2, 3))).json()
    before = kept(service, "1.4.2")
    answer = modify(
        service,
        "1.4.2",
        {
            "PatientID": "PID9", "PatientName": "NOVÁK^Žofie", "AccessionNumber": "B7",
            "StudyDate": "2026-02-03",
        },
        reason="wrong patient",
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.json()["instances"] == 3
    assert answer.json()["before"] == {
        "PatientID": "PID1", "PatientName": "CITIZEN^JANE", "AccessionNumber": "A0001",
        "StudyDate": "20260131",
    }  # fmt: skip
    after = kept(service, "1.4.2")
    for old, new in zip(before, after, strict=True):
        assert (new.PatientID, str(new.PatientName), new.StudyDate) == (
            "PID9",
            "NOVÁK^Žofie",
            "20260203",
        )
        assert (new.SOPInstanceUID, new.PixelData) == (old.SOPInstanceUID, old.PixelData)
    log = service.client.get(f"{service.api}/uploads/{told['upload_id']}").json()
    (change,) = log["changes"]
    assert (change["before"]["PatientID"], change["reason"]) == ("PID1", "wrong patient")
    history = service.client.get(f"{service.api}/studies/1.4.2").json()["history"]
    assert "corrected" in [one["what"] for one in history]
    found = service.client.get(f"{service.api}/studies/patient/PID9").json()["studies"]
    assert [one["study_instance_uid"] for one in found] == ["1.4.2"]


def test_a_corrected_study_is_judged_again(service: Served) -> None:
    told = upload(service, ct("1.4.3")).json()
    url = f"{service.api}/uploads/{told['upload_id']}"

    def findings() -> Any:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = service.client.get(url).json()["files"][0]["findings"]
            if found is not None:
                return found
            time.sleep(0.05)
        raise AssertionError("nobody has judged it")

    first = findings()
    modify(service, "1.4.3", {"AccessionNumber": ""})
    assert findings() is not None
    assert first is not None


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"StudyInstanceUID": "1.2"}, "tag-not-changeable"),
        ({"PatientID": "P", "PixelData": "x"}, "tag-not-changeable"),
        ({"PatientID": ""}, "invalid-value"),
        ({"PatientID": None}, "invalid-value"),
        ({"PatientID": "x" * 65}, "invalid-value"),
        ({"PatientID": "a\\b"}, "invalid-value"),
        ({"StudyDate": "2026-02-30"}, "invalid-value"),
        ({"PatientName": "A=B=C=D"}, "invalid-value"),
        ({}, "nothing-to-change"),
    ],
)
def test_what_may_not_be_is_refused_and_nothing_changes(
    service: Served, tags: dict[str, Any], code: str
) -> None:
    upload(service, ct("1.4.4"))
    answer = modify(service, "1.4.4", tags)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert kept(service, "1.4.4")[0].PatientID == "PID1"


def test_a_study_that_is_not_there_cannot_be_corrected_or_read(service: Served) -> None:
    assert modify(service, "1.4.99", {"PatientID": "P"}).status_code == 404
    assert service.client.get(f"{service.api}/tags/1.4.99").status_code == 404
    assert service.client.post(f"{service.api}/modify-tags", content=b"{").status_code in (400, 422)


def test_the_tags_of_an_instance_of_a_study(service: Served) -> None:
    upload(service, sample("1.4.5").file, sample("1.4.5", number=2).file)
    url = f"{service.api}/tags/1.4.5"
    assert service.client.get(url).json()["sop_instance_uid"] == "1.4.5.1.1"
    second = service.client.get(url, params={"sop_instance_uid": "1.4.5.1.2"}).json()
    assert second["sop_instance_uid"] == "1.4.5.1.2"
    missing = service.client.get(url, params={"sop_instance_uid": "1.4.5.9"})
    assert (missing.status_code, missing.json()["code"]) == (404, "instance-not-found")


def test_corrections_at_once_each_say_what_they_have_changed(service: Served) -> None:
    upload(service, *(ct("1.4.70", number=n, PatientName="FIRST^X") for n in range(1, 41)))
    names = [f"N{number}^X" for number in range(4)]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(
            pool.map(lambda name: modify(service, "1.4.70", {"PatientName": name}), names)
        )
    done = [name for name, one in zip(names, answers, strict=True) if one.status_code == 200]
    assert done
    changes = service.client.get(f"{service.api}/studies/1.4.70").json()["changes"]
    chain = [one["after"]["PatientName"] for one in changes]
    assert sorted(chain) == sorted(done)
    assert [one["before"]["PatientName"] for one in changes] == ["FIRST^X", *chain[:-1]]
    assert {str(one.PatientName) for one in kept(service, "1.4.70")} == {chain[-1]}
