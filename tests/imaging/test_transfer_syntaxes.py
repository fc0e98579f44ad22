"""Every transfer syntax holds the pixels that were drawn, and says what it did to them."""

from __future__ import annotations

import zlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import generate_fragmented_frames, parse_basic_offsets

from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES, misfit
from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.imaging.encoding import syntaxes
from scenario_runner.imaging.encoding.codecs import NEAR, codec_of
from scenario_runner.imaging.encoding.encapsulation import encapsulated
from tests.imaging.planned import factory, plan_series, with_pixels
from tests.imaging.planned_syntaxes import each_syntax, instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance

LOSSY = {
    "jpeg-baseline": "ISO_10918_1",
    "jpeg-ls-near": "ISO_14495_1",
    "jpeg-2000": "ISO_15444_1",
    "htj2k": "ISO_15444_15",
}
LOSSLESS = [name for name in TRANSFER_SYNTAXES if name not in LOSSY]
EIGHT_BITS = ["ES", "RF", "US", "XA", "XC"]


def decoded(one: Instance) -> NDArray[Any]:
    return one.dataset().pixel_array


@pytest.mark.parametrize("modality", with_pixels())
def test_lossless_pixels_are_those_that_were_drawn(modality: str) -> None:
    drawn = decoded(instance(modality, "explicit-le"))
    for name, one in each_syntax(modality, LOSSLESS):
        dataset = one.dataset()
        assert dataset.file_meta.TransferSyntaxUID == TRANSFER_SYNTAXES[name]
        assert np.array_equal(dataset.pixel_array, drawn), name
        assert dataset.LossyImageCompression == "00"
        assert "LossyImageCompressionRatio" not in dataset


@pytest.mark.parametrize("size", [(1, 1), (31, 33), (33, 17), (65, 35)])
@pytest.mark.parametrize("modality", ["CT", "XC", "US"])
def test_odd_sizes_are_kept_whole(modality: str, size: tuple[int, int]) -> None:
    more = {"size": size, "phantom": "qa/noise" if modality == "CT" else "qa/gradient"}
    drawn = decoded(instance(modality, "explicit-le", **more))
    bits = 16 if modality == "CT" else 8
    fitting = [
        name
        for name in LOSSLESS  # the others are refused, which another test shows
        if not misfit(TRANSFER_SYNTAXES[name], bits_allocated=bits, rows=size[0], columns=size[1])
    ]
    for name, one in each_syntax(modality, fitting, **more):
        assert np.array_equal(decoded(one), drawn), name
        assert one.size % 2 == 0


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("modality", ["CT", "US", "XA", "XC"])
def test_lossy_pixels_are_close_and_said_to_be_lossy(modality: str, name: str) -> None:
    if modality == "CT" and name == "jpeg-baseline":
        return  # refused, which another test shows
    more = {"size": (128, 128)}
    one, dataset = instance(modality, name, **more), None
    dataset = one.dataset()
    drawn = decoded(instance(modality, "explicit-le", **more)).astype(float)
    extent = drawn.max() - drawn.min()
    off = np.abs(dataset.pixel_array - drawn)
    assert np.sqrt((off**2).mean()) < extent / 25
    if name == "jpeg-ls-near":
        assert off.max() <= NEAR
    assert dataset.LossyImageCompression == "01"
    assert dataset.LossyImageCompressionMethod == LOSSY[name]
    fragments = sum(len(f) for frame in frames_of(dataset) for f in frame)
    native = drawn.size * dataset.BitsAllocated // 8
    assert float(dataset.LossyImageCompressionRatio) == pytest.approx(native / fragments, rel=0.01)
    assert dataset.ImageType[0] == "ORIGINAL"


@pytest.mark.parametrize("name", ["jpeg-ls-near", "jpeg-2000"])
def test_signed_values_near_both_ends_stay_there(name: str) -> None:
    codec = codec_of(TRANSFER_SYNTAXES[name])
    assert codec is not None
    frame = np.full((64, 64), -2048, np.int16)
    frame[:, 32:] = 2047
    one = instance("CT", name)
    dataset = one.dataset()
    dataset.Rows = dataset.Columns = 64
    dataset.BitsStored, dataset.HighBit = 12, 11
    dataset.PixelData = b"".join(encapsulated([codec.encode(frame, 12)]))[12:]
    off = np.abs(dataset.pixel_array.astype(int) - frame)
    assert off.max() <= 2 * NEAR if name == "jpeg-ls-near" else off.max() < 200


def frames_of(dataset: Dataset) -> list[tuple[bytes, ...]]:
    frames = int(dataset.get("NumberOfFrames", 1))
    return list(generate_fragmented_frames(dataset.PixelData, number_of_frames=frames))


@pytest.mark.parametrize("name", ["rle", "jpeg-lossless", "jpeg-ls", "jpeg-2000-lossless"])
def test_each_frame_is_one_even_fragment_that_the_offset_table_finds(name: str) -> None:
    dataset = instance("XA", name, frames=3, size=(33, 36)).dataset()
    frames = frames_of(dataset)
    assert [len(fragments) for fragments in frames] == [1, 1, 1]
    assert all(len(fragments[0]) % 2 == 0 for fragments in frames)
    assert len(parse_basic_offsets(dataset.PixelData)) == 3
    assert dataset["PixelData"].VR == "OB"


@settings(max_examples=50, deadline=None)
@given(frames=st.lists(st.binary(min_size=1, max_size=99), min_size=1, max_size=9))
def test_fragments_are_read_back_as_they_were_given(frames: list[bytes]) -> None:
    value = b"".join(encapsulated(frames))[12:]
    found = list(generate_fragmented_frames(value, number_of_frames=len(frames)))
    assert [b"".join(f) for f in found] == [f + b"\0" * (len(f) % 2) for f in frames]


@pytest.mark.parametrize(
    ("name", "photometric"),
    [
        ("rle", "RGB"),
        ("jpeg-baseline", "YBR_FULL_422"),
        ("jpeg-lossless", "RGB"),
        ("jpeg-ls", "RGB"),
        ("jpeg-2000-lossless", "YBR_RCT"),
        ("jpeg-2000", "YBR_ICT"),
        ("htj2k-lossless", "YBR_RCT"),
    ],
)
def test_colour_is_described_as_it_is_encoded(name: str, photometric: str) -> None:
    dataset = instance("XC", name).dataset()
    assert dataset.PhotometricInterpretation == photometric
    assert dataset.PlanarConfiguration == 0


def test_grey_stays_what_it_was() -> None:
    for name in ("jpeg-baseline", "jpeg-2000"):
        assert instance("US", name).dataset().PhotometricInterpretation == "MONOCHROME2"


def test_big_endian_swaps_numbers_everywhere_and_text_nowhere() -> None:
    tags = {"RedPaletteColorLookupTableData": "01000200", "SmallestImagePixelValue": 1,
            "ReferencedImageSequence": [{"ReferencedSOPClassUID": "1.2.3",
            "ReferencedSOPInstanceUID": "1.2.4", "ReferencedFrameNumber": [3]}]}  # fmt: skip
    little, big = (
        instance("CT", name, tags=dict(tags)).dataset() for name in ("explicit-le", "explicit-be")
    )
    for element in little:
        if element.VR != "OW":
            assert big[element.tag].value == element.value, element
    # pydicom leaves words in the order they came in.
    assert little.RedPaletteColorLookupTableData == b"\1\0\2\0"
    assert big.RedPaletteColorLookupTableData == b"\0\1\0\2"
    assert np.array_equal(little.pixel_array, big.pixel_array)
    assert little.PixelData != big.PixelData


def test_a_deflated_object_is_the_explicit_one_deflated() -> None:
    plain, deflated = instance("CT", "explicit-le"), instance("CT", "deflated")
    data = b"".join(deflated.buffers)
    assert len(data) % 2 == 0
    assert zlib.decompress(data, wbits=-15) == b"".join(plain.buffers)
    assert deflated.size < plain.size


@pytest.mark.parametrize("name", ["rle", "jpeg-ls", "deflated"])
def test_text_is_part_of_the_picture_before_it_is_compressed(name: str) -> None:
    with_text, without = instance("CT", name), instance("CT", name, burn_in=False)
    assert with_text.dataset().BurnedInAnnotation == "YES"
    assert (decoded(with_text) != decoded(without)).any()
    assert np.array_equal(decoded(with_text), decoded(instance("CT", "explicit-le")))


def test_a_picture_that_all_images_share_is_compressed_once() -> None:
    series = plan_series(
        "CT", phantom="qa/flat", burn_in=False, size=(64, 64),
        transfer_syntax_uid=TRANSFER_SYNTAXES["rle"],
    )  # fmt: skip
    one, two = list(factory().instances(series.images))[:2]
    assert any(a is b for a in one.buffers[1:] for b in two.buffers[1:])
    assert one.sop_instance_uid != two.sop_instance_uid


def test_images_with_their_own_text_are_compressed_each() -> None:
    series = plan_series(
        "CT", phantom="qa/flat", size=(64, 64), transfer_syntax_uid=TRANSFER_SYNTAXES["rle"]
    )
    one, two = list(factory().instances(series.images))[:2]
    assert (decoded(one) != decoded(two)).any()


@pytest.mark.parametrize(
    ("modality", "name", "more", "message"),
    [
        ("CT", "jpeg-baseline", {}, "holds 8 bits, the pixels have 16"),
        ("XA", "jpeg-baseline", {"phantom": "qa/smpte"}, "holds 8 bits, the pixels have 16"),
        ("CT", "jpeg-2000", {"size": (24, 64)}, "needs 32 rows and columns"),
        ("CT", "jpeg-ls", {"size": (24, 8)}, "needs 16 rows and columns"),
        ("US", "jpeg-lossless", {"size": (33, 35)}, "an odd number of bytes"),
    ],
)
def test_what_cannot_be_held_is_refused_before_anything_is_made(
    modality: str, name: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        instance(modality, name, **more)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "FAB315"
    assert diagnostic.hint


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where no optional library is installed; what is installed is remembered, so it is asked anew."""
    with monkeypatch.context() as changed:
        changed.setattr(syntaxes, "find_spec", lambda name: None)
        syntaxes.writable.cache_clear()
        yield
    syntaxes.writable.cache_clear()


@pytest.mark.usefixtures("without_extras")
def test_without_its_extra_htj2k_is_refused() -> None:
    assert find_spec("imagecodecs") is not None
    assert TRANSFER_SYNTAXES["htj2k"] not in syntaxes.writable()
    with pytest.raises(UsageError, match="htj2k cannot be written"):
        instance("CT", "htj2k")


def test_a_tag_of_the_scenario_still_wins() -> None:
    tags = {"LossyImageCompressionRatio": "99", "LossyImageCompressionMethod": None}
    dataset = instance("CT", "jpeg-ls-near", tags=tags).dataset()
    assert dataset.LossyImageCompressionRatio == 99
    assert "LossyImageCompressionMethod" not in dataset


def test_the_same_plan_gives_the_same_compressed_bytes() -> None:
    twice = [each_syntax("US", list(TRANSFER_SYNTAXES)) for _ in range(2)]
    for (name, one), (_, two) in zip(*twice, strict=True):
        assert b"".join(one.buffers) == b"".join(two.buffers), name
