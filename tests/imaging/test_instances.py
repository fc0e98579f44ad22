"""What every object must have, and that the same plan gives the same bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from scenario_runner.errors import UsageError
from scenario_runner.imaging.factory import contexts, preview_png
from tests.imaging.planned import EXPLICIT, IMPLICIT, builders, factory, plan_series

MODALITIES = sorted(builders())
SMALL = (96, 96)


def digest(modality: str) -> str:
    series = plan_series(modality, images=3, size=SMALL)
    total = hashlib.sha256()
    for instance in factory().instances(series.images):
        total.update(instance.meta)
        for buffer in instance.buffers:
            total.update(buffer)
    return total.hexdigest()


def test_the_same_plan_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "from tests.imaging.test_instances import digest, MODALITIES\n"
        "print(*[digest(m) for m in MODALITIES])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.split() == [digest(modality) for modality in MODALITIES]


def test_another_seed_gives_other_pixels() -> None:
    one, other = (
        factory().instance(plan_series("CT", size=SMALL, seed=seed, burn_in=False).images[0])
        for seed in (1, 2)
    )
    assert (one.pixels() != other.pixels()).any()


@pytest.mark.parametrize("modality", MODALITIES)
def test_random_access_equals_streaming(modality: str) -> None:
    series = plan_series(modality, images=4, size=SMALL)
    streamed = [b"".join(one.buffers) for one in factory().instances(series.images)]
    backwards = factory()
    for index in (3, 0, 2, 1):
        assert b"".join(backwards.instance(series.images[index]).buffers) == streamed[index]


@pytest.mark.parametrize("modality", MODALITIES)
def test_earlier_instances_stay_whole_while_later_ones_are_made(modality: str) -> None:
    series = plan_series(modality, images=5, size=SMALL)
    kept = list(factory().instances(series.images))
    copies = [b"".join(instance.buffers) for instance in factory().instances(series.images)]
    assert [b"".join(instance.buffers) for instance in kept] == copies


def test_age_agrees_with_birth_and_study_date() -> None:
    dataset = factory().instance(plan_series("CR", size=SMALL).images[0]).dataset()
    assert dataset.PatientAge == "055Y"


def test_ct_slices_make_a_stack_from_feet_to_head() -> None:
    series = plan_series("CT", images=6, size=SMALL)
    slices = [instance.dataset() for instance in factory().instances(series.images)]
    z = [float(each.ImagePositionPatient[2]) for each in slices]
    gaps = np.diff(z)
    assert (gaps > 0).all()
    assert np.allclose(gaps, float(slices[0].SliceThickness))
    assert len({each.FrameOfReferenceUID for each in slices}) == 1
    assert [each.InstanceNumber for each in slices] == [1, 2, 3, 4, 5, 6]
    assert float(slices[0].ImagePositionPatient[0]) < 0


def test_ct_slices_change_along_the_body_and_have_hounsfield_units() -> None:
    series = plan_series("CT", images=12, burn_in=False)
    first, last = (factory().instance(series.images[index]).pixels() - 1024.0 for index in (0, 11))
    assert np.median(first[:40, :40]) == pytest.approx(-1000, abs=20), "air around the body"
    assert 0 < np.median(first[200:300, 200:300]) < 200 or (first > 300).any()
    assert np.abs(first - last).mean() > 20


@pytest.mark.parametrize(("part", "side", "said"), [("HAND", "L", "L"), ("CHEST", None, "U")])
def test_an_image_says_the_side_that_is_planned(part: str, side: str | None, said: str) -> None:
    series = plan_series("DX", size=SMALL, body_part=part, laterality=side)
    assert factory().instance(series.images[0]).dataset().ImageLaterality == said


def test_a_given_side_is_kept() -> None:
    series = plan_series("CR", size=SMALL, body_part="KNEE", laterality="L")
    assert factory().instance(series.images[0]).dataset().Laterality == "L"


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_object_says_that_it_is_not_a_person(modality: str) -> None:
    dataset = factory().instance(plan_series(modality, size=SMALL).images[0]).dataset()
    assert "not a real person" in dataset.PatientComments
    assert "Synthetic" in dataset.get("ImageComments", dataset.PatientComments)
    assert dataset.Manufacturer == "DICOM Fabricator"
    assert dataset.QualityControlSubject == "YES"


def test_contexts_are_one_per_class_and_syntax() -> None:
    series = [
        plan_series("CT"),
        plan_series("CT", number=2),
        plan_series("CT", transfer_syntax_uid=IMPLICIT),
        plan_series("DX", tags={"SOPClassUID": "1.2.3"}),
    ]
    ct = "1.2.840.10008.5.1.4.1.1.2"
    assert contexts(series) == [(ct, EXPLICIT), (ct, IMPLICIT), ("1.2.3", EXPLICIT)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modality": "ZZ"}, "no IOD builder makes modality 'ZZ'"),
        ({"phantom": "ct/nobody"}, "there is no phantom 'ct/nobody'"),
        ({"transfer_syntax_uid": "1.2.840.10008.1.2.4.57"}, "cannot be written"),
    ],
)
def test_what_does_not_exist_is_named(change: dict[str, str], message: str) -> None:
    series = dataclasses.replace(plan_series("CT", size=SMALL), **change)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        factory().check(series)


def test_a_preview_is_a_small_png_and_always_the_same() -> None:
    instance = factory().instance(plan_series("CT").images[1])
    preview = preview_png(instance, 200)
    assert preview.png.startswith(b"\x89PNG")
    assert (preview.width, preview.height) == (200, 200)
    assert preview_png(instance, 200) == preview
    assert len(preview.png) < 60_000


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    series = plan_series("CT", images=400, size=(256, 256))
    stream = factory().instances(series.images)
    for _ in range(100):
        next(stream)
    tracemalloc.start()
    for _ in stream:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    instance = factory().instance(plan_series("CT", size=SMALL).images[0])
    target = tmp_path / "a.dcm"
    instance.write(target)
    before = target.read_bytes()
    with pytest.raises(FileExistsError):
        instance.write(target)
    assert target.read_bytes() == before


def test_a_half_written_file_is_removed(tmp_path: Path) -> None:
    instance = factory().instance(plan_series("CT", size=SMALL).images[0])
    broken = dataclasses.replace(instance, buffers=[*instance.buffers, None])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        broken.write(tmp_path / "a.dcm")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "kind", [one for one in MODALITIES if builders()[one].defaults.frames > 1 or one == "NM"]
)
def test_three_columns_of_grey_are_no_samples_of_colour(kind: str) -> None:
    for size in ((3, 3), (7, 3)):
        frames = min(3, builders()[kind].defaults.frames)
        series = plan_series(kind, images=1, size=size, frames=frames, burn_in=False)
        dataset = factory().instance(series.images[0]).dataset()
        assert dataset.SamplesPerPixel == 1
        assert (dataset.Rows, dataset.Columns) == size
        assert dataset.NumberOfFrames == (2 if kind == "NM" else 3)
