"""Of which studies it can be told whether they hold more than was looked for."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.api.operations import Remark
from scenario_runner.checks.presence import presence
from scenario_runner.planning.plan import PlannedImage
from tests.planning.support import plan


class Archive(Target):
    """Has what was sent, and says something of each answer."""

    def __init__(self, images: list[PlannedImage], remark: Remark) -> None:
        self.name = "pacs"
        self.remark = remark
        self.images = images

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """Series and images by their UIDs alone."""
        if request.remarked is not None:
            request.remarked(self.remark)
        of = [
            {"SOPInstanceUID": one.uid, "SeriesInstanceUID": one.series.uid} for one in self.images
        ]
        study = self.images[0].series.study.uid
        if request.level == "series":
            series = dict.fromkeys(one["SeriesInstanceUID"] for one in of)
            return [{"StudyInstanceUID": study, "SeriesInstanceUID": uid} for uid in series]
        wanted = request.match["SeriesInstanceUID"]
        return [
            {"StudyInstanceUID": study, **one} for one in of if one["SeriesInstanceUID"] == wanted
        ]


@pytest.mark.parametrize(
    ("remark", "partly"), [("no offset", 0), ("cut off", 1), ("ended early", 1)]
)
def test_a_short_page_is_a_whole_one_where_a_service_ignores_the_offset(
    remark: Remark, partly: int
) -> None:
    (case,) = plan("patients: [{studies: [{series: [{modality: CT, images: 2}]}]}]")
    images = list(case.images())
    assert len(presence(Archive(images, remark), images, Deadline(10)).partly) == partly


def test_beside_a_part_of_a_series_may_be_what_else_was_sent_of_it() -> None:
    """Two imports can each bring instances of one series."""
    (case,) = plan("patients: [{studies: [{series: [{modality: CT, images: 3}]}]}]")
    images = list(case.images())
    archive = Archive(images, "ended early")
    uid = images[0].series.uid
    besides = {uid: {one.uid for one in images}}
    assert presence(archive, images[:1], Deadline(10), besides).exact
    others = presence(archive, images[:1], Deadline(10), {uid: {images[1].uid}})
    assert others.foreign == {images[0].series.study.uid: {images[2].uid}}
