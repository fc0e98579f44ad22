"""Numbers of a file without VRs are signed where its pixels are, an icon's by its own, through every door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from scenario_runner.dicom.elements import Elements, read_elements, read_items
from scenario_runner.dicom.rewriting import rewritten
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.service.studies.tag_tree import tree
from tests.imaging.planned import factory, plan_series
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST, FIRST_MAPPED, PADDING = "00280106", "00409216", "00280120"
MAPPING, ICON = "00409096", "00880200"
IMPLICIT, EXPLICIT = Encoding(implicit=True), Encoding(implicit=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A signed image in Implicit VR whose icon is not signed, and a mapping that says nothing of itself."""
    path = tmp_path / "signed.dcm"
    factory().instance(plan_series("CT", size=(64, 64)).images[0]).write(path)
    dataset = dcmread(path)
    assert dataset.PixelRepresentation == 1
    dataset.add_new("SmallestImagePixelValue", "SS", -5)
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    mapping, icon = Dataset(), Dataset()
    mapping.add_new("RealWorldValueFirstValueMapped", "SS", -7)
    icon.PixelRepresentation = 0
    icon.add_new("SmallestImagePixelValue", "US", 65000)
    dataset.RealWorldValueMappingSequence = Sequence([mapping])
    dataset.IconImageSequence = Sequence([icon])
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(path, implicit_vr=True, little_endian=True)
    return path


def elements_of(file: Path) -> bytes:
    """The data set without meta, in Implicit VR."""
    data = file.read_bytes()
    return data[144 + int.from_bytes(data[140:144], "little") :]


def test_view_tells_negative_numbers(file: Path) -> None:
    lines = fabricate("view", file).check(0).out.splitlines()
    found = [line.split()[1:] for line in lines if "PixelValue" in line or "PaddingV" in line]
    assert ["SS", "SmallestImagePixelValue", "-5"] in found
    assert ["US", "SmallestImagePixelValue", "65000"] in found
    assert ["SS", "PixelPaddingValue", "-2000"] in found
    assert any(line.split()[1:] == ["SS", "RealWorldValueFirstValueMapped", "-7"] for line in lines)


def test_json_tells_them(file: Path) -> None:
    found = json.loads(fabricate("view", file, "--json").check(0).out)
    assert found[SMALLEST] == {"vr": "SS", "Value": [-5]}
    assert found[MAPPING]["Value"][0][FIRST_MAPPED] == {"vr": "SS", "Value": [-7]}
    assert found[ICON]["Value"][0][SMALLEST] == {"vr": "US", "Value": [65000]}


def test_explicit_vrs_are_theirs(file: Path) -> None:
    made = read_elements(rewritten(elements_of(file), IMPLICIT, EXPLICIT), EXPLICIT)

    def vr(elements: Elements, tag: str) -> str:
        return elements[int(tag, 16)].vr

    assert (vr(made, SMALLEST), vr(made, PADDING)) == ("SS", "SS")
    assert vr(read_items(made[int(MAPPING, 16)])[0], FIRST_MAPPED) == "SS"
    assert vr(read_items(made[int(ICON, 16)])[0], SMALLEST) == "US"


def test_the_tree_of_the_console_tells_them(file: Path) -> None:
    entries: dict[str, Any] = {
        one["tag"]: one for one in tree(read_elements(elements_of(file), IMPLICIT))
    }

    def told(entry: dict[str, Any]) -> tuple[str, list[str]]:
        return entry["vr"], entry["value"]

    assert told(entries["(0028,0106)"]) == ("SS", ["-5"])
    assert told(entries["(0040,9096)"]["items"][0][0]) == ("SS", ["-7"])
    assert told(entries["(0088,0200)"]["items"][0][1]) == ("US", ["65000"])
