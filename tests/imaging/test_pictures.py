"""A series can show what the user has: a picture fitted to it, or an array value for value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from scenario_runner.planning.pictures import find
from scenario_runner.planning.value_problems import ValueProblem
from tests.running import Finished, fabricate, write_scenario

RAMP = np.add.outer(np.arange(80), np.arange(120))


def made(folder: Path, picture: str, code: int = 0, **series: Any) -> tuple[Finished, list[Any]]:
    """Run a scenario of one series that shows a file; its data sets in order of the images."""
    folder.mkdir(exist_ok=True)
    patients = [{"studies": [{"series": [{"burn_in": False, "phantom": picture, **series}]}]}]
    path = write_scenario(folder / "shown.yaml", [{"generate": {"to": "out"}}], patients=patients)
    done = fabricate("run", path, "--registry", ":memory:", "--out", folder / "run").check(code)
    files = sorted((folder / "run" / "out").rglob("*.dcm"))
    found = [pydicom.dcmread(file) for file in files]
    return done, sorted(found, key=lambda dataset: int(dataset.InstanceNumber))


def test_an_array_is_stored_value_for_value_and_gives_the_size(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", (RAMP * 20).astype(np.uint16))
    _, (dataset,) = made(tmp_path, "own.npy", modality="DX")
    assert (dataset.pixel_array == RAMP * 20).all()
    assert (dataset.Rows, dataset.Columns, dataset.BitsStored) == (80, 120, 12)


def test_a_volume_gives_one_slice_to_each_image(tmp_path: Path) -> None:
    volume = np.stack([RAMP + 100 * number - 1000 for number in range(4)]).astype(np.int16)
    np.save(tmp_path / "volume.npy", volume)
    _, datasets = made(tmp_path, "volume.npy", modality="CT")
    assert [int(dataset.pixel_array[0, 0]) for dataset in datasets] == [-1000, -900, -800, -700]
    _, fewer = made(tmp_path / "b", "../volume.npy", modality="CT", images=2)
    assert [int(dataset.pixel_array[0, 0]) for dataset in fewer] == [-1000, -800]


def test_a_volume_gives_its_slices_to_the_frames_of_a_loop(tmp_path: Path) -> None:
    loop = np.stack([np.full((70, 90), 10 * number) for number in range(5)]).astype(np.uint8)
    np.save(tmp_path / "loop.npy", loop)
    _, (dataset,) = made(tmp_path, "loop.npy", modality="US", images=1, frames=5)
    assert dataset.NumberOfFrames == 5
    assert (dataset.pixel_array == loop).all()


@pytest.mark.parametrize("shape", [(3, 9, 3), (1, 9, 3), (1, 12, 16), (3, 3, 3)])
def test_slices_are_grey_however_few_or_narrow_they_are(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    volume = (np.arange(np.prod(shape)).reshape(shape) + 500).astype(np.uint16)
    np.save(tmp_path / "volume.npy", volume)
    _, datasets = made(tmp_path, "volume.npy", modality="CT")
    assert (np.stack([each.pixel_array for each in datasets]) == volume).all()
    middle = (int(volume.min()) + int(volume.max())) / 2
    assert {(each.SamplesPerPixel, each.WindowCenter) for each in datasets} == {(1, middle)}


def test_a_grey_picture_fills_the_bits_of_the_modality(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "own.png")
    _, (dataset,) = made(tmp_path, "own.png", modality="CR")
    assert (dataset.Rows, dataset.Columns) == (80, 120)
    assert (dataset.pixel_array == RAMP * 4095 // 255).all()


def test_a_picture_of_16_bits_keeps_them(tmp_path: Path) -> None:
    Image.fromarray((RAMP * 300).astype(np.uint16)).save(tmp_path / "own.png")
    _, (dataset,) = made(tmp_path, "own.png", modality="DX")
    assert dataset.BitsStored == 16
    assert (dataset.pixel_array == RAMP * 300).all()


def test_colour_stays_where_the_modality_has_it_and_becomes_grey_elsewhere(tmp_path: Path) -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    Image.fromarray(red).save(tmp_path / "red.png")
    _, (photo,) = made(tmp_path, "red.png", modality="XC", images=1)
    assert photo.PhotometricInterpretation == "RGB"
    assert (photo.pixel_array == red).all()
    _, (slice_,) = made(tmp_path / "b", "../red.png", modality="MR", images=1)
    assert slice_.PhotometricInterpretation == "MONOCHROME2"


def test_a_picture_is_fitted_to_the_size_that_is_asked_for(tmp_path: Path) -> None:
    Image.fromarray(np.full((50, 100), 255, np.uint8)).save(tmp_path / "wide.jpeg")
    _, (dataset,) = made(tmp_path, "wide.jpeg", modality="CR", size=[200, 200])
    pixels = dataset.pixel_array
    assert pixels.shape == (200, 200)
    assert pixels[100, 100] > 4000
    assert pixels[10, 100] == 0, "above it is a border, for nothing is stretched"


@pytest.mark.parametrize("suffix", ["jpeg", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_as_its_camera_was_held(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    stored = np.zeros((64, 96), np.uint8)
    stored[:32, :48] = 250  # the corner that moves with the camera
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(stored).save(tmp_path / f"held.{suffix}", exif=exif)
    _, (dataset,) = made(tmp_path, f"held.{suffix}", modality="XC", images=1)
    pixels = dataset.pixel_array
    assert pixels.shape[:2] == ((64, 96) if orientation < 5 else (96, 64))
    top, left = orientation in (1, 2, 5, 6), orientation in (1, 4, 5, 8)
    quarter = pixels[16 if top else -16, 16 if left else -16]
    assert int(np.min(quarter)) > 200
    assert np.mean(pixels > 128) == pytest.approx(0.25, abs=0.02)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_what_is_no_file_is_told_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe.png")
    told = {"folder": "it is a folder", "link": "it is a link to nothing", "pipe": "it is a pipe"}
    for name, what in told.items():
        problem = find(f"{name}.png", tmp_path)
        assert isinstance(problem, ValueProblem)
        assert what in problem.message


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.png", None, "there is no picture 'gone.png'"),
        ("text.png", b"no picture", "it is neither PNG nor JPEG"),
        ("short.npy", b"\x93NUMPY\x01\x00", "'short.npy' cannot be used as a picture"),
        ("pickle.npy", "objects", "'pickle.npy' cannot be used as a picture"),
        ("float.npy", np.zeros((4, 4)), "its values are float64"),
        ("four.npy", np.zeros((2, 2, 4, 4), np.uint8), "its shape is (2, 2, 4, 4)"),
        ("line.npy", np.zeros((20000, 1), np.uint8), "20000 × 1 is too large"),
    ],
)
def test_a_file_that_will_not_do_is_told_before_anything_runs(
    tmp_path: Path, name: str, content: Any, told: str
) -> None:
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif isinstance(content, str):
        np.save(tmp_path / name, np.array([{"a": 1}], dtype=object))
    elif content is not None:
        np.save(tmp_path / name, content)
    done, _ = made(tmp_path, name, code=3, modality="CR")
    assert told in done.err + done.out
    assert "FAB313" in done.err + done.out


def test_an_array_has_the_size_it_has(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", RAMP.astype(np.uint16))
    done, _ = made(tmp_path, "own.npy", code=3, modality="CR", size=[10, 10])
    assert "'own.npy' has 80 rows and 120 columns" in done.err + done.out


@pytest.mark.parametrize(
    ("modality", "array", "told"),
    [
        ("US", RAMP.astype(np.uint16), "has 16 bits, and US images have 8"),
        ("DX", RAMP.astype(np.int16), "DX images have no negative values"),
        ("MR", np.zeros((70, 70, 3), np.uint8), "has colour, and MR images have none"),
    ],
)
def test_values_the_modality_cannot_have_are_refused(
    tmp_path: Path, modality: str, array: Any, told: str
) -> None:
    np.save(tmp_path / "own.npy", array)
    done, _ = made(tmp_path, "own.npy", code=3, modality=modality, images=1)
    assert told in done.err + done.out
    assert not (tmp_path / "run").exists(), "known before anything is made"


def test_a_run_is_not_repeated_with_another_picture(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", RAMP.astype(np.uint16))
    made(tmp_path, "own.npy", modality="CR", images=1)
    run = tmp_path / "run"
    np.save(tmp_path / "own.npy", RAMP.astype(np.uint16) + 1)
    done = fabricate("rerun", run, "--out", tmp_path / "again").check(2)
    assert "a picture that it shows has changed" in done.err
