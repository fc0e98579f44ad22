"""Programs of other makers find nothing wrong and read the same values."""

from __future__ import annotations

import datetime as dt
import subprocess
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.imaging.planned import EXPLICIT, IMPLICIT, builders, factory, plan_series, with_pixels

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "ascii": "CITIZEN^JANE",
    "japanese": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "arabic": "محمد^علي",
    "cyrillic": "Иванова^Анна",
}

MULTIFRAME = [("US", "1.2.840.10008.5.1.4.1.1.3.1")]


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.peer
@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("modality", sorted(builders()))
def test_dciodvfy_finds_neither_error_nor_warning(
    modality: str, syntax: str, script: str, tmp_path: Path
) -> None:
    series = plan_series(modality, size=(128, 128), name=NAMES[script], transfer_syntax_uid=syntax)
    path = tmp_path / "a.dcm"
    factory().instance(series.images[1]).write(path)
    found = run("dciodvfy", path)
    assert "Error" not in found, found
    assert "Warning" not in found, found


@pytest.mark.peer
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(("modality", "sop_class"), MULTIFRAME)
def test_dciodvfy_finds_nothing_wrong_with_loops(
    modality: str, sop_class: str, syntax: str, tmp_path: Path
) -> None:
    series = plan_series(
        modality, size=(96, 96), frames=5, sop_class_uid=sop_class, transfer_syntax_uid=syntax
    )
    path = tmp_path / "a.dcm"
    factory().instance(series.images[0]).write(path)
    found = run("dciodvfy", path)
    assert "Error" not in found, found
    assert "Warning" not in found, found


UNUSUAL: dict[str, list[Any]] = {
    "body_part": [
        "CHEST",
        "HAND",
        "KNEE",
        "SKULL",
        "ABDOMEN",
        "FOOT",
        "CSPINE",
        "BREAST",
        "",
        "EAR",
    ],
    "view": [None, "PA", "AP", "LL", "RL", "LLO", "CC", "MLO", "OBLIQUE", "LATERAL", "XYZ"],
    "laterality": [None, "L", "R", "B", "U"],
    "images": [1, 2, 7],
    "size": [(40, 128), (64, 65), (97, 40)],
    "burn_in": [True, False],
    "description": ["", "T1 FLAIR"],
}
PEOPLE: dict[str, list[Any]] = {
    "birth_date": [dt.date(2026, 1, 20), dt.date(2025, 11, 1), dt.date(1920, 5, 5)],
    "sex": ["M", "F", "O"],
    "address": [None, "1 High Street"],
    "phone": [None, "+61 2 1234"],
    "issuer": [None, "HOSPITAL"],
}


@pytest.mark.peer
@pytest.mark.parametrize("modality", sorted(builders()))
def test_dciodvfy_finds_no_error_in_unusual_series(modality: str, tmp_path: Path) -> None:
    random = Random(modality)
    for number in range(6):
        chosen: dict[str, Any] = {name: random.choice(values) for name, values in UNUSUAL.items()}
        series = plan_series(
            modality,
            patient={name: random.choice(values) for name, values in PEOPLE.items()},
            study=dict.fromkeys(("description", "referring_physician", "institution"), ""),
            protocol="",
            **chosen,
        )
        path = tmp_path / f"{number}.dcm"
        factory().instance(series.images[chosen["images"] - 1]).write(path)
        found = run("dciodvfy", path)
        assert "Error" not in found, (chosen, found)


@pytest.mark.peer
@pytest.mark.parametrize("modality", with_pixels())
def test_a_test_pattern_is_conformant_in_every_modality(modality: str, tmp_path: Path) -> None:
    series = plan_series(modality, size=(64, 64), phantom="qa/smpte")
    path = tmp_path / "a.dcm"
    factory().instance(series.images[0]).write(path)
    found = run("dciodvfy", path)
    assert "Error" not in found, found


@pytest.mark.peer
def test_dcentvfy_finds_a_study_consistent(tmp_path: Path) -> None:
    paths = []
    for number, modality in enumerate(("CT", "CR", "DX"), start=1):
        series = plan_series(modality, size=(64, 64), number=number)
        for instance in factory().instances(series.images):
            assert instance.image is not None
            paths.append(tmp_path / f"{number}-{instance.image.number}.dcm")
            instance.write(paths[-1])
    assert "Error" not in run("dcentvfy", *paths)


@pytest.mark.peer
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("modality", with_pixels())
def test_dcmtk_and_gdcm_read_the_same_pixels(modality: str, syntax: str, tmp_path: Path) -> None:
    series = plan_series(modality, size=(64, 80), transfer_syntax_uid=syntax)
    instance = factory().instance(series.images[0])
    path, image = tmp_path / "a.dcm", tmp_path / "a.pgm"
    instance.write(path)
    dumped = run("dcmdump", path)
    assert "CITIZEN^JANE" in dumped
    assert not dumped.startswith(("E:", "W:"))
    assert "CITIZEN^JANE" in run("gdcmdump", path)
    raw = tmp_path / "a.raw"
    run("gdcmraw", "-i", path, "-o", raw)
    assert raw.read_bytes() == instance.pixels().tobytes()
    run("dcm2pnm", "+op", path, image)
    with Image.open(image) as shown:
        assert shown.size == (80, 64)
