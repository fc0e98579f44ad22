"""Errors that dciodvfy reports about objects that are right: known, and told as what they are.

Each is a wording of the program, what must be true of the object for it to be false, and why the
Standard says so. The same wording about an object of which that is not true stays an error. Seen in
dicom3tools 1.00 of 2022-06-18; every row is proved by a test against the installed program.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.conformance.rules import classes, pixels, values
from scenario_runner.conformance.rules.requirements import in_items, required
from scenario_runner.dicom.body_parts import find, is_paired
from scenario_runner.dicom.characters import UndecodableError
from scenario_runner.dicom.dictionary import attribute, keyword_of, may_be_newer, registered, tag_of
from scenario_runner.dicom.vrs import CHARACTER_SET
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scenario_runner.conformance.api import Finding
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items


class Place(NamedTuple):
    """What an error is about: the object, and in it an element with the items it is in, or what is missing."""

    file: DicomFile
    items: Items
    element: Element | None
    missing: str = ""
    """The keyword of an attribute that is not there."""


@dataclass(frozen=True, slots=True)
class KnownFalse:
    """One error that can be false. rule: a stable name. holds: whether it is, of this object."""

    rule: str
    wording: re.Pattern[str]
    holds: Callable[[Place], bool]
    reason: str
    section: str
    attribute: str = ""
    """The one that it is about, where the wording does not tell."""


_CONTROLS_OF_TEXT: Final = "\t\n\f\r"


def _is_short_enough(place: Place) -> bool:
    """The value can be read, and is as long in characters, or component groups, as it may be."""
    element = place.element
    if element is None or not element.kept or element.vr not in CHARACTER_SET:
        return False
    try:
        values.values_of(element, place.items)
    except UndecodableError:
        return False
    return not list(values.length(place.items, element))


def _decodes(place: Place) -> bool:
    """The value can be read as the declared character set has it, and is of the form of its VR."""
    element = place.element
    if element is None or not element.kept or element.vr not in CHARACTER_SET:
        return False
    faults = (*values.characters(place.items, element), *values.form(place.items, element))
    return not faults


def _has_half_a_backslash(place: Place) -> bool:
    """A byte of a character looks like a backslash, and there are as many values as there may be."""
    element = place.element
    if element is None or not _decodes(place):
        return False
    real = "\\".join(values.values_of(element, place.items)).count("\\")
    return element.value.count(b"\\") > real and not list(values.multiplicity(place.items, element))


def _has_line_breaks_only(place: Place) -> bool:
    """The text has TAB, LF, FF and CR and no other control character."""
    element = place.element
    if element is None or element.vr not in ("LT", "ST", "UT"):
        return False
    try:
        text = "".join(values.values_of(element, place.items))
    except UndecodableError:
        return False
    return any(c in text for c in _CONTROLS_OF_TEXT) and not list(values.form(place.items, element))


def _has_no_part(place: Place) -> bool:
    """Nothing says which part of the body was examined, or in a word that nobody knows, or it is one without a pair."""
    data = place.file.data
    part = find(data.text("BodyPartExamined"))
    if part is None:
        return not data.items_of("AnatomicRegionSequence")
    return not part.paired


def _has_a_pair(place: Place) -> bool:
    """The part of the body that was examined is one of two."""
    return is_paired(place.file.data.text("BodyPartExamined"))


def _class_is_of_the_standard(place: Place) -> bool:
    """Registered, or newer than the registry here: then nobody here can say that there is none."""
    uid = place.file.sop_class
    kind = registered(uid).kind
    return kind == "SOP Class" or may_be_newer(uid)


def _attribute_is_known(place: Place) -> bool:
    return place.element is not None and attribute(place.element.tag) is not None


def _is_subsampled(place: Place) -> bool:
    """YBR_FULL_422 as it is when native: two bytes for a pixel, and all of them are there."""
    data = place.file.data
    return (
        data.text("PhotometricInterpretation") == "YBR_FULL_422"
        and data.number("SamplesPerPixel") == 3
        and not list(pixels.native_length(place.file))
    )


def _has_no_frame_vectors(place: Place) -> bool:
    """The object is none of the Multi-frame NM IOD, in which the vector has a value for each frame."""
    return place.file.sop_class not in classes.NM


def _is_empty_and_optional(place: Place) -> bool:
    """An empty attribute that neither a module of the object nor its sequence requires a value of."""
    if place.element is None or not place.element.empty:
        return False
    uid, within = place.file.sop_class, re.findall(r"(\w+)\[\d+\]", place.items.path)
    if within:
        parent, sequence = [0, *map(tag_of, within)][-2:]
        rows = in_items(uid, parent, sequence)
    else:
        rows = required(uid)
    return keyword_of(place.element.tag) not in {one.keyword for one in rows if one.type != "2"}


_OF_DEFINED_TERMS: Final = frozenset(("AcquisitionContrast", "ComplexImageComponent"))


def _has_defined_terms(place: Place) -> bool:
    """The attribute has Defined Terms, to which others may be added, and its value is of the form of its VR."""
    element = place.element
    return (
        element is not None
        and keyword_of(element.tag) in _OF_DEFINED_TERMS
        and not list(values.form(place.items, element))
    )


_WANTED_BESIDE: Final = {
    "ContentSequence": ("ValueType", "ContinuityOfContent"),
    "StrainStockSequence": (
        "PatientSpeciesDescription",
        "PatientSpeciesCodeSequence",
        "PatientBreedDescription",
        "PatientBreedCodeSequence",
        "BreedRegistrationSequence",
        "ResponsiblePerson",
        "ResponsibleOrganization",
        "PatientSexNeutered",
    ),
}
"""What the program demands beside an optional attribute, as a part of the same thing."""


def _is_wanted_beside_nothing(place: Place) -> bool:
    """All that could demand the missing attribute is there without a value, and its companions have none."""
    data = place.file.data
    return any(
        place.missing in companions
        and (cause := data.get(keyword)) is not None
        and cause.empty
        and all((one := data.get(each)) is None or one.empty for each in companions)
        for keyword, companions in _WANTED_BESIDE.items()
    )


KNOWN_FALSE: Final = (
    KnownFalse(
        "beside-nothing",
        re.compile(r"Missing attribute for Type [12]C Conditional"),
        _is_wanted_beside_nothing,
        "the optional attribute that it would stand beside has no value, which means the same as its absence",
        "PS3.5 7.4.5",
    ),
    KnownFalse(
        "defined-term",
        re.compile(r"Unrecognized enumerated value"),
        _has_defined_terms,
        "the Standard has Defined Terms for it, and others may be used",
        "PS3.3 C.8.13.3.1",
    ),
    KnownFalse(
        "empty-optional",
        re.compile(
            r"Bad Sequence number of Items = <0> \(1(-n)? Required by Module definition\)"
            r"|Bad attribute Value Multiplicity for Type 3 Optional"
            r"|A single Item is required if present and not a Digital X-Ray family image"
        ),
        _is_empty_and_optional,
        "an attribute of Type 3 may be there without a value, which means the same as its absence",
        "PS3.5 7.4.5",
    ),
    KnownFalse(
        "vector-of-no-frames",
        re.compile(r"Number of values in vector does not match NumberOfFrames"),
        _has_no_frame_vectors,
        "the vectors of nuclear medicine have a value for each frame in its IOD; in another object nobody says so",
        "PS3.3 C.8.4.8",
    ),
    KnownFalse(
        "length-in-bytes",
        re.compile(r"Value invalid for this VR \[\w\w\].* - Length invalid for this VR", re.DOTALL),
        _is_short_enough,
        "it counts bytes and all component groups of a name together; the limit is on characters, "
        "and of a name on each component group",
        "PS3.5 6.2",
    ),
    KnownFalse(
        "character-unknown",
        re.compile(
            r"Value invalid for this VR \[\w\w\].* - Character invalid for character repertoire",
            re.DOTALL,
        ),
        _decodes,
        "the program does not know this character set, or not all of it; the value can be read as declared",
        "PS3.3 C.12.1.1.2",
    ),
    KnownFalse(
        "backslash-in-character",
        re.compile(r"Bad attribute Value Multiplicity"),
        _has_half_a_backslash,
        "a byte of a character of two bytes is no delimiter, though a backslash has the same code",
        "PS3.5 6.1.2.5.3",
    ),
    KnownFalse(
        "control-in-text",
        re.compile(r"Value invalid for this VR \[(LT|ST|UT)\]", re.DOTALL),
        _has_line_breaks_only,
        "TAB, LF, FF and CR may stand in a text",
        "PS3.5 6.1.3",
    ),
    KnownFalse(
        "laterality-of-no-part",
        re.compile(r"Missing attribute for Type 2C Conditional - Module=<GeneralSeries>"),
        _has_no_part,
        "Laterality is required where the body part examined is one of a pair; no part is named, or none that is known, or one without a pair",
        "PS3.3 C.7.3.1",
        attribute="Laterality",
    ),
    KnownFalse(
        "laterality-of-a-pair",
        re.compile(r"Attribute present when condition unsatisfied .*Module=<GeneralSeries>"),
        _has_a_pair,
        "the body part examined is one of a pair (PS3.16 table L-5), and Laterality says which",
        "PS3.3 C.7.3.1",
        attribute="Laterality",
    ),
    KnownFalse(
        "class-unknown",
        re.compile(r"Information Object Not found"),
        _class_is_of_the_standard,
        "the program is older than this SOP class, and judged the elements alone",
        "PS3.6 A",
    ),
    KnownFalse(
        "attribute-unknown",
        re.compile(r"Attribute with an even group number is not a recognized standard attribute"),
        _attribute_is_known,
        "the program is older than this attribute",
        "PS3.6 6",
    ),
    KnownFalse(
        "subsampled-length",
        re.compile(r"PixelData has incorrect value length"),
        _is_subsampled,
        "two chrominance samples serve two pixels, so that a pixel has two bytes",
        "PS3.3 C.7.6.3.1.2",
    ),
    KnownFalse(
        "subsampled-term",
        re.compile(r"Unrecognized enumerated value = <YBR_FULL_422>"),
        _is_subsampled,
        "native pixels can be YBR_FULL_422",
        "PS3.3 C.7.6.3.1.2",
    ),
)


def marked(findings: Iterable[Finding], file: DicomFile) -> Iterator[Finding]:
    """The findings, those that are known to be false as warnings that say so."""
    places: dict[str, Place] | None = None
    for finding in findings:
        if finding.severity != "error":
            yield finding
            continue
        places = _places(file) if places is None else places
        keyword = finding.attribute or ""
        place = places.get(keyword, Place(file, file.data, None, keyword))
        known = next(
            (row for row in KNOWN_FALSE if _said(row, finding) and row.holds(place)),
            None,
        )
        yield (
            finding
            if known is None
            else replace(
                finding,
                severity="warning",
                message=f"{finding.message} (known to be false: {known.reason})",
                section=known.section,
                rule=known.rule,
            )
        )


def _said(row: KnownFalse, finding: Finding) -> bool:
    about = row.attribute in ("", finding.attribute)
    return about and row.wording.match(finding.message) is not None


def _places(file: DicomFile) -> dict[str, Place]:
    return {
        items.where(element): Place(file, items, element) for items, element in file.data.walk()
    }
