"""One image in all encodings: every door reads the same values and pixels, whatever they were written as."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from scenario_runner.decoding import pixels_of
from scenario_runner.dicom.datasets import open_file, read_file
from scenario_runner.network.dicomweb.xml_model import loads
from scenario_runner.pacs.server import EmbeddedPacs
from tests.corpora.encodings import EXPLICIT, JPEG_LS, SERIES, STUDY, Way, ways, write_all
from tests.corpora.test_doors import _door
from tests.imaging.importing.case import Import
from tests.pacs.dicomweb.web import get, parts
from tests.running import fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore")

NUMBERS = {"DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"}
CODE = {"00080100": "T-D3000", "00080102": "SRT", "00080104": "Chest"}
REQUEST = {"00400008": [CODE, CODE], "00401001": "R1"}
VALUES = {
    "00080050": None, "00080064": "WSD", "00080090": None, "0008103E": "  Größe", "00081111": None,
    "00100010": {"Alphabetic": "Müller^Jörg"}, "00100030": None, "00101030": 72.5, "00110010": "ACME 1",
    "00181063": 33.5, "00186020": -70000, "00189087": 0.5, "00200020": ["L", "P"], "00280009": "00181063",
    "00280010": 32, "00281050": [1024, 1000], "00400275": [REQUEST, REQUEST],
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("encodings"))


def _said(element: dict[str, Any]) -> Any:
    """The value of an element of DICOM JSON as it stands in VALUES."""
    values = element.get("Value", [])
    if element["vr"] == "SQ":
        items = [{tag: _said(one) for tag, one in item.items()} for item in values]
        return items or None
    if element["vr"] == "LO":
        values = [one.lstrip() if one.strip() == "Größe" else one for one in values]
    return values[0] if len(values) == 1 else values or None


def _as_json(model: Any) -> dict[str, Any]:
    """What XML says, with numbers for what JSON has as numbers."""
    for member in model.values():
        values = member.get("Value", [])
        if member["vr"] == "SQ":
            member["Value"] = [_as_json(item) for item in values]
        elif member["vr"] in NUMBERS:
            member["Value"] = [float(value) if value else None for value in values]
    assert isinstance(model, dict)
    return model


def _assert_read(model: dict[str, Any], name: str) -> None:
    expected = {**VALUES, "0008103E": "Größe"}  # spaces before LO say nothing (PS3.5 6.2)
    assert {tag: _said(model[tag]) for tag in VALUES} == expected, name
    assert not [tag for tag in model if tag.endswith("0000")], name


def test_view_reads_the_same_values(files: dict[str, Path]) -> None:
    for file in files.values():
        done = _door("view", "--json", file)
        assert done.code == 0, (file.name, done.err)
        _assert_read(json.loads(done.out), file.name)
        text = _door("view", "--full", file).out.decode("utf-8")
        for line in ("LO CodeMeaning", "SL ReferencePixelX0", "Müller^Jörg", "-70000", "Größe"):
            assert line in text, (file.name, line)


def test_check_finds_nothing_but_that_group_lengths_are_retired(files: dict[str, Path]) -> None:
    for way in ways():
        done = _door("check", "--format", "json", files[way.uid])
        found = {json.loads(line)["rule"] for line in done.out.splitlines()}
        assert found <= ({"retired"} if way.lengths else set()), (way.name, done.out)


def test_the_same_picture_is_drawn(files: dict[str, Path], tmp_path: Path) -> None:
    drawn = set()
    for way in ways():
        done = _door("view", "--png", tmp_path / "x.png", "--frame", "2", files[way.uid])
        assert done.code == 0, (way.name, done.err)
        with Image.open(tmp_path / "x.png") as image:
            drawn.add((bool(way.small), np.asarray(image).tobytes()))
    assert len(drawn) == 2


@pytest.fixture(scope="module")
def pacs(
    files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path_factory.mktemp("pacs")) as pacs:
        fabricate("pacs", "send", f"127.0.0.1:{pacs.port}", *files.values()).check()
        yield pacs


@pytest.mark.parametrize("via", ["c-get", "wado"])
def test_what_was_sent_comes_back_with_the_same_values_and_pixels(
    via: str, pacs: EmbeddedPacs, files: dict[str, Path], tmp_path: Path
) -> None:
    peer = f"127.0.0.1:{pacs.port}" if via == "c-get" else pacs.open_web()
    to = tmp_path / "back"
    fabricate("pacs", "retrieve", peer, f"StudyInstanceUID={STUDY}", "--out", to).check()
    back = {str(open_file(one, stop_before_pixels=True).SOPInstanceUID): one for one in _all(to)}
    assert back.keys() == files.keys()
    for uid, file in back.items():
        _assert_whole(file, next(way for way in ways() if way.uid == uid))


def _all(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


def _assert_whole(file: Path, way: Way) -> None:
    dataset, name = read_file(file), way.name
    assert dataset.PatientWeight == 72.5, name
    assert dataset.ReferencePixelX0 == -70000, name
    assert dataset.RequestAttributesSequence[1].ScheduledProtocolCodeSequence[1].CodeMeaning == (
        "Chest"
    ), name
    assert (pixels_of(dataset) == way.pixels).all(), name


@pytest.mark.parametrize("way", ways(), ids=lambda way: way.name)
def test_the_web_gives_the_same_values_frames_and_picture(way: Way, pacs: EmbeddedPacs) -> None:
    url = f"{pacs.open_web()}/studies/{STUDY}/series/{SERIES}/instances/{way.uid}"
    [model] = get(f"{url}/metadata", "application/dicom+json").json()
    _assert_read(model, way.name)
    [(_, document)] = parts(
        get(f"{url}/metadata", 'multipart/related; type="application/dicom+xml"')
    )
    _assert_read(_as_json(loads(document)), way.name)
    answer = get(f"{url}/frames/1,2", 'multipart/related; type="application/octet-stream"')
    assert answer.status_code == 200, answer.text
    assert [content for _, content in parts(answer)] == [frame.tobytes() for frame in way.pixels]
    assert get(f"{url}/frames/3").status_code == 404
    rendered = get(f"{url}/frames/2/rendered", "image/png")
    assert rendered.status_code == 200, rendered.text
    with Image.open(io.BytesIO(rendered.content)) as image:
        assert image.size == (32, 32)


def test_files_are_imported_with_their_values_and_pixels(
    files: dict[str, Path], tmp_path: Path
) -> None:
    done = Import(list(files.values()), tmp_path)
    assert not done.problems
    assert len(done.into.files) == len(files)
    for file in done.into.files.values():
        dataset = read_file(file)
        assert dataset.ReferencePixelX0 == -70000
        way = next(way for way in ways() if way.number == dataset.InstanceNumber)
        assert (pixels_of(dataset) == way.pixels).all(), way.name
        assert dataset.WindowCenter == [1024, 1000]


def test_a_series_with_one_image_that_no_decoder_reads_is_refused_before_the_first_byte(
    files: dict[str, Path], tmp_path: Path
) -> None:
    plain, other = (way for way in ways() if way.syntax == JPEG_LS and way.table == "none")
    damaged = files[other.uid].read_bytes()
    begins = damaged.index(b"\xff\xd8\xff\xf7")
    damaged = damaged[:begins] + bytes(4) + damaged[begins + 4 :]
    (tmp_path / "damaged.dcm").write_bytes(damaged)
    sent = [files[plain.uid], tmp_path / "damaged.dcm", files[ways()[0].uid]]
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        fabricate("pacs", "send", f"127.0.0.1:{pacs.port}", *sent).check()
        series = f"{pacs.open_web()}/studies/{STUDY}/series/{SERIES}"
        accept = 'multipart/related; type="application/dicom"; transfer-syntax='
        assert get(series, accept + "1.2.840.10008.1.2.1").status_code == 406
        as_it_is = get(series, accept + "*")
        assert as_it_is.status_code == 200
        assert len(parts(as_it_is)) == 3


@pytest.mark.peer
def test_the_xml_is_that_of_dcmtk(
    pacs: EmbeddedPacs, files: dict[str, Path], tmp_path: Path
) -> None:
    way = next(way for way in ways() if (way.syntax, way.sequences) == (EXPLICIT, "undefined"))
    url = f"{pacs.open_web()}/studies/{STUDY}/series/{SERIES}/instances/{way.uid}"
    [(_, ours)] = parts(get(f"{url}/metadata", 'multipart/related; type="application/dicom+xml"'))
    command = ["dcm2xml", "--native-format", "--charset-assume", "ISO_IR 100", str(files[way.uid])]
    theirs = subprocess.run(command, capture_output=True, timeout=30, check=True).stdout
    assert _named(ours) == [one for one in _named(theirs) if not one[0].startswith("0002")]


def _named(document: bytes) -> list[tuple[str, ...]]:
    """Every attribute of a document and of its items, in order; group lengths are left behind."""
    found = [
        tuple(one.get(name, "") for name in ("tag", "vr", "privateCreator", "keyword"))
        for one in ET.fromstring(document).iter()
        if one.tag.endswith("DicomAttribute")
    ]
    return [one for one in found if not one[0].endswith("0000")]
