"""The metadata of a series is made fast, and says of each instance what it would say of it alone."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence as DicomSequence

from scenario_runner.dicom.json_model import of_elements
from scenario_runner.pacs.dicomweb import metadata_writer
from scenario_runner.pacs.dicomweb.metadata_writer import MetadataWriter, metadata_of
from scenario_runner.pacs.dicomweb.shelf import Shelf
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import EXPLICIT, IMPLICIT, Sample, encoded, put, sample
from tests.pacs.dicomweb.web import get

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.dicomweb.shelf import Opened

BIG_ENDIAN = "1.2.840.10008.1.2.2"
SLICES = 300


def odd(number: int, syntax: str, **attributes: Any) -> Sample:
    """One of a series whose images differ in what they have alike: character sets, signs, long values, byte order."""
    ds = dcmread(BytesIO(sample("1.2.3", number=number).file))
    item = Dataset()
    item.CodeMeaning = attributes.pop("meaning", "left")
    item.EncapsulatedDocument = bytes(range(256)) * 8
    ds.ConceptNameCodeSequence = DicomSequence([item])
    if "smallest" in attributes:
        ds.add_new("SmallestImagePixelValue", *attributes.pop("smallest"))
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return encoded(ds, syntax)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[tuple[Archive, list[Located]]]:
    """The instances of one series."""
    with EmbeddedPacs(tmp_path) as pacs:
        latin = {
            "SpecificCharacterSet": "ISO_IR 100",
            "PatientName": "M\xfcller^J\xf6rg",
            "meaning": "Gr\xf6\xdfe",
        }
        greek = {
            **latin,
            "SpecificCharacterSet": "ISO_IR 126",
            "PatientName": "\u0394^\u03a3",
            "meaning": "\u0394",
        }
        kinds: list[tuple[str, dict[str, Any]]] = [
            (EXPLICIT, {}),
            (EXPLICIT, {}),
            (EXPLICIT, latin),
            (EXPLICIT, greek),
            (IMPLICIT, latin),
            (IMPLICIT, {"PixelRepresentation": 1, "smallest": ("SS", -7)}),
            (IMPLICIT, {"PixelRepresentation": 0, "smallest": ("US", 65529)}),
            (BIG_ENDIAN, {}),
        ]
        for number, (syntax, attributes) in enumerate(kinds, start=1):
            put(pacs.archive, odd(number, syntax, **attributes))
        yield pacs.archive, pacs.archive.instances(study_uids=["1.2.3"])


def test_each_instance_is_written_as_it_would_be_alone(
    stored: tuple[Archive, list[Located]], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, found = stored
    shelf, writer = Shelf(), MetadataWriter()
    assert len(found) == 8
    # As much as it may remember, and too little for one.
    for most in (metadata_writer._MOST, 1_000):
        monkeypatch.setattr(metadata_writer, "_MOST", most)
        for instance in found:
            opened = shelf.opened(archive, instance)
            url = f"http://pacs/{instance.sop_instance_uid}/"
            expected = metadata_of(opened, url)
            assert json.loads(writer.write(opened, url)) == expected
            assert list(expected) == sorted(expected)
            assert f"{url}0040A043/1/00420011" in json.dumps(expected)


def test_what_a_series_has_alike_is_made_once(
    stored: tuple[Archive, list[Located]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(elements: Any, *rest: Any, **more: Any) -> Any:
        made.extend(elements)
        return of_elements(elements, *rest, **more)

    monkeypatch.setattr(metadata_writer, "of_elements", counted)
    archive, found = stored
    shelf, writer = Shelf(), MetadataWriter()
    writer.write(shelf.opened(archive, found[0]), "http://pacs/1/")
    first = len(made)
    writer.write(shelf.opened(archive, found[1]), "http://pacs/2/")
    assert len(made) - first < first / 4


def test_headers_of_a_long_series_are_read_once_for_metadata_and_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = Shelf._open

    def counted(shelf: Shelf, archive: Archive, instance: Located) -> Opened:
        opened.append(instance.file)
        return read(shelf, archive, instance)

    monkeypatch.setattr(Shelf, "_open", counted)
    with EmbeddedPacs(tmp_path) as pacs:
        for number in range(SLICES):
            put(pacs.archive, sample("1.2.3", number=number, size=8))
        url = pacs.open_web()
        for _ in range(2):
            assert len(get(f"{url}/studies/1.2.3/metadata").json()) == SLICES
    assert len(opened) == SLICES
