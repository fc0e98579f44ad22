"""What a series is when the scenario does not say. Light: ``validate`` reads this."""

from __future__ import annotations

from scenario_runner.dicom import sop_classes
from scenario_runner.planning.api import ModalityDefaults

CR = ModalityDefaults(
    modality="CR",
    bits_allocated=16,
    sop_class_uid=sop_classes.COMPUTED_RADIOGRAPHY,
    images=1,
    rows=2048,
    columns=2048,
    body_part="CHEST",
    description="Chest PA",
    protocol="Chest PA",
    view="PA",
)

DX = ModalityDefaults(
    modality="DX",
    bits_allocated=16,
    sop_class_uid=sop_classes.DIGITAL_XRAY,
    images=1,
    rows=2048,
    columns=2048,
    body_part="CHEST",
    description="Chest PA",
    protocol="Chest PA",
    view="PA",
)

CT = ModalityDefaults(
    modality="CT",
    bits_allocated=16,
    sop_class_uid=sop_classes.CT,
    images=30,
    rows=512,
    columns=512,
    body_part="ABDOMEN",
    description="Abdomen",
    protocol="Abdomen routine",
)

MR = ModalityDefaults(
    modality="MR",
    bits_allocated=16,
    sop_class_uid=sop_classes.MR,
    images=25,
    rows=256,
    columns=256,
    body_part="BRAIN",
    description="T2 transverse",
    protocol="Brain routine",
)

MG = ModalityDefaults(
    modality="MG",
    bits_allocated=16,
    sop_class_uid=sop_classes.DIGITAL_MAMMOGRAPHY,
    images=1,
    rows=4096,
    columns=3328,
    body_part="BREAST",
    description="Mammography",
    protocol="Screening",
)

US = ModalityDefaults(
    modality="US",
    bits_allocated=8,
    sop_class_uid=sop_classes.ULTRASOUND,
    multiframe_sop_class_uid=sop_classes.ULTRASOUND_MULTI_FRAME,
    color_when_multiframe=True,
    images=1,
    rows=480,
    columns=640,
    body_part="ABDOMEN",
    description="Abdomen",
    protocol="Abdomen",
)

OT = ModalityDefaults(
    modality="OT",
    bits_allocated=16,
    sop_class_uid=sop_classes.SECONDARY_CAPTURE,
    images=1,
    rows=512,
    columns=512,
    body_part="HEAD",
    description="Secondary capture",
)

XA = ModalityDefaults(
    modality="XA",
    bits_allocated=8,
    sop_class_uid=sop_classes.XRAY_ANGIOGRAPHIC,
    images=1,
    rows=512,
    columns=512,
    frames=30,
    body_part="HEART",
    description="Coronary angiography",
    protocol="Coronary 15 fps",
)

RF = ModalityDefaults(
    modality="RF",
    bits_allocated=8,
    sop_class_uid=sop_classes.XRAY_RADIOFLUOROSCOPIC,
    images=1,
    rows=512,
    columns=512,
    frames=20,
    body_part="ESOPHAGUS",
    description="Barium swallow",
    protocol="Swallow 15 fps",
)

IO = ModalityDefaults(
    modality="IO",
    bits_allocated=16,
    sop_class_uid=sop_classes.DIGITAL_INTRA_ORAL,
    images=1,
    rows=1200,
    columns=1600,
    body_part="JAW",
    description="Intra-oral radiograph",
    protocol="Periapical",
)

PX = ModalityDefaults(
    modality="PX",
    bits_allocated=16,
    sop_class_uid=sop_classes.DIGITAL_XRAY,
    images=1,
    rows=1340,
    columns=2680,
    body_part="JAW",
    description="Panoramic radiograph",
    protocol="Panoramic",
)

NM = ModalityDefaults(
    modality="NM",
    bits_allocated=16,
    sop_class_uid=sop_classes.NUCLEAR_MEDICINE,
    images=1,
    rows=1024,
    columns=256,
    frames=2,
    body_part="WHOLEBODY",
    description="Bone scan",
    protocol="Whole body",
)

PT = ModalityDefaults(
    modality="PT",
    bits_allocated=16,
    sop_class_uid=sop_classes.POSITRON_EMISSION_TOMOGRAPHY,
    images=60,
    rows=200,
    columns=200,
    body_part="ABDOMEN",
    description="PET FDG",
    protocol="PET/CT",
)

XC = ModalityDefaults(
    modality="XC",
    bits_allocated=8,
    sop_class_uid=sop_classes.VL_PHOTOGRAPHIC,
    color=True,
    images=1,
    rows=1200,
    columns=1600,
    body_part="CHEST",
    description="Skin photograph",
    protocol="Photo",
)

ES = ModalityDefaults(
    modality="ES",
    bits_allocated=8,
    sop_class_uid=sop_classes.VL_ENDOSCOPIC,
    color=True,
    images=3,
    rows=576,
    columns=720,
    body_part="COLON",
    description="Colonoscopy",
    protocol="Colonoscopy",
)

ENHANCED_CT = ModalityDefaults(
    modality="CT",
    bits_allocated=16,
    sop_class_uid=sop_classes.ENHANCED_CT,
    by_sop_class=True,
    functional_groups=True,
    may_say_burned_in=False,
    images=1,
    rows=512,
    columns=512,
    frames=30,
    stacked=True,
    body_part="ABDOMEN",
    description="Abdomen",
    protocol="Abdomen routine",
)

ENHANCED_MR = ModalityDefaults(
    modality="MR",
    bits_allocated=16,
    sop_class_uid=sop_classes.ENHANCED_MR,
    by_sop_class=True,
    functional_groups=True,
    may_say_burned_in=False,
    images=1,
    rows=256,
    columns=256,
    frames=25,
    stacked=True,
    body_part="BRAIN",
    description="T2 transverse",
    protocol="Brain routine",
)

TOMOSYNTHESIS = ModalityDefaults(
    modality="MG",
    bits_allocated=16,
    sop_class_uid=sop_classes.BREAST_TOMOSYNTHESIS,
    by_sop_class=True,
    functional_groups=True,
    may_say_burned_in=False,
    images=1,
    rows=1024,
    columns=832,
    frames=15,
    body_part="BREAST",
    description="Breast tomosynthesis",
    protocol="Tomosynthesis",
    phantom="mg/tomosynthesis",
)

BASIC_TEXT_SR = ModalityDefaults(
    modality="SR",
    sop_class_uid=sop_classes.BASIC_TEXT_SR,
    images=1,
    rows=0,
    columns=0,
    description="Report",
)

COMPREHENSIVE_SR = ModalityDefaults(
    modality="SR",
    sop_class_uid=sop_classes.COMPREHENSIVE_SR,
    by_sop_class=True,
    images=1,
    rows=0,
    columns=0,
    description="Report with measurements",
)

KO = ModalityDefaults(
    modality="KO",
    sop_class_uid=sop_classes.KEY_OBJECT_SELECTION,
    images=1,
    rows=0,
    columns=0,
    refers_to="images",
    description="Key images",
)

PR = ModalityDefaults(
    modality="PR",
    sop_class_uid=sop_classes.GRAYSCALE_PRESENTATION_STATE,
    images=0,
    rows=0,
    columns=0,
    refers_to="greyscale images",
    description="Presentation states",
)

DOC = ModalityDefaults(
    modality="DOC",
    sop_class_uid=sop_classes.ENCAPSULATED_PDF,
    images=1,
    rows=0,
    columns=0,
    description="Document",
)

ALL = (
    CR, CT, DOC, DX, ES, IO, KO, MG, MR, NM, OT, PR, PT, PX, RF, BASIC_TEXT_SR, US, XA, XC,
    COMPREHENSIVE_SR, ENHANCED_CT, ENHANCED_MR, TOMOSYNTHESIS,
)  # fmt: skip
"""Those that a series gets by its modality, then those that it gets by its SOP class."""
