"""Programs of other makers find nothing wrong with compressed objects, and decode the same pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread

from tests.imaging.planned import with_pixels
from tests.imaging.planned_syntaxes import each_syntax
from tests.imaging.test_peers import NAMES, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

MODALITIES = with_pixels()
JUDGED = ["rle", "jpeg-ls", "jpeg-2000-lossless"]
DECODERS: dict[str, tuple[str, ...]] = {
    "explicit-be": ("dcmconv", "+te"),
    "deflated": ("dcmconv", "+te"),
    "rle": ("dcmdrle",),
    "jpeg-lossless": ("dcmdjpeg",),
    "jpeg-ls": ("dcmdjpls",),
    "jpeg-2000-lossless": ("gdcmconv", "--raw"),
}
"""What makes native pixels of each, and is not what made the compressed ones."""


@pytest.mark.parametrize("modality", MODALITIES)
def test_dciodvfy_finds_nothing_in_any_script(modality: str, tmp_path: Path) -> None:
    paths = []
    for script in ("ascii", "japanese", "arabic"):
        for name, one in each_syntax(modality, JUDGED, name=NAMES[script]):
            paths.append(tmp_path / f"{script}-{name}.dcm")
            one.write(paths[-1])
            found = run("dciodvfy", paths[-1])
            assert "Error" not in found, (script, name, found)
            assert "Warning" not in found, (script, name, found)
    dumped = run("dcmdump", "+P", "Modality", *paths)
    assert dumped.count("CS [") == len(paths)
    assert not [line for line in dumped.splitlines() if line.startswith(("E:", "W:"))]


@pytest.mark.parametrize("modality", MODALITIES)
def test_another_decoder_gives_the_same_pixels(modality: str, tmp_path: Path) -> None:
    drawn = next(one for _, one in each_syntax(modality, ["explicit-le"])).pixels()
    for name, one in each_syntax(modality, list(DECODERS)):
        path, native = tmp_path / f"{name}.dcm", tmp_path / f"{name}-native.dcm"
        one.write(path)
        told = run(*DECODERS[name], path, native)
        dataset = dcmread(native)
        assert not dataset.file_meta.TransferSyntaxUID.is_compressed, (name, told)
        assert np.array_equal(dataset.pixel_array, drawn), name


@pytest.mark.parametrize("modality", ["CT", "XC", "XA"])
def test_gdcm_reads_each(modality: str, tmp_path: Path) -> None:
    names = [*DECODERS, "jpeg-2000", "jpeg-ls-near"]
    if modality != "CT":
        names.append("jpeg-baseline")
    for name, one in each_syntax(modality, names):
        path = tmp_path / f"{name}.dcm"
        one.write(path)
        info = run("gdcminfo", path)
        assert one.transfer_syntax_uid in info, (name, info)
        assert "CITIZEN^JANE" in run("gdcmdump", path)


@pytest.mark.parametrize(
    ("modality", "name"), [("XC", "jpeg-baseline"), ("US", "jpeg-baseline"), ("US", "jpeg-2000")]
)
def test_dciodvfy_finds_nothing_in_lossy_images(modality: str, name: str, tmp_path: Path) -> None:
    ((_, one),) = each_syntax(modality, [name])
    path = tmp_path / "a.dcm"
    one.write(path)
    found = run("dciodvfy", path)
    assert "Error" not in found, found
    assert "Warning" not in found, found
