"""What each modality promises beyond what all share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scenario_runner.errors import UsageError
from tests.imaging.planned import builders, factory, plan_series
from tests.planning.support import plan

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance

CINE = {"frames": 4, "sop_class_uid": "1.2.840.10008.5.1.4.1.1.3.1"}


def instances(modality: str, **series: Any) -> list[Instance]:
    return list(factory().instances(plan_series(modality, **series).images))


def datasets(modality: str, **series: Any) -> list[Dataset]:
    return [instance.dataset() for instance in instances(modality, **series)]


def test_four_mammograms_are_the_four_views_of_a_screening() -> None:
    made = datasets("MG", images=4, size=(96, 80))
    views = [
        (one.ImageLaterality, one.ViewCodeSequence[0].CodeMeaning, *one.PatientOrientation)
        for one in made
    ]
    assert views == [
        ("R", "cranio-caudal", "P", "L"),
        ("L", "cranio-caudal", "A", "R"),
        ("R", "medio-lateral oblique", "P", "FL"),
        ("L", "medio-lateral oblique", "A", "FR"),
    ]


def test_mammograms_that_a_scenario_says_nothing_of_are_the_same_four_views() -> None:
    """Planning gives a paired body part one side, which a screening does not have."""
    series = "{images: 4, size: [96, 80]}"
    kinds = {"MG": builders()["MG"].defaults}
    text = f"patients: [{{studies: [{{modality: MG, series: [{series}]}}]}}]\n"
    for seed in range(4):
        planned = next(iter(plan(text, seed=seed, modalities=kinds)[0].series()))
        made = [one.dataset() for one in factory().instances(planned.images)]
        assert [(one.ImageLaterality, one.ViewCodeSequence[0].CodeValue) for one in made] == [
            ("R", "399162004"), ("L", "399162004"), ("R", "399368009"), ("L", "399368009"),
        ]  # fmt: skip


def test_a_given_side_and_view_of_a_mammogram_is_kept() -> None:
    made = datasets("MG", images=2, size=(96, 80), laterality="L", view="MLO")
    assert {one.ImageLaterality for one in made} == {"L"}
    assert {one.ViewCodeSequence[0].CodeMeaning for one in made} == {"medio-lateral oblique"}


def test_a_breast_lies_at_the_chest_wall_of_its_side() -> None:
    right, left = (
        one.pixels().astype(float)
        for one in instances("MG", images=2, size=(128, 104), burn_in=False)
    )
    assert right[:, -30:].mean() > 2 * right[:, :10].mean()
    assert left[:, :30].mean() > 2 * left[:, -10:].mean()


@pytest.mark.parametrize(
    ("description", "brighter", "sequence"),
    [("T1 transverse", "white", "SE"), ("Ax T2", "fluid", "SE"), ("FLAIR", "gray", "IR")],
)
def test_mr_contrast_follows_the_sequence_in_the_description(
    description: str, brighter: str, sequence: str
) -> None:
    instance = instances("MR", images=15, description=description, burn_in=False)[9]
    assert instance.dataset().ScanningSequence == sequence
    assert instance.dataset().SequenceName in description
    image = instance.pixels().astype(float)
    places = {"white": image[150:165, 85:95], "fluid": image[97:117, 119:137]}
    white, fluid = np.median(places["white"]), np.percentile(places["fluid"], 90)
    assert {"white": white > 1.1 * fluid, "fluid": fluid > 1.5 * white, "gray": True}[brighter]


def test_a_single_ultrasound_is_grey_and_a_loop_is_in_colour_and_moves() -> None:
    single = instances("US", images=1, size=(120, 160))[0]
    assert single.pixels().shape == (120, 160)
    loop = instances("US", images=1, size=(120, 160), burn_in=False, **CINE)[0]
    pixels, dataset = loop.pixels(), loop.dataset()
    assert pixels.shape == (4, 120, 160, 3)
    assert (pixels[0] != pixels[2]).any()
    assert dataset.NumberOfFrames == 4
    assert dataset.PhotometricInterpretation == "RGB"
    assert (dataset.FrameIncrementPointer, dataset.FrameTime) == (0x00181063, 40)
    assert loop.sop_class_uid == CINE["sop_class_uid"]


def test_text_is_burned_into_every_frame_of_a_loop() -> None:
    series: dict[str, Any] = {"images": 1, "size": (120, 160), **CINE}
    plain = instances("US", burn_in=False, **series)[0].pixels()
    burned = instances("US", **series)[0].pixels()
    for frame in range(4):
        changed = (burned[frame] != plain[frame]).any(axis=2)
        assert changed[:30].any()
        assert burned[frame][:12, :60].max() == 255


def test_frames_of_a_single_frame_modality_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'frames: 3'.*CR"):
        instances("CR", size=(64, 64), frames=3)


def test_a_run_of_angiography_fills_with_contrast_medium() -> None:
    pixels = instances("XA", images=1, size=(256, 256), frames=12, burn_in=False)[0].pixels()
    assert pixels.shape == (12, 256, 256)
    vessels = (pixels < 90).mean(axis=(1, 2))
    assert vessels[8] > 1.3 * vessels[0]


def test_a_bone_scan_is_counted_from_front_and_back() -> None:
    instance = instances("NM", images=1, size=(256, 64))[0]
    dataset = instance.dataset()
    assert instance.pixels().shape == (2, 256, 64)
    views = [each.ViewCodeSequence[0].CodeMeaning for each in dataset.DetectorInformationSequence]
    assert views == ["anterior", "posterior"]


def test_pet_lies_on_the_ct_of_its_study() -> None:
    """Fat and air of the CT take up next to nothing, the liver does."""
    ct = instances("CT", images=31, size=(200, 200), burn_in=False, seed=5)[20]
    pt = instances("PT", images=31, size=(200, 200), burn_in=False, seed=5, number=2)[20]
    hounsfield = ct.pixels().astype(float) - 1024
    becquerel = pt.pixels() * float(pt.dataset().RescaleSlope)
    liver, air = np.abs(hounsfield - 112) < 12, hounsfield < -900
    assert becquerel[liver].mean() > 8 * becquerel[air].mean()
    places = [one.dataset().ImagePositionPatient for one in (ct, pt)]
    assert places[0][2] == places[1][2]


@pytest.mark.parametrize("part", ["CHEST", "ABDOMEN", "HAND", "KNEE", "SKULL", "FOOT"])
def test_a_radiograph_shows_its_body_part_and_not_another(part: str) -> None:
    """Every part has a projection of its own, and each individual differs from the next."""
    image = instances("DX", images=1, size=(128, 128), body_part=part, burn_in=False)[0].pixels()
    chest = instances("DX", images=1, size=(128, 128), view="LL", burn_in=False)[0].pixels()
    correlation = np.corrcoef(image.ravel().astype(float), chest.ravel().astype(float))[0, 1]
    assert correlation < 0.9
    assert image.std() > 200


def test_the_other_hand_is_the_mirror_image() -> None:
    left, right = (
        instances("DX", images=1, size=(96, 96), body_part="HAND", laterality=side, burn_in=False)[
            0
        ]
        .pixels()
        .astype(float)
        for side in "LR"
    )
    assert np.abs(left - right[:, ::-1]).mean() < 0.2 * np.abs(left - right).mean()


@pytest.mark.parametrize("modality", ["XC", "ES"])
def test_photographs_are_in_colour(modality: str) -> None:
    instance = instances(modality, images=1, size=(96, 128), burn_in=False)[0]
    assert instance.pixels().shape == (96, 128, 3)
    red, _, blue = instance.pixels().reshape(-1, 3).mean(axis=0)
    assert red > 1.2 * blue
