"""`fabricate view` shows any file, whole or broken, and never a traceback or a moved cursor."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset

from scenario_runner.cli.view import view
from scenario_runner.errors import FabricatorError
from scenario_runner.imaging.terminal import Colors, draw
from tests.imaging.importing.case import sample
from tests.imaging.importing.test_identities import small, write
from tests.running import fabricate


def shown(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(view, [str(one) for one in arguments], standalone_mode=False)
    if isinstance(result.exception, FabricatorError):
        assert result.exception.exit_code == code, result.exception
    else:
        assert result.exception is None, result.exception
        assert (result.return_value or 0) == code
    return result


def test_the_tree_has_file_meta_names_nesting_and_private_creators() -> None:
    out = shown(sample("test-SR.dcm")).output
    assert re.search(
        r"^\(0002,0010\) UI TransferSyntaxUID +1\.2\.840\.10008\.1\.2\.1 = Exp", out, re.MULTILINE
    )
    assert re.search(r"^\(0040,a730\) SQ ContentSequence +5 items$", out, re.MULTILINE)
    assert re.search(r"^  item 5$", out, re.MULTILINE)
    assert re.search(
        r"^      item 1\n        \(0008,1150\) UI ReferencedSOPClassUID", out, re.MULTILINE
    )
    private = shown(sample("CT_small.dcm")).output
    assert re.search(r"^\(0009,1002\) SH GEMS_IDEN_01: Suite id +CT01$", private, re.MULTILINE)
    assert re.search(r"^\(7fe0,0010\) OW PixelData +32,768 bytes", private, re.MULTILINE)


def test_names_are_read_by_their_character_set_and_invalid_values_are_marked() -> None:
    out = shown(sample("chrH32.dcm")).output
    assert "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう" in out
    marked = shown(sample("badVR.dcm")).output
    assert re.search(r"NumberOfFrames +1A\n  ! '1A' is no integer$", marked, re.MULTILINE)


def test_a_value_that_would_steer_the_terminal_does_not(tmp_path: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x9b1A"
    data = small(SpecificCharacterSet="ISO_IR 192", PatientName=f"A{evil}", SeriesDescription=evil)
    data.add_new((0x0009, 0x0010), "LO", evil)
    data.add_new((0x0009, 0x1001), "LO", "x")
    out = shown(write(data, tmp_path / "evil.dcm"), "--full").output
    for character in "\x1b\x07\u202e\x9b":
        assert character not in out
    assert "\\x1b[2J" in out


def test_values_are_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    file = write(small(ImageComments="long " * 200), tmp_path / "a.dcm")
    lines = shown(file).output.splitlines()
    assert max(map(len, lines)) == 160
    assert any(line.endswith("…") for line in lines)
    assert "long " * 199 in shown(file, "--full").output


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("MR_truncated.dcm", 3, "8130 are left"),
        ("rtplan_truncated.dcm", 3, "711 are left"),
        ("README.txt", 3, None),
        ("no_meta.dcm", 3, None),
    ],
)
def test_a_broken_file_is_shown_as_far_as_it_goes(name: str, code: int, said: str | None) -> None:
    result = shown(sample(name), code=code)
    if said is None:
        assert "not a DICOM file" in str(result.exception)
    else:
        assert said in result.output
        assert "SOPClassUID" in result.output
    shown(sample(name), "--json", code=3)
    shown(sample(name), "--png", "-", code=3)


def test_the_command_tells_a_missing_file_from_a_broken_one(tmp_path: Path) -> None:
    assert "does not exist" in fabricate("view", tmp_path / "gone.dcm").check(2).err
    assert "not a DICOM file" in fabricate("view", sample("README.txt")).check(3).err
    assert "there is no DICOM file" in fabricate("view", tmp_path).check(5).err


def test_the_png_has_full_size_and_the_window_asked_for(tmp_path: Path) -> None:
    done = shown(sample("CT_small.dcm"), "--png", tmp_path / "a.png", "--window", "1100,100")
    assert done.output == ""
    picture = Image.open(BytesIO((tmp_path / "a.png").read_bytes()))
    assert picture.size == (128, 128)
    assert set(picture.tobytes()) >= {0, 255}
    with_other = shown(sample("CT_small.dcm"), "--png", "-", "--window", "0,4000")
    assert Image.open(BytesIO(with_other.stdout_bytes)).tobytes() != picture.tobytes()


def test_frames_are_chosen_from_1(tmp_path: Path) -> None:
    file = sample("SC_rgb_rle_2frame.dcm")
    frames = [shown(file, "--png", "-", "--frame", str(n)).stdout_bytes for n in (1, 2)]
    assert frames[0] != frames[1]
    result = shown(file, "--png", "-", "--frame", "3", code=3)
    assert "there is no frame 3: the instance has 2" in str(result.exception)


def test_the_json_is_the_dicom_json_model(tmp_path: Path) -> None:
    model = json.loads(shown(sample("CT_small.dcm"), "--json").output)
    assert model["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "CompressedSamples^CT1"}]}
    assert model["7FE00010"]["BulkDataURI"].endswith("CT_small.dcm#7FE00010")
    inline = json.loads(shown(sample("CT_small.dcm"), "--json", "--inline").output)
    back = Dataset.from_json(inline)
    assert len(back.PixelData) == 32768


def test_an_image_is_drawn_with_as_many_colours_as_there_are() -> None:
    file = sample("CT_small.dcm")
    plain = shown(file, "--no-tags", "--image", "--colors", "none").output
    assert plain.isascii()
    assert len(set(plain)) > 5
    full = shown(file, "--no-tags", "--image", "--colors", "truecolor").output
    assert re.search(r"\x1b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m▀", full)
    assert "\x1b[38;5;" in shown(file, "--no-tags", "--image", "--colors", "256").output
    assert shown(file, "--no-tags").output == ""


@settings(deadline=None, max_examples=30)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    room=st.tuples(st.integers(1, 90), st.integers(1, 40)),
    colors=st.sampled_from(["truecolor", "256", "none"]),
)
def test_a_drawing_fits_into_its_room(
    size: tuple[int, int], room: tuple[int, int], colors: Colors
) -> None:
    lines = list(draw(Image.new("L", size, 128), colors, *room))
    assert 1 <= len(lines) <= room[1]
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines) <= room[0]


def test_a_file_without_pixels_or_a_decoder_says_so() -> None:
    result = shown(sample("rtplan.dcm"), "--no-tags", "--image")
    assert "no image: " in result.stderr


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_mutation_of_a_file_brings_a_traceback(data: st.DataObject, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(["test-SR.dcm", "CT_small.dcm", "chrH32.dcm", "rtplan.dcm"]))
    content = bytearray(sample(name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(128, min(len(content), 4000) - 1))] = data.draw(
            st.integers(0, 255)
        )
    file = tmp_path / "mutated.dcm"
    file.write_bytes(content[: data.draw(st.integers(200, len(content)))])
    for more in ([], ["--json"], ["--png", "-"]):
        result = CliRunner().invoke(view, [str(file), *more], standalone_mode=False)
        assert result.exception is None or isinstance(result.exception, FabricatorError)
