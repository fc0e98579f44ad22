"""All our rules on one page. An id is stable: reports and negative tests name it."""

from __future__ import annotations

from typing import Final

from scenario_runner.conformance.rules import (
    compression,
    conditional,
    conditions,
    content,
    dates,
    derived,
    encoding,
    enhanced,
    enumerated,
    geometry,
    meta,
    modules,
    person_names,
    pixels,
    presentation,
    values,
)
from scenario_runner.conformance.rules.base import ElementRule, ObjectRule, Rule

READING: Final = (
    Rule("not-dicom", "PS3.10 7.1", "A file is a DICOM file"),
    Rule("no-preamble", "PS3.10 7.1", "A file has a preamble and DICM"),
    Rule("truncated", "PS3.5 7.1", "Nothing is longer than what it is in"),
    Rule("structure", "PS3.5 7.1", "The bytes are data elements"),
    Rule("zeros", "PS3.10 7.2", "Padding after a data set is an element", "warning"),
    Rule("too-large", "", "The object can be judged within the limits on depth and number"),
    Rule("unjudged", "", "Every value can be judged within the limit on memory", "warning"),
    Rule("even-length", "PS3.5 7.1.1", "Every value has an even length"),
    Rule("element-order", "PS3.5 7.1", "Tags ascend"),
    Rule("element-repeated", "PS3.5 7.1", "A tag occurs once in a data set"),
)
"""What reading finds, in the order it can happen."""

ELEMENTS: Final = (
    ElementRule("vr-length", "PS3.5 6.2", "No value is too long for its VR", judge=values.length),
    ElementRule("vr-form", "PS3.5 6.2", "A value has its VR's form", judge=values.form),
    ElementRule("vr-size", "PS3.5 6.2", "Numbers are whole", judge=values.size),
    ElementRule("padding", "PS3.5 6.2", "Padding is a space, of UI a NULL", judge=values.padding),
    ElementRule("uid", "PS3.5 9.1", "A UID is well formed", judge=values.uid),
    ElementRule(
        "multiplicity", "PS3.6 6", "There are as many values as allowed", judge=values.multiplicity
    ),
    ElementRule(
        "characters", "PS3.5 6.1", "Text is in the declared character set", judge=values.characters
    ),
    ElementRule(
        "character-set",
        "PS3.3 C.12.1.1.2",
        "SpecificCharacterSet has defined terms",
        judge=encoding.character_set_terms,
    ),
    ElementRule(
        "alphabetic-group",
        "PS3.5 6.2.1.2",
        "A name's first component group is in the first character set, without escape sequences",
        "warning",
        judge=person_names.alphabetic_group,
    ),
    ElementRule("vr", "PS3.6 6", "The VR is the dictionary's", judge=encoding.dictionary_vr),
    ElementRule(
        "private-creator",
        "PS3.5 7.8.1",
        "A private element is in a reserved block",
        judge=encoding.private_creator,
    ),
    ElementRule(
        "group", "PS3.5 7.1", "No command or file meta element", judge=encoding.misplaced_group
    ),
    ElementRule("code", "PS3.3 8.8", "A code has scheme and meaning", judge=encoding.codes),
    ElementRule(
        "reference",
        "PS3.3 10.8",
        "A reference has SOP class and instance",
        judge=encoding.references,
    ),
    ElementRule(
        "timezone",
        "PS3.3 C.12.1.1.8",
        "TimezoneOffsetFromUTC is an offset",
        judge=values.timezone,
    ),
    ElementRule(
        "real-world-value",
        "PS3.3 C.7.6.16.2.11",
        "A real world value mapping is complete",
        judge=geometry.real_world,
    ),
    ElementRule("retired", "PS3.6 6", "No retired attribute", "warning", judge=encoding.retired),
    ElementRule("unknown-tag", "PS3.6 6", "A known attribute", "warning", judge=encoding.unknown),
)
"""Judged for every element, those in sequences included."""

OBJECT: Final = (
    ObjectRule("meta-missing", "PS3.10 7.1", "File meta is complete", judge=meta.required),
    ObjectRule("meta-length", "PS3.10 7.1", "Its length is right", judge=meta.group_length),
    ObjectRule(
        "transfer-syntax",
        "PS3.10 7.1",
        "The transfer syntax is known",
        judge=meta.known_transfer_syntax,
    ),
    ObjectRule(
        "newer-uid",
        "PS3.6 A",
        "Class and transfer syntax are known here",
        "warning",
        judge=meta.newer_uids,
    ),
    ObjectRule("meta-class", "PS3.10 7.1", "File meta has the SOP class", judge=meta.same_class),
    ObjectRule(
        "meta-instance", "PS3.10 7.1", "File meta has the SOP instance", judge=meta.same_instance
    ),
    ObjectRule(
        "sop-class", "PS3.6 A", "The SOP class is known", "warning", judge=modules.known_class
    ),
    ObjectRule(
        "modality", "PS3.3 C.7.3.1.1.1", "Modality fits SOP class", judge=modules.modality_fits
    ),
    ObjectRule("type-1", "PS3.5 7.4.1", "Type 1 has a value", judge=modules.type_1, whole=True),
    ObjectRule("type-1c", "PS3.5 7.4.2", "Type 1C is not empty", judge=modules.type_1c, whole=True),
    ObjectRule("type-2", "PS3.5 7.4.3", "Type 2 is there", judge=modules.type_2, whole=True),
    ObjectRule(
        "functional-groups",
        "PS3.3 C.7.6.16",
        "The functional groups of the IOD are there",
        judge=modules.functional_groups,
        whole=True,
    ),
    ObjectRule(
        "dimensions",
        "PS3.3 C.7.6.17",
        "Frames have what their dimensions are named by",
        judge=enhanced.dimensions,
        whole=True,
    ),
    ObjectRule(
        "segments",
        "PS3.3 C.8.20.2",
        "Segments say what they are and how they were made",
        judge=derived.segments,
        whole=True,
    ),
    ObjectRule(
        "references-listed",
        "PS3.3 C.12.2",
        "What an object was derived from, it lists by series",
        judge=derived.references,
        whole=True,
    ),
    ObjectRule(
        "verified",
        "PS3.3 C.17.2",
        "A document that is verified says by whom",
        judge=content.verified,
        whole=True,
    ),
    ObjectRule(
        "original",
        "PS3.3 C.8.15.2",
        "Enhanced CT and MR images say what they are fit for",
        judge=enhanced.fit_for,
        whole=True,
    ),
    ObjectRule(
        "whole-body",
        "PS3.3 C.8.4.9",
        "Whole body nuclear images say how they were scanned",
        judge=conditions.whole_body,
        whole=True,
    ),
    ObjectRule(
        "content-item",
        "PS3.3 C.17.3",
        "Content items have name, value and relationship",
        judge=content.content,
        whole=True,
    ),
    ObjectRule(
        "evidence",
        "PS3.3 C.17.2",
        "What a document refers to is listed as evidence",
        judge=content.evidence,
        whole=True,
    ),
    ObjectRule(
        "display",
        "PS3.3 C.10.4",
        "A presentation state says how and what it shows",
        judge=presentation.display,
        whole=True,
    ),
    ObjectRule(
        "graphics",
        "PS3.3 C.10.5",
        "Annotations have something to show, and a place",
        judge=presentation.graphics,
        whole=True,
    ),
    ObjectRule(
        "positioner-motion",
        "PS3.3 C.8.7.5",
        "An angiographic run says whether the positioner moved",
        judge=conditions.positioner_motion,
        whole=True,
    ),
    ObjectRule(
        "manufacturer",
        "PS3.3 C.7.5.1",
        "Who tells of equipment names its maker",
        judge=conditions.manufacturer,
        whole=True,
    ),
    ObjectRule(
        "specimen",
        "PS3.3 C.7.6.22",
        "An image of a specimen says which it is",
        judge=conditions.specimen,
        whole=True,
    ),
    ObjectRule(
        "clinical-trial",
        "PS3.3 C.7.1.3",
        "Who tells of the subject of a clinical trial says of which",
        judge=conditions.clinical_trial,
        whole=True,
    ),
    ObjectRule(
        "clinical-trial-part",
        "PS3.3 C.7.2.3",
        "Who tells of a part of a clinical trial says of which",
        judge=conditional.clinical_trial_parts,
        whole=True,
    ),
    ObjectRule(
        "animal",
        "PS3.3 C.7.1.1",
        "A patient that is an animal has a species, a breed and an owner",
        judge=conditional.animal,
        whole=True,
    ),
    ObjectRule(
        "responsible-role",
        "PS3.3 C.7.1.1",
        "A responsible person has a role",
        judge=conditional.responsible_role,
        whole=True,
    ),
    ObjectRule(
        "one-region", "PS3.3 10.5", "An image shows one region", judge=conditional.one_region
    ),
    ObjectRule(
        "intraoral-region",
        "PS3.3 C.8.11.9",
        "An intra-oral image says which part of its region it shows",
        judge=conditional.intraoral_region,
        whole=True,
    ),
    ObjectRule(
        "frame-of-reference-module",
        "PS3.3 C.7.4.1",
        "A frame of reference has both of its attributes",
        judge=conditional.frame_of_reference,
        whole=True,
    ),
    ObjectRule(
        "shown-by",
        "PS3.3 C.8.11.3",
        "Digital X-ray for presentation has a window or a table",
        judge=conditional.shown_by,
        whole=True,
    ),
    ObjectRule(
        "aspect-ratio",
        "PS3.3 C.7.6.3",
        "An aspect ratio is of pixels that are not square",
        judge=conditional.aspect_ratio,
        whole=True,
    ),
    ObjectRule(
        "padding-range",
        "PS3.3 C.7.5.1",
        "A range of padding has two ends",
        judge=conditional.padding_range,
        whole=True,
    ),
    ObjectRule(
        "palette",
        "PS3.3 C.7.6.3",
        "Tables of colours are of palette images",
        judge=conditional.palette,
        whole=True,
    ),
    ObjectRule(
        "pet-series",
        "PS3.3 C.8.9.1",
        "PET series say of gates and times what they are to",
        judge=conditional.pet_series,
        whole=True,
    ),
    ObjectRule(
        "cine",
        "PS3.3 C.7.6.5",
        "Frame times are there where frames are told apart by them",
        judge=conditional.cine,
        whole=True,
    ),
    ObjectRule(
        "frames-by",
        "PS3.3 C.8.4.8.1",
        "Frames of nuclear medicine are told apart by what their image has",
        judge=conditional.nuclear_frames,
        whole=True,
    ),
    ObjectRule(
        "vector",
        "PS3.3 C.8.4.8",
        "Vectors of nuclear medicine count to the number there is",
        judge=conditional.vectors,
        whole=True,
    ),
    ObjectRule(
        "region-modifier",
        "PS3.3 10.5",
        "What modifies a region goes with one",
        judge=conditions.region_modifier,
        whole=True,
    ),
    ObjectRule(
        "known-region",
        "PS3.5 7.4.3",
        "Of Type 2 what is known has a value",
        judge=conditions.known_region,
        whole=True,
    ),
    ObjectRule(
        "pixel-data",
        "PS3.3 C.7.6.3",
        "An image has pixels",
        judge=modules.pixel_data,
        whole=True,
    ),
    ObjectRule(
        "enumerated", "PS3.3 C.7", "Enumerated Values are kept", judge=enumerated.enumerated
    ),
    ObjectRule(
        "patient-orientation",
        "PS3.3 C.7.6.1",
        "An image without a place has an orientation",
        judge=conditions.patient_orientation,
        whole=True,
    ),
    ObjectRule(
        "patient-position",
        "PS3.3 C.7.3.1",
        "CT and MR have a patient position; nothing has one beside PatientOrientationCodeSequence",
        judge=conditions.patient_position,
        whole=True,
    ),
    ObjectRule(
        "repetition-time",
        "PS3.3 C.8.3.1",
        "MR has a repetition time",
        judge=conditions.repetition_time,
        whole=True,
    ),
    ObjectRule(
        "decay-factor",
        "PS3.3 C.8.9.4",
        "PET corrected for decay says by how much",
        judge=conditions.decay_factor,
        whole=True,
    ),
    ObjectRule(
        "frames",
        "PS3.3 C.7.6.6",
        "Several frames have a frame increment pointer that leads somewhere",
        judge=conditions.frames,
        whole=True,
    ),
    ObjectRule(
        "hounsfield",
        "PS3.3 C.8.2.1",
        "Original CT is in Hounsfield units",
        judge=conditions.hounsfield,
    ),
    ObjectRule("laterality", "PS3.3 C.7.3.1", "One of a pair has a side", judge=modules.laterality),
    ObjectRule(
        "no-laterality",
        "PS3.3 C.7.3.1",
        "One without a pair has none",
        judge=modules.one_sided,
    ),
    ObjectRule(
        "age", "PS3.3 C.7.2.2", "PatientAge agrees with the dates", "warning", judge=dates.age
    ),
    ObjectRule("birth", "PS3.3 C.7.1.1", "Birth is before the study", judge=dates.born_before),
    ObjectRule("bits", "PS3.5 8.1.1", "Bits allocated, stored, high agree", judge=pixels.bits),
    ObjectRule(
        "photometric",
        "PS3.3 C.7.6.3.1.2",
        "Samples fit photometric interpretation",
        judge=pixels.photometric,
    ),
    ObjectRule(
        "planar", "PS3.3 C.7.6.3.1.3", "Planar configuration of colour only", judge=pixels.planar
    ),
    ObjectRule(
        "pixel-representation", "PS3.3 C.7.6.3", "It is 0 or 1", judge=pixels.representation
    ),
    ObjectRule("image-size", "PS3.3 C.7.6.3", "There is at least one pixel", judge=pixels.size),
    ObjectRule("pixel-length", "PS3.5 8.1.1", "All pixels are there", judge=pixels.native_length),
    ObjectRule(
        "encapsulation", "PS3.5 A.4", "Fragments if compressed", judge=compression.encapsulation
    ),
    ObjectRule("fragments", "PS3.5 A.4", "A fragment for each frame", judge=compression.fragments),
    ObjectRule(
        "offset-table",
        "PS3.5 A.4",
        "Offsets lead to the frames",
        judge=compression.offset_table,
    ),
    ObjectRule(
        "compressed-color",
        "PS3.5 8.2.4",
        "Colour as the transfer syntax has it",
        judge=compression.color,
    ),
    ObjectRule(
        "baseline-bits", "PS3.5 8.2.1", "JPEG baseline has 8 bits", judge=compression.baseline_bits
    ),
    ObjectRule("pixel-vr", "PS3.5 A.2", "Pixel data is OB or OW", judge=pixels.pixel_vr),
    ObjectRule("lossy", "PS3.3 C.7.6.1.1.5", "Lossy compression is told", judge=compression.lossy),
    ObjectRule(
        "orientation",
        "PS3.3 C.7.6.2.1.1",
        "Directions are unit vectors at right angles",
        judge=geometry.orientation,
    ),
    ObjectRule("spacing", "PS3.3 10.7", "Spacing is positive", judge=geometry.spacing),
    ObjectRule("thickness", "PS3.3 C.7.6.2", "Thickness is positive", judge=geometry.thickness),
    ObjectRule("window", "PS3.3 C.11.2.1.2", "Windows are possible", judge=geometry.window),
    ObjectRule("rescale", "PS3.3 C.11.1", "Rescale is possible", judge=geometry.rescale),
)
"""Judged once for a file."""

STUDY: Final = (
    Rule("same-patient", "PS3.3 C.7.1.1", "A study is of one patient"),
    Rule("same-study", "PS3.3 C.7.2.1", "A study's attributes are alike in all its instances"),
    Rule("same-series", "PS3.3 C.7.3.1", "A series' attributes are alike in all its instances"),
    Rule("series-of-one-study", "PS3.3 C.7.3.1", "A series belongs to one study"),
    Rule("unique-instance", "PS3.3 C.12.1", "A SOP instance UID is used once"),
    Rule("unique-number", "PS3.3 C.7.6.1", "Instance numbers differ in a series", "warning"),
    Rule("frame-of-reference", "PS3.3 C.7.4.1", "A series has one frame of reference"),
    Rule("slice-positions", "PS3.3 C.7.6.2.1.1", "Slices of a stack lie apart", "warning"),
    Rule(
        "implementation",
        "PS3.7 D.3.3.2",
        "ImplementationClassUID is the writer's, not the file's",
        "warning",
    ),
    Rule("slice-spacing", "PS3.3 C.7.6.2.1.1", "Slices are evenly spaced", "warning"),
)
"""Judged between files."""
