"""What is burned in: which attributes, what they are called, how a value reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.burn_in import identifies

if TYPE_CHECKING:
    from scenario_runner.imaging.text.fonts import Typeface
    from scenario_runner.planning.plan import PlannedImage

NUMBER_OF = "image n of N"
"""Stands for the line that counts the images, which is no attribute."""

STANDARD = (
    "PatientName",
    "PatientID",
    NUMBER_OF,
    "AccessionNumber",
    "SOPInstanceUID",
    "StudyInstanceUID",
)
"""What ``burn_in: true`` shows, most important first: a small image shows a shorter list."""

ANONYMOUS = (NUMBER_OF, "SOPInstanceUID", "StudyInstanceUID")
"""What it shows where the IOD forbids text that identifies the patient (PS3.3 C.8.15.2, C.8.21.1)."""

LABELS = {
    "PatientName": "",
    "PatientID": "ID ",
    "AccessionNumber": "Acc ",
    "StudyInstanceUID": "Study ",
    "SeriesInstanceUID": "Series ",
    "SOPInstanceUID": "SOP ",
    NUMBER_OF: "Image ",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line to burn in. value: a typical one when it varies from image to image."""

    keyword: str
    value: str
    varies: bool

    @property
    def identifies(self) -> bool:
        """Whether it says who the patient is."""
        return identifies(self.keyword)

    @property
    def label(self) -> str:
        """What stands before the value."""
        return LABELS.get(self.keyword, f"{self.keyword} ")


def said_of(image: PlannedImage, wanted: bool | tuple[str, ...]) -> list[str]:
    """The lines about a planned image, as text for whoever writes them: nothing is drawn here.

    wanted: as ``burn_in``; keywords that the plan has no value for are left out.
    """
    if not wanted:
        return []
    series = image.series
    study, patient = series.study, series.study.patient
    values = {
        "PatientName": " ".join(_components(each) for each in patient.name.split("=")[:2] if each),
        "PatientID": patient.patient_id,
        "PatientBirthDate": patient.birth_date.isoformat(),
        "PatientSex": patient.sex,
        "AccessionNumber": study.accession,
        "StudyDate": study.date.isoformat(),
        "StudyDescription": study.description,
        "StudyInstanceUID": study.uid,
        "SeriesDescription": series.description,
        "SeriesInstanceUID": series.uid,
        "SOPInstanceUID": image.uid,
        "Modality": series.modality,
        NUMBER_OF: f"{image.index + 1} of {series.image_count}",
    }
    keywords = STANDARD if isinstance(wanted, bool) else wanted
    return [
        Line(keyword, values[keyword], varies=False).label + values[keyword]
        for keyword in keywords
        if values.get(keyword)
    ]


def readable_name(name: str, face: Typeface) -> str:
    """A person name as people write it: ``CITIZEN, JANE (山田 太郎)``.

    Groups (PS3.5 6.2.1) that no font can draw are left out, if another can be drawn.
    """
    groups = [_components(group) for group in name.split("=")]
    shown = [group for group in dict.fromkeys(groups[:2]) if group and face.drawable(group)]
    if not shown:
        return groups[0]
    return shown[0] if len(shown) == 1 else f"{shown[0]} ({shown[1]})"


def _components(group: str) -> str:
    family, _, rest = group.partition("^")
    others = " ".join(part for part in rest.split("^") if part)
    if not others:
        return family
    return f"{family}, {others}" if family.isascii() else f"{family} {others}"
