"""Clients of other makers get along with our DICOMweb: dicomweb-client, and Orthanc's plugin."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
import pytest
from dicomweb_client import DICOMwebClient
from PIL import Image
from pydicom import Dataset, dcmread
from requests import HTTPError

from tests.archive.samples import IMPLICIT, put, sample
from tests.pacs.dicomweb.web import NO_TLS
from tests.peers.processes import orthanc

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.pacs.server import EmbeddedPacs


def files(count: int) -> list[Dataset]:
    """Parsed instances of one study, in two transfer syntaxes."""
    kinds = ("1.2.840.10008.1.2.1", IMPLICIT)
    return [
        dcmread(BytesIO(sample(number=n + 1, size=64, transfer_syntax=kinds[n % 2]).file))
        for n in range(count)
    ]


def test_dicomweb_client_stores_searches_and_retrieves(url: str) -> None:
    client = DICOMwebClient(url)
    sent = files(3)
    answer = client.store_instances(sent)
    assert len(answer.ReferencedSOPSequence) == 3
    (study,) = client.search_for_studies(search_filters={"PatientName": "CIT*"}, fields=["all"])
    assert Dataset.from_json(study).NumberOfStudyRelatedInstances == 3
    (series,) = client.search_for_series("1.2.3", fields=["SeriesDescription"])
    assert Dataset.from_json(series).SeriesInstanceUID == "1.2.3.1"
    instances = client.search_for_instances("1.2.3", "1.2.3.1", limit=2, offset=1)
    assert [Dataset.from_json(one).InstanceNumber for one in instances] == [2, 3]
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    got = client.retrieve_study("1.2.3")
    assert [one.PixelData for one in got] == [one.PixelData for one in sent]
    one = client.retrieve_instance("1.2.3", "1.2.3.1", "1.2.3.1.2")
    assert one == sent[1]


def test_dicomweb_client_retrieves_metadata_frames_bulk_data_and_pictures(url: str) -> None:
    client = DICOMwebClient(url)
    (sent,) = files(1)
    client.store_instances([sent])
    (metadata,) = client.retrieve_study_metadata("1.2.3")
    assert Dataset.from_json(metadata, lambda *_: b"").PatientName == "CITIZEN^JANE"
    names = ("1.2.3", "1.2.3.1", "1.2.3.1.1")
    assert client.retrieve_instance_frames(*names, [1]) == [sent.PixelData]
    (bulk,) = client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert bulk == sent.PixelData
    picture = client.retrieve_instance_rendered(*names, media_types=("image/png",))
    assert np.asarray(Image.open(BytesIO(picture))).shape == (64, 64)
    frame = client.retrieve_instance_frames_rendered(*names, [1], media_types=("image/jpeg",))
    assert Image.open(BytesIO(frame)).format == "JPEG"
    client.delete_study("1.2.3")
    assert client.search_for_studies() == []


def test_dicomweb_client_is_told_what_failed(url: str) -> None:
    client = DICOMwebClient(url)
    with pytest.raises(HTTPError, match="409"):
        client.store_instances(files(1), study_instance_uid="9.9")
    with pytest.raises(HTTPError, match="404"):
        client.retrieve_study("9.9")


@pytest.mark.peer
def test_orthanc_sends_to_us_and_retrieves_from_us(
    pacs: EmbeddedPacs, url: str, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        put(pacs.archive, sample("1.2.77", number=number, size=64))
    configuration = {"DicomWeb": {"Enable": True, "Servers": {"ours": [f"{url}/"]}}}
    plugins = ["libOrthancDicomWeb.so"]
    with orthanc(tmp_path, plugins=plugins, configuration=configuration) as server:
        servers = f"{server.http}/dicom-web/servers/ours"

        def ask(path: str, body: Any) -> Any:
            answer = httpx2.post(servers + path, json=body, verify=NO_TLS, timeout=30)
            assert answer.status_code == 200, answer.text
            return answer.json() if "json" in answer.headers["content-type"] else answer.text

        # STOW-RS from Orthanc.
        for one in (sample("1.2.66", number=n, size=64) for n in (1, 2)):
            stored = httpx2.post(
                f"{server.http}/instances", content=one.file, verify=NO_TLS, timeout=30
            ).json()
            ask("/stow", {"Resources": [stored["ParentStudy"]]})
        assert len(pacs.archive.instances(study_uids=["1.2.66"])) == 2
        # QIDO-RS and WADO-RS by Orthanc.
        found = ask("/qido", {"Uri": "/studies", "Arguments": {"PatientID": "PID1"}})
        assert {one["0020000D"]["Value"] for one in found} == {"1.2.66", "1.2.77"}
        ask("/retrieve", {"Resources": [{"Study": "1.2.77"}]})
        (there,) = httpx2.post(
            f"{server.http}/tools/find",
            json={"Level": "Study", "Query": {"StudyInstanceUID": "1.2.77"}, "Expand": True},
            verify=NO_TLS,
            timeout=30,
        ).json()
        study = httpx2.get(
            f"{server.http}/studies/{there['ID']}/instances", verify=NO_TLS, timeout=30
        ).json()
        assert len(study) == 3
        file = httpx2.get(
            f"{server.http}/instances/{study[0]['ID']}/file", verify=NO_TLS, timeout=30
        ).content
        number = dcmread(BytesIO(file)).InstanceNumber
        assert dcmread(BytesIO(file)) == dcmread(
            BytesIO(sample("1.2.77", number=number, size=64).file)
        )
