"""Reports, selections, presentation states, documents and enhanced images, as a study has them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from scenario_runner.errors import UsageError
from scenario_runner.imaging.factory import preview_png
from tests.imaging.planned import builders, factory, plan_series
from tests.imaging.study_of_objects import EVERYTHING, instances, plan_study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance


def by_modality(series: str = EVERYTHING) -> dict[str, list[Dataset]]:
    found: dict[str, list[Dataset]] = {}
    for instance in instances(plan_study(series)):
        dataset = instance.dataset()
        found.setdefault(dataset.Modality, []).append(dataset)
    return found


def references(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Every referenced (SOP class, instance), wherever it stands."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from references(item)
    if "ReferencedSOPInstanceUID" in dataset:
        yield dataset.ReferencedSOPClassUID, dataset.ReferencedSOPInstanceUID


def series_references(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Every (series, instance) of the sequences that say in which series an instance is."""
    for study in dataset.get("CurrentRequestedProcedureEvidenceSequence", [dataset]):
        for series in study.get("ReferencedSeriesSequence", ()):
            for keyword in ("ReferencedSOPSequence", "ReferencedImageSequence"):
                for item in series.get(keyword, ()):
                    yield series.SeriesInstanceUID, item.ReferencedSOPInstanceUID


@pytest.mark.parametrize("modality", ["KO", "PR", "SR"])
def test_every_reference_leads_to_an_image_of_the_study(modality: str) -> None:
    found = by_modality()
    images = {one.SOPInstanceUID: one for of in ("CT", "US", "DX") for one in found[of]}
    for dataset in found[modality]:
        referred = set(references(dataset))
        assert referred
        for sop_class, uid in referred:
            assert images[uid].SOPClassUID == sop_class
        for series, uid in series_references(dataset):
            assert images[uid].SeriesInstanceUID == series
        assert {uid for _, uid in series_references(dataset)} == {uid for _, uid in referred}


def test_key_objects_are_the_first_three_images_of_each_series() -> None:
    found = by_modality()
    referred = {uid for _, uid in references(found["KO"][0])}
    slices = [one for one in found["CT"] if "NumberOfFrames" not in one]
    assert {one.SOPInstanceUID for one in slices if one.InstanceNumber <= 3} <= referred
    assert {one.SOPInstanceUID for one in slices if one.InstanceNumber > 3}.isdisjoint(referred)
    assert len(referred) == 3 + 1 + 2 + 2


def test_a_presentation_state_shows_one_series_as_its_phantom_is_shown() -> None:
    found = by_modality()
    assert len(found["PR"]) == 3, "one for each series but the colour loop"
    state, first = found["PR"][0], found["CT"][0]
    shown = state.SoftcopyVOILUTSequence[0]
    assert (shown.WindowCenter, shown.WindowWidth) == (first.WindowCenter, first.WindowWidth)
    assert (state.RescaleIntercept, state.RescaleSlope) == (-1024, 1)
    area = state.DisplayedAreaSelectionSequence[0]
    assert area.DisplayedAreaBottomRightHandCorner == [64, 64]
    assert [len(list(series_references(each))) for each in found["PR"]] == [4, 2, 2]


def test_a_presentation_state_says_what_text_in_the_pixels_would_say() -> None:
    found = by_modality()
    state, first = found["PR"][0], found["CT"][0]
    annotation = state.GraphicAnnotationSequence[0]
    text = annotation.TextObjectSequence[0].UnformattedTextValue
    for value in (first.PatientID, first.AccessionNumber, first.SOPInstanceUID, "Image 1 of 4"):
        assert value in text
    assert "CITIZEN, JANE" in text
    assert annotation.GraphicLayer == state.GraphicLayerSequence[0].GraphicLayer
    silent = by_modality("\n          - {modality: CT, size: [32, 32], images: 1}"
                         "\n          - {modality: PR, burn_in: false}\n")["PR"][0]  # fmt: skip
    assert "GraphicAnnotationSequence" not in silent
    assert "GraphicLayerSequence" not in silent


def test_a_comprehensive_report_measures_and_a_basic_one_does_not() -> None:
    basic, *comprehensive = by_modality()["SR"]

    def kinds(item: Dataset) -> set[str]:
        below = [kinds(each) for each in item.get("ContentSequence", ())]
        return {item.ValueType}.union(*below)

    assert "NUM" not in kinds(basic)
    assert len(comprehensive) == 2
    for report in comprehensive:
        assert {"NUM", "IMAGE", "TEXT", "CODE", "CONTAINER"} <= kinds(report)
    for report in (basic, *comprehensive):
        assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        assert "SYNTHETIC TEST DATA" in report.to_json()


def test_every_image_that_is_referred_to_says_what_for() -> None:
    """PS3.3 C.17.3.2 leaves the name to the template; OHIF shows nothing of a report whose images have none."""

    def images(item: Dataset) -> list[Dataset]:
        below = [image for each in item.get("ContentSequence", ()) for image in images(each)]
        return below + [item] * (item.get("ValueType") == "IMAGE")

    made = by_modality()
    found = [image for kind in ("SR", "KO") for each in made[kind] for image in images(each)]
    assert len(found) > 5
    assert all(one.ConceptNameCodeSequence[0].CodeMeaning for one in found)


def test_a_report_without_images_refers_to_none() -> None:
    report = by_modality("\n          - {modality: SR}\n")["SR"][0]
    assert "CurrentRequestedProcedureEvidenceSequence" not in report
    assert list(references(report)) == []


def test_a_document_is_a_pdf_with_a_page_of_ink() -> None:
    document = by_modality()["DOC"][0]
    pdf = document.EncapsulatedDocument[: document.EncapsulatedDocumentLength]
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert document.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert document.BurnedInAnnotation == "YES"
    with Image.open(BytesIO(pdf[pdf.index(b"\xff\xd8\xff") :])) as page:
        assert page.size == (1240, 1754)
        assert 0.005 < (np.asarray(page) < 128).mean() < 0.2


def test_the_name_on_a_page_changes_its_ink_in_every_script() -> None:
    pages = {
        bytes(instances(plan_study("\n          - {modality: DOC}\n", f"name: {name}"))[0]
              .dataset().EncapsulatedDocument)
        for name in ("A^B", "محمد^علي", "Y^T=山田^太郎", "Иванова^Анна", "สมชาย^ใจดี")
    }  # fmt: skip
    assert len(pages) == 5


def positions(dataset: Dataset) -> np.ndarray[Any, Any]:
    frames = dataset.PerFrameFunctionalGroupsSequence
    return np.array([each.PlanePositionSequence[0].ImagePositionPatient for each in frames], float)


@pytest.mark.parametrize(
    "kind", sorted(key for key in builders() if " " in key and "SR" not in key)
)
def test_frames_of_enhanced_images_make_one_stack(kind: str) -> None:
    series = plan_series(kind, images=2, frames=4, size=(64, 64), view="MLO", laterality="L")
    datasets = [one.dataset() for one in factory().instances(series.images)]
    for dataset in datasets:
        shared = dataset.SharedFunctionalGroupsSequence[0]
        frames = dataset.PerFrameFunctionalGroupsSequence
        assert dataset.NumberOfFrames == len(frames) == len(dataset.pixel_array) == 4
        cosines = (
            (shared if "PlaneOrientationSequence" in shared else frames[0])
            .PlaneOrientationSequence[0]
            .ImageOrientationPatient
        )
        normal = np.cross(*np.array(cosines, float).reshape(2, 3))
        steps = np.diff(positions(dataset), axis=0)
        spacing = float(shared.PixelMeasuresSequence[0].SpacingBetweenSlices)
        assert np.allclose(steps, normal * spacing, atol=1e-3)
        indices = [each.FrameContentSequence[0].DimensionIndexValues for each in frames]
        assert indices == [[1, 1], [1, 2], [1, 3], [1, 4]]
    if not kind.startswith("MG"):
        assert np.allclose(positions(datasets[1])[0] - positions(datasets[0])[-1], steps[0])


def test_an_enhanced_ct_has_the_slices_of_its_phantom() -> None:
    kind = next(key for key in builders() if key.startswith("CT "))
    enhanced = plan_series(kind, images=1, frames=5, size=(64, 64), burn_in=False)
    plain = plan_series("CT", images=5, size=(64, 64), burn_in=False)
    frames = factory().instance(enhanced.images[0]).pixels()
    slices = [one.pixels() for one in factory().instances(plain.images)]
    assert (frames == np.stack(slices)).all()


def test_text_in_enhanced_images_names_nobody_unless_it_is_asked_to() -> None:
    kind = next(key for key in builders() if key.startswith("MR "))

    def made(**more: Any) -> Instance:
        series = plan_series(kind, images=1, frames=2, size=(256, 256), **more)
        return factory().instance(series.images[0])

    plain, usual = made(burn_in=False), made()
    assert (usual.pixels() != plain.pixels()).any(axis=(1, 2)).all(), "text on every frame"
    other = made(name="SOMEBODY^ELSE")
    assert (usual.pixels() == other.pixels()).all()
    assert usual.dataset().BurnedInAnnotation == "NO"
    assert made(burn_in=("PatientName",)).dataset().BurnedInAnnotation == "YES"


def test_layers_of_a_breast_come_into_focus_in_the_middle() -> None:
    kind = next(key for key in builders() if key.startswith("MG "))
    series = plan_series(kind, images=1, frames=9, size=(256, 208), burn_in=False)
    layers = factory().instance(series.images[0]).pixels().astype(float)
    sharpness = [np.abs(np.diff(layer, axis=0)).mean() for layer in layers]
    assert sharpness[4] == max(sharpness)
    assert sharpness[0] < 0.95 * sharpness[4]


def test_tags_and_negative_marks_reach_objects_without_pixels() -> None:
    text = (
        "\n          - {modality: SR, tags: {SeriesDescription: mine, PatientSex: {raw: XYZ},"
        ' "(0009,xx01) ACME": {vr: LO, value: here}}}\n'
    )
    report = by_modality(text)["SR"][0]
    assert report.SeriesDescription == "mine"
    assert report.private_block(9, "ACME")[1].value == "here"
    assert "Negative test: PatientSex" in report.PatientComments


@pytest.mark.parametrize("modality", ["KO", "PR"])
def test_a_builder_asked_directly_says_that_there_are_no_images(modality: str) -> None:
    series = plan_series(modality, study={"series": ()})
    with pytest.raises(UsageError, match="none before it"):
        factory().instance(series.images[0])


def test_every_object_without_pixels_has_a_card_in_the_report() -> None:
    for instance in instances(plan_study(EVERYTHING)):
        assert instance.image is not None
        if instance.image.series.has_pixels:
            continue
        preview = preview_png(instance, 320)
        assert max(preview.width, preview.height) == 320
        with Image.open(BytesIO(preview.png)) as picture:
            grey = np.asarray(picture.convert("L"))
        assert 0.001 < (grey < 128).mean() < 0.5
