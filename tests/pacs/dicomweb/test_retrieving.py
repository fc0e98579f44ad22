"""WADO-RS: instances, metadata, bulk data and frames come back as they were stored, or as asked for."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import EXPLICIT, IMPLICIT, Sample, encoded, put, sample
from tests.pacs.dicomweb.web import get, parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

DEFLATED = str(DeflatedExplicitVRLittleEndian)
RLE = str(RLELossless)
JPEG = "1.2.840.10008.1.2.4.50"
FRAMES = np.arange(3 * 6 * 5, dtype=np.uint16).reshape(3, 6, 5) * 7
DICOM = 'multipart/related; type="application/dicom"'
OCTETS = 'multipart/related; type="application/octet-stream"'


def multiframe() -> Dataset:
    ds = dcmread(BytesIO(sample("1.2.8").file))
    ds.NumberOfFrames, ds.Rows, ds.Columns = 3, 6, 5
    ds.PixelData = FRAMES.tobytes()
    return ds


def compressed() -> Sample:
    ds = multiframe()
    ds.SeriesInstanceUID, ds.SOPInstanceUID = "1.2.8.2", "1.2.8.2.1"
    ds.compress(RLELossless, generate_instance_uid=False)
    return encoded(ds, RLE)


def alone() -> Sample:
    """The only instance of a study, compressed."""
    ds = multiframe()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = "1.2.7", "1.2.7.1", "1.2.7.1.1"
    ds.compress(RLELossless, generate_instance_uid=False)
    return encoded(ds, RLE)


def lossy_garbage() -> Sample:
    """Two compressed frames, one of two fragments, that no decoder takes."""
    ds = multiframe()
    ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.NumberOfFrames = "1.2.8.3", "1.2.8.3.1", 2
    ds.PixelData = encapsulate([b"\xff\xd8first\xff\xd9", b"\xff\xd8second\xff\xd9"])
    ds["PixelData"].is_undefined_length = True
    return encoded(ds, JPEG)


def bits() -> Sample:
    """Three frames of 3 x 3 single bits, which share bytes."""
    ds = multiframe()
    ds.SeriesInstanceUID, ds.SOPInstanceUID, ds.Rows, ds.Columns = "1.2.8.4", "1.2.8.4.1", 3, 3
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    ds.PixelData = np.packbits([1, 0] * 13 + [1], bitorder="little").tobytes()
    return encoded(ds)


def rich() -> Sample:
    """Everything metadata can hold: private elements, nested long values, numbers that are none."""
    item = Dataset()
    item.CodeMeaning = "Größe"
    item.EncapsulatedDocument = bytes(range(256)) * 8
    one = dcmread(BytesIO(sample("1.2.9", size=64).file))
    one.SpecificCharacterSet = "ISO_IR 100"
    one.PatientName = "Müller^Jörg"
    one.RescaleSlope = "1.5"
    one.ConceptNameCodeSequence = DicomSequence([item])
    block = one.private_block(0x0029, "FABRICATOR", create=True)
    block.add_new(1, "UN", b"\1\2\3\4")
    block.add_new(2, "LO", "private")
    one.SmallestImagePixelValue = 7
    return encoded(one, IMPLICIT)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Study 1.2.3 uncompressed in two syntaxes, 1.2.8 of many frames, 1.2.9 of many attributes."""
    with EmbeddedPacs(tmp_path_factory.mktemp("pacs")) as pacs:
        for one in (
            *PLAIN,
            encoded(multiframe()),
            compressed(),
            alone(),
            lossy_garbage(),
            bits(),
            rich(),
        ):
            put(pacs.archive, one)
        yield pacs.open_web()


PLAIN = (
    sample(number=1, size=32),
    sample(number=2, transfer_syntax=IMPLICIT),
    sample(series=2, transfer_syntax=DEFLATED),
)


def instance(url: str, uid: str) -> str:
    study, series = ".".join(uid.split(".")[:3]), uid.rpartition(".")[0]
    return f"{url}/studies/{study}/series/{series}/instances/{uid}"


def datasets(found: list[tuple[str, bytes]]) -> list[Dataset]:
    return [dcmread(BytesIO(content)) for _, content in found]


def test_a_study_comes_as_it_was_stored(url: str) -> None:
    found = parts(get(f"{url}/studies/1.2.3", f"{DICOM}; transfer-syntax=*"))
    assert [kind for kind, _ in found] == [
        # Implicit VR is not of the web (PS3.18 8.7.3).
        f"application/dicom; transfer-syntax={syntax}"
        for syntax in (EXPLICIT, EXPLICIT, DEFLATED)
    ]
    assert [c.endswith(one.data) for (_, c), one in zip(found, PLAIN, strict=True)] == [
        True, False, True,
    ]  # fmt: skip
    assert datasets(found) == [dcmread(BytesIO(one.file)) for one in PLAIN]
    assert [len(parts(get(f"{url}/studies/1.2.3/series/1.2.3.{n}"))) for n in (1, 2)] == [2, 1]


def test_an_instance_comes_alone_when_asked_for(url: str) -> None:
    answer = get(instance(url, "1.2.3.1.1"), "application/dicom")
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={EXPLICIT}"
    assert answer.headers["content-location"] == instance(url, "1.2.3.1.1")
    assert dcmread(BytesIO(answer.content)).SOPInstanceUID == "1.2.3.1.1"
    assert get(f"{url}/studies/1.2.3", "application/dicom").status_code == 406


@pytest.mark.parametrize("accept", [None, DICOM, "*/*", f"{DICOM}; transfer-syntax={EXPLICIT}"])
def test_without_a_transfer_syntax_instances_come_in_explicit_vr_little_endian(
    url: str, accept: str | None
) -> None:
    found = parts(get(f"{url}/studies/1.2.3", accept))
    assert [one.file_meta.TransferSyntaxUID for one in datasets(found)] == [EXPLICIT] * 3
    originals = [dcmread(BytesIO(one.file)) for one in PLAIN]
    assert [one.PixelData for one in datasets(found)] == [one.PixelData for one in originals]


def test_a_compressed_instance_is_decoded_unless_it_is_asked_for_as_stored(url: str) -> None:
    (one,) = datasets(parts(get(instance(url, "1.2.8.2.1"), DICOM)))
    assert one.file_meta.TransferSyntaxUID == EXPLICIT
    assert one.SOPInstanceUID == "1.2.8.2.1"
    assert (one.pixel_array == FRAMES).all()


def test_any_syntax_means_the_stored_one(url: str) -> None:
    answer = get(instance(url, "1.2.8.2.1"), f"{DICOM}; transfer-syntax=*")
    ((kind, content),) = parts(answer)
    assert kind == f"application/dicom; transfer-syntax={RLE}"
    assert content.endswith(compressed().data)


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/studies/1.2.3", f"{DICOM}; transfer-syntax={RLE}", 406),
        ("/studies/1.2.3", "text/html", 406),
        ("/studies/1.2.3", f"{OCTETS}, {DICOM};q=0.5", 200),
        ("/studies/9.9", DICOM, 404),
        ("/studies/1.2.3/series/1.2.8.1", DICOM, 404),
        ("/studies/1.2.3/series/1.2.3.1/instances/1.2.8.1.1", DICOM, 404),
        ("/studies/1.2.3/metadata", "text/html", 406),
        ("/studies/9.9/metadata", None, 404),
        ("/studies/1.2.3x", None, 404),
        ("/studies/1.2.%2A", None, 400),
        ("/studies/" + "1" * 129, None, 400),
        ("/studies/1.2.3/series/..%2f..", None, 404),
    ],
)
def test_what_is_not_there_or_cannot_be_done_is_said(
    url: str, path: str, accept: str | None, status: int
) -> None:
    assert get(url + path, accept).status_code == status


def metadata(url: str, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = get(f"{url}{path}/metadata", "application/dicom+json").json()
    return items


def test_metadata_is_read_by_pydicom_and_leaves_the_pixels_out(url: str) -> None:
    found = metadata(url, "/studies/1.2.3")
    assert len(found) == 3
    for item, original in zip(found, PLAIN, strict=True):
        assert item["7FE00010"].keys() == {"vr", "BulkDataURI"}
        read = Dataset.from_json(item, lambda tag, vr, uri: b"")
        expected = dcmread(BytesIO(original.file))
        expected.PixelData = b""
        assert read.to_json_dict() == expected.to_json_dict()


def test_metadata_holds_what_implicit_and_latin_instances_say(url: str) -> None:
    (item,) = metadata(url, "/studies/1.2.9")
    assert item["00080005"]["Value"] == ["ISO_IR 192"]
    assert item["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg"}]
    assert item["0040A043"]["Value"][0]["00080104"]["Value"] == ["Größe"]
    assert item["00281053"]["Value"] == [1.5]
    assert item["00280106"] == {"vr": "US", "Value": [7]}
    assert item["00290010"]["Value"] == ["FABRICATOR"]
    assert item["00291001"] == {"vr": "UN", "InlineBinary": "AQIDBA=="}
    assert item["7FE00010"]["vr"] == "OW"


def test_long_values_are_fetched_by_the_urls_that_metadata_gives(url: str) -> None:
    (item,) = metadata(url, "/studies/1.2.9")
    deep = item["0040A043"]["Value"][0]["00420011"]["BulkDataURI"]
    assert parts(get(deep)) == [("application/octet-stream", bytes(range(256)) * 8)]
    alone = get(item["7FE00010"]["BulkDataURI"], "application/octet-stream")
    assert alone.content == dcmread(BytesIO(rich().file)).PixelData
    for wrong, status in (
        ("00100099", 404),
        ("0040A043/2/00420011", 404),
        ("x", 400),
        ("0040A043/1", 404),
    ):
        assert get(f"{instance(url, '1.2.9.1.1')}/bulkdata/{wrong}").status_code == status


@pytest.mark.parametrize("uid", ["1.2.8.1.1", "1.2.8.2.1"])
def test_frames_are_the_pixels_whether_stored_compressed_or_not(url: str, uid: str) -> None:
    found = parts(get(f"{instance(url, uid)}/frames/3,1", OCTETS))
    assert [content for _, content in found] == [FRAMES[2].tobytes(), FRAMES[0].tobytes()]
    assert {kind for kind, _ in found} == {f"application/octet-stream; transfer-syntax={EXPLICIT}"}


@pytest.mark.parametrize(
    "accept",
    [None, "*/*", "multipart/related; type=image/jpeg", f"{OCTETS}; transfer-syntax=*"],
)
def test_compressed_frames_come_as_they_are_stored(url: str, accept: str | None) -> None:
    found = parts(get(f"{instance(url, '1.2.8.3.1')}/frames/2", accept))
    kind, content = found[0]
    assert kind == f"image/jpeg; transfer-syntax={JPEG}"
    assert content.rstrip(b"\0") == b"\xff\xd8second\xff\xd9"


def test_single_bit_frames_are_moved_to_whole_bytes(url: str) -> None:
    found = parts(get(f"{instance(url, '1.2.8.4.1')}/frames/1,2", OCTETS))
    wanted = [
        np.packbits(b, bitorder="little").tobytes() for b in ([1, 0] * 4 + [1], [0, 1] * 4 + [0])
    ]
    assert [content for _, content in found] == wanted


def test_a_deflated_instance_has_frames_too(url: str) -> None:
    ((_, content),) = parts(get(f"{instance(url, '1.2.3.2.1')}/frames/1", OCTETS))
    assert content == dcmread(BytesIO(PLAIN[2].file)).PixelData


@pytest.mark.parametrize(
    ("frames", "status", "words"),
    [
        ("4", 404, "there is no frame 4"),
        ("0", 404, "there is no frame 0"),
        ("1,,2", 400, "no list of frames"),
        ("1-3", 400, "no list of frames"),
        (",".join(["1"] * 10_001), 400, "more than"),
    ],
)
def test_a_wrong_list_of_frames_is_named(url: str, frames: str, status: int, words: str) -> None:
    answer = get(f"{instance(url, '1.2.8.1.1')}/frames/{frames}")
    assert (answer.status_code, words in answer.text) == (status, True)


def test_frames_that_cannot_be_decoded_end_the_connection_not_the_server(url: str) -> None:
    answer = get(f"{instance(url, '1.2.8.3.1')}/rendered")
    assert answer.status_code == 406
    assert "cannot be shown" in answer.text
    assert get(f"{url}/studies").status_code == 200


def test_the_last_frame_that_cannot_be_decoded_breaks_no_answer_that_has_begun(
    tmp_path: Path,
) -> None:
    """Twelve megabytes before it are no reason to say 200 and then to close."""
    frames = 24
    whole = sample(
        "1.2.99", size=512, NumberOfFrames=frames, PixelData=bytes(512 * 512 * 2 * frames)
    )
    ds = dcmread(BytesIO(whole.file))
    ds.compress(RLELossless, generate_instance_uid=False)
    fragments = list(generate_frames(ds.PixelData, number_of_frames=frames))
    ds.PixelData = encapsulate([*fragments[:-1], fragments[-1][:66]])
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, encoded(ds, RLE))
        place = f"{pacs.open_web()}/studies/1.2.99/series/1.2.99.1/instances/1.2.99.1.1/frames"
        numbers = ",".join(map(str, range(1, frames + 1)))
        answer = get(f"{place}/{numbers}", OCTETS)
        assert (answer.status_code, f"frame {frames} cannot be decoded" in answer.text) == (
            406,
            True,
        )
        assert get(f"{place}/1,2", OCTETS).status_code == 200


def heads(answer: httpx2.Response) -> list[dict[str, str]]:
    """The headers of each part, and its length, by lower-case names."""
    text = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content
    found = []
    for part in BytesParser(policy=HTTP).parsebytes(text).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append({**{k.lower(): v for k, v in part.items()}, "length": str(len(content))})
    return found


@pytest.mark.parametrize(
    ("path", "accept", "ends"),
    [
        ("/studies/1.2.3", DICOM, ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1"]),
        ("/studies/1.2.3", f"{DICOM}; transfer-syntax=*", ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.2.1"]),
        ("/studies/1.2.8/series/1.2.8.2", DICOM, ["1.2.8.2.1"]),
        ("/studies/1.2.3", OCTETS, [f"1.2.3.{n}/bulkdata/7FE00010" for n in ("1.1", "1.2", "2.1")]),
        ("/studies/1.2.8/series/1.2.8.1/instances/1.2.8.1.1/frames/1,3", OCTETS, ["/1", "/3"]),
        (
            "/studies/1.2.3/metadata", 'multipart/related; type="application/dicom+xml"',
            ["1.2.3.1.1/metadata", "1.2.3.1.2/metadata", "1.2.3.2.1/metadata"],
        ),
    ],
)  # fmt: skip
def test_each_part_says_its_length_and_where_it_can_be_had_alone(
    url: str, path: str, accept: str, ends: list[str]
) -> None:
    found = heads(get(url + path, accept))
    assert [one["content-length"] for one in found] == [one["length"] for one in found]
    for one, end in zip(found, ends, strict=True):
        assert one["content-location"].startswith(f"{url}/studies/")
        assert one["content-location"].endswith(end)
        again = get(one["content-location"], accept)
        assert again.status_code == 200, one["content-location"]
        assert [part["length"] for part in heads(again)] == [one["length"]]


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_octet_stream_brings_the_pixels_of_a_whole_study_uncompressed(url: str, level: str) -> None:
    path = {"study": "/studies/1.2.7", "series": "/studies/1.2.8/series/1.2.8.2"}.get(level)
    there = url + path if path else instance(url, "1.2.8.2.1")
    ((kind, content),) = parts(get(there, OCTETS))
    assert (kind, content) == ("application/octet-stream", FRAMES.tobytes())
    alone = get(there, "application/octet-stream")
    assert (alone.headers["content-type"], alone.content) == (kind, content)
    assert get(f"{url}/studies/1.2.3", "application/octet-stream").status_code == 406
    # One that no decoder takes is 406 before the first byte, not a connection that breaks.
    assert get(instance(url, "1.2.8.3.1"), DICOM).status_code == 406
    assert get(f"{url}/studies/1.2.8", DICOM).status_code == 406
    assert get(f"{url}/studies/1.2.8", f"{DICOM}; transfer-syntax=*").status_code == 200


def test_frames_of_a_study_come_in_the_media_type_they_are_stored_in(url: str) -> None:
    found = parts(get(instance(url, "1.2.8.3.1"), 'multipart/related; type="image/jpeg"'))
    assert [content.rstrip(b"\0") for _, content in found] == [
        b"\xff\xd8first\xff\xd9",
        b"\xff\xd8second\xff\xd9",
    ]


def test_any_type_of_application_is_a_file_or_several(url: str) -> None:
    one = get(instance(url, "1.2.3.1.1"), "application/*")
    assert one.headers["content-type"].startswith("application/dicom;")
    several = get(f"{url}/studies/1.2.3", "application/*")
    assert len(parts(several)) == 3
    assert get(f"{url}/studies/1.2.3/metadata", "application/*").json()


@pytest.mark.parametrize("syntax", [IMPLICIT, "1.2.840.10008.1.2.2"])
def test_transfer_syntaxes_that_are_not_of_the_web_are_refused(url: str, syntax: str) -> None:
    answer = get(f"{url}/studies/1.2.3", f"{DICOM}; transfer-syntax={syntax}")
    assert answer.status_code == 406
    assert "transfer-syntax=*" in answer.text


def test_an_accept_of_the_query_that_is_of_no_use_leaves_the_word_to_the_header(url: str) -> None:
    one = instance(url, "1.2.3.1.1")
    assert len(parts(get(f"{one}?accept=image/gif", DICOM))) == 1
    assert len(parts(get(f"{one}?accept=nonsense", DICOM))) == 1
    preferred = get(f"{one}?accept=application/dicom", DICOM)
    assert preferred.headers["content-type"].startswith("application/dicom;")
    assert get(f"{one}?accept=image/gif", "image/gif").status_code == 406


def test_big_endian_pixels_come_in_little_endian(tmp_path: Path) -> None:
    ds = multiframe()
    ds.PixelData = FRAMES.astype(">u2").tobytes()
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, encoded(ds, "1.2.840.10008.1.2.2"))
        one = instance(pacs.open_web(), "1.2.8.1.1")
        frames = [content for _, content in parts(get(f"{one}/frames/1,2,3", OCTETS))]
        ((_, bulk),) = parts(get(one, OCTETS))
        alone = get(f"{one}/bulkdata/7FE00010", "application/octet-stream").content
        (whole,) = datasets(parts(get(one, f"{DICOM}; transfer-syntax=*")))
    assert b"".join(frames) == bulk == alone == FRAMES.tobytes()
    assert whole.file_meta.TransferSyntaxUID == EXPLICIT
    assert (whole.pixel_array == FRAMES).all()


def test_big_endian_frames_lie_as_the_metadata_says(tmp_path: Path) -> None:
    """Planes stay planes, and words are words wherever a frame begins: this one has an odd number of bytes."""
    ds = multiframe()
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.NumberOfFrames = 3, 5, 3, 3
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PhotometricInterpretation, ds.PlanarConfiguration = "RGB", 1
    planes = bytes(range(135)) + b"\0"
    ds.PixelData = np.frombuffer(planes, "<u2").astype(">u2").tobytes()
    ds["PixelData"].VR = "OW"
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, encoded(ds, "1.2.840.10008.1.2.2"))
        one = instance(pacs.open_web(), "1.2.8.1.1")
        frames = [content for _, content in parts(get(f"{one}/frames/1,2,3", OCTETS))]
        ((_, bulk),) = parts(get(one, OCTETS))
    assert frames == [planes[:45], planes[45:90], planes[90:135]]
    assert bulk == planes


def test_metadata_has_what_stands_after_the_pixels(tmp_path: Path) -> None:
    trailer = b"\xe1\x7f\x10\x00LO\x0a\x00FABRICATOR" + b"\xe1\x7f\x02\x10LO\x04\x00last"
    with EmbeddedPacs(tmp_path) as pacs:
        for one in (sample(), compressed()):
            names = (one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid)
            pacs.archive.store(*names, [one.data, trailer])
        url = pacs.open_web()
        for study in ("1.2.3", "1.2.8"):
            (item,) = metadata(url, f"/studies/{study}")
            assert item["7FE11002"] == {"vr": "LO", "Value": ["last"]}


def test_what_took_the_place_of_a_deleted_instance_is_what_comes(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        one = instance(pacs.open_web(), "1.2.3.1.1")
        for word, pixels in (("FIRST", b"\1\0" * 64), ("SECOND", b"\2\0" * 64)):
            put(pacs.archive, sample(PatientID=word, PixelData=pixels))
            assert parts(get(f"{one}/frames/1", OCTETS))[0][1] == pixels
            (item,) = get(f"{one}/metadata", "application/dicom+json").json()
            assert item["00100020"]["Value"] == [word]
            window = "?window=2,3,linear"
            shown = get(f"{one}/rendered{window}", "image/png").content
            assert get(f"{one}/rendered{window}", "image/png").content == shown
            assert np.asarray(Image.open(BytesIO(shown))).max() == (64 if word == "FIRST" else 191)
            assert pacs.archive.delete_study("1.2.3")
