"""Real files through every door: none ends in a defect, and what is read is what pydicom reads."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian

from scenario_runner.cli import main
from scenario_runner.decoding import pixels_of
from scenario_runner.decoding.here import settle
from scenario_runner.dicom.datasets import open_file
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.dicom.syntaxes import DEFLATED
from scenario_runner.pacs.server import EmbeddedPacs
from tests.corpora.corpora import CORPORA, files
from tests.pacs.dicomweb.web import NO_TLS
from tests.running import fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.parametrize("corpus", CORPORA),
    pytest.mark.filterwarnings("ignore"),
]

UNREADABLE = {
    "MR_truncated.dcm": "8130 are left",
    "rtplan_truncated.dcm": "711 are left",
    "DICOMDIR-nooffset": "an item is longer than what it is in",
    "SC_rgb_jpeg.dcm": "is no Value Representation",
    "no_meta.dcm": "not a DICOM file",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "ends in the middle of an item",
}
"""Damaged on purpose, or by their makers: why."""
UNDECODABLE = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "failed to read the header",
    "badVR.dcm": "'1A'",
}
"""Images that no decoder here decodes: why."""


def _read(file: Path, **how: Any) -> Dataset:
    """By pydicom, but for what it gets wrong: UN in Explicit VR Big Endian."""
    read = open_file if "-.2-un" in file.name else dcmread
    return read(file, force=True, **how)


class _Ended:
    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def _door(*arguments: str | Path) -> _Ended:
    """The command line in this process: two hundred interpreters would take minutes to start."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    before, sys.argv = sys.argv, ["fabricate", *map(str, arguments)]
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
    finally:
        sys.argv = before
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    code = ended.value.code
    assert isinstance(code, int), ended.value
    return _Ended(code, out.buffer.getvalue(), err.getvalue())


def test_check_judges_each_and_never_breaks(corpus: str) -> None:
    for file in files(corpus):
        done = _door("check", file)
        assert done.code in (0, 3), (file.name, done.err)
        assert "Traceback" not in done.err, file.name


def test_view_shows_each_or_says_why_not(corpus: str) -> None:
    for file in files(corpus):
        done = _door("view", file)
        assert done.code == (3 if file.name in UNREADABLE else 0), (file.name, done.err)


def test_view_json_has_every_attribute_that_pydicom_reads(corpus: str) -> None:
    for file in files(corpus):
        done = _door("view", "--json", file)
        if why := UNREADABLE.get(file.name):
            assert done.code == 3, file.name
            assert why in done.err
            continue
        assert done.code == 0, (file.name, done.err)
        model = json.loads(done.out)
        theirs = {f"{int(tag):08X}" for tag in _read(file).keys() if tag.element}  # noqa: SIM118
        assert set(model) == theirs, file.name


def test_view_png_shows_the_image_or_says_why_not(corpus: str, tmp_path: Path) -> None:
    for file in files(corpus):
        done = _door("view", "--png", tmp_path / "x.png", file)
        dataset = _read(file, stop_before_pixels=True)
        if why := {**UNREADABLE, **UNDECODABLE}.get(file.name):
            assert done.code == 3, file.name
            assert why in done.err, (file.name, done.err)
        elif "Rows" not in dataset or "PixelData" not in _read(file):
            assert done.code == 3, file.name
        else:
            assert done.code == 0, (file.name, done.err)
            with Image.open(tmp_path / "x.png") as image:
                assert image.size == (dataset.Columns, dataset.Rows), file.name


def test_every_grey_value_is_the_one_that_pydicom_decodes(corpus: str) -> None:
    settle()  # with the decoders that pydicom does not ask in this process otherwise
    compared = 0
    for file in files(corpus):
        if file.name in {**UNREADABLE, **UNDECODABLE}:
            continue
        theirs = _read(file)
        if "PixelData" not in theirs or theirs.get("SamplesPerPixel") != 1:
            continue
        if not theirs.file_meta.get("TransferSyntaxUID"):
            theirs.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        ours = np.asarray(pixels_of(open_file(file, force=True)))
        assert np.array_equal(ours.squeeze(), theirs.pixel_array), file.name
        compared += 1
    assert compared


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        yield pacs


def _instances(corpus: str) -> dict[str, Path]:
    """The files that can be stored, the last of each SOP instance: it overwrites the others."""
    found = {}
    for file in files(corpus):
        if file.name in UNREADABLE:
            continue
        dataset = _read(file, stop_before_pixels=True)
        uids = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
        if all(dataset.get(keyword) for keyword in uids):
            found[str(dataset.SOPInstanceUID)] = file
    return found


def _data(file: Path) -> bytes:
    content = file.read_bytes()
    return content[read_meta(content).data_offset :]


def test_each_is_sent_stored_and_fetched_as_it_was(
    corpus: str, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    there = _instances(corpus)
    fabricate("pacs", "send", f"127.0.0.1:{pacs.port}", *there.values()).check()
    kept = {one.sop_instance_uid: one for one in pacs.archive.instances()}
    assert kept.keys() == there.keys()
    base = pacs.open_web()
    outcomes: Counter[tuple[str, int]] = Counter()
    with httpx2.Client(verify=NO_TLS, timeout=60) as client:
        for uid, file in there.items():
            assert pacs.archive.data(kept[uid]) == _data(file), file.name
            dataset = open_file(file, force=True)
            url = f"{base}/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}/instances/{uid}"
            _metadata(client, url, dataset, file)
            if "PixelData" in dataset:
                outcomes.update(_pixels(client, url, dataset, file))
    assert not [code for _, code in outcomes if code >= 500]


def test_each_is_stored_by_stow_and_comes_back_by_c_get(
    corpus: str, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    there = _instances(corpus)
    fabricate("pacs", "send", pacs.open_web(), *there.values(), "--via", "stow").check()
    studies = {one.study_instance_uid for one in pacs.archive.instances()}
    back: dict[str, Path] = {}
    for number, study in enumerate(sorted(studies)):
        out = tmp_path / str(number)
        named = f"StudyInstanceUID={study}"
        done = _door("pacs", "retrieve", f"127.0.0.1:{pacs.port}", named, "--out", out)
        assert done.code == 0, (study, done.err)
        for file in filter(Path.is_file, out.rglob("*")):
            back[str(open_file(file, stop_before_pixels=True).SOPInstanceUID)] = file
    assert back.keys() == there.keys()
    for uid, file in there.items():
        assert _data(back[uid]) == _data(file), file.name


def _metadata(client: httpx2.Client, url: str, dataset: Dataset, file: Path) -> None:
    answer = client.get(f"{url}/metadata", headers={"Accept": "application/dicom+json"})
    assert answer.status_code == 200, file.name
    [model] = answer.json()
    theirs = {f"{int(tag):08X}" for tag in dataset.keys() if tag.element}  # noqa: SIM118
    assert set(model) == theirs, file.name


def _pixels(
    client: httpx2.Client, url: str, dataset: Dataset, file: Path
) -> Iterator[tuple[str, int]]:
    """Rendered, and the first frame as bytes: 200 and what pydicom decodes, or 406 before the first byte."""
    rendered = client.get(f"{url}/rendered", headers={"Accept": "image/png"})
    yield "rendered", rendered.status_code
    frame = client.get(
        f"{url}/frames/1", headers={"Accept": 'multipart/related; type="application/octet-stream"'}
    )
    yield "frame", frame.status_code
    if file.name in UNDECODABLE:
        assert rendered.status_code == 406, file.name
        return
    assert (rendered.status_code, frame.status_code) == (200, 200), (file.name, rendered.text[:200])
    with Image.open(io.BytesIO(rendered.content)) as image:
        assert image.size == (dataset.Columns, dataset.Rows), file.name
    body = frame.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
    if dataset.BitsAllocated < 8 or dataset.PhotometricInterpretation.startswith("YBR"):
        return  # bits and colours are compared by their own tests
    expected = np.asarray(_raw(dataset))
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        expected = expected[0]
    got = np.frombuffer(body[: expected.nbytes], expected.dtype).reshape(expected.shape)
    if expected.dtype.kind in "iu":
        # What stands above the bits stored, a sign or an overlay, is the encoder's business.
        cells = np.dtype(f"<u{expected.dtype.itemsize}")
        stored = cells.type((1 << dataset.BitsStored) - 1)
        got, expected = got.view(cells) & stored, expected.view(cells) & stored
    assert np.array_equal(got, expected) or dataset.get("PlanarConfiguration"), file


def _raw(dataset: Dataset) -> Any:
    pixels = pixels_of(dataset)
    return pixels.astype(pixels.dtype.newbyteorder("<"))


def test_a_deflated_image_is_whole(corpus: str) -> None:
    deflated = [
        file
        for file in files(corpus)
        if file.name not in UNREADABLE
        and read_meta(file.read_bytes()).transfer_syntax_uid == DEFLATED
    ]
    for file in deflated:
        theirs = dcmread(file)
        assert open_file(file).PixelData == theirs.PixelData
    assert deflated or corpus != "pydicom"
