"""Files whose File Meta Information names another instance than the data set, or none: sent as what they are (PS3.7 9.1.1)."""

from __future__ import annotations

import json
import urllib.request
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from tests.archive.samples import CT_IMAGE, sample
from tests.peers.processes import orthanc, storescp
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def written(folder: Path, **meta: str | None) -> Path:
    """A CT image whose File Meta Information has these values, or lacks them."""
    files = list(folder.glob("*.dcm"))
    dataset = dcmread(BytesIO(sample(number=len(files) + 1).file))
    for keyword, value in meta.items():
        if value is None:
            del dataset.file_meta[keyword]
        else:
            setattr(dataset.file_meta, keyword, value)
    path = folder / f"{len(files)}.dcm"
    dataset.save_as(path, enforce_file_format=False)
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    written(folder, MediaStorageSOPInstanceUID="2.25.77")
    written(folder, MediaStorageSOPClassUID=SECONDARY_CAPTURE)
    written(folder, MediaStorageSOPInstanceUID=None, MediaStorageSOPClassUID=None)
    return folder


INSTANCES = ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3"]


def test_orthanc_has_them_as_the_data_set_names_them(tmp_path: Path, files: Path) -> None:
    with orthanc(tmp_path) as server:
        sent = fabricate("pacs", "send", f"ORTHANC@{server.host}:{server.port}", files).check()
        with urllib.request.urlopen(f"{server.http}/instances?expand", timeout=30) as answer:
            there = [one["MainDicomTags"]["SOPInstanceUID"] for one in json.load(answer)]
    assert "3 of 3 stored" in sent.out
    assert sorted(there) == INSTANCES


def test_storescp_writes_what_was_announced_into_its_own_files(tmp_path: Path, files: Path) -> None:
    with storescp(tmp_path) as server:
        address = f"{server.ae_title}@{server.host}:{server.port}"
        fabricate("pacs", "send", address, files).check()
        assert server.folder is not None
        kept = [dcmread(path) for path in server.folder.iterdir()]
    assert sorted(one.file_meta.MediaStorageSOPInstanceUID for one in kept) == INSTANCES
    assert {one.file_meta.MediaStorageSOPClassUID for one in kept} == {CT_IMAGE}
    assert all(one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID for one in kept)
