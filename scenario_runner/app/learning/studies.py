"""The small studies that a PACS is asked with: planned and made as those of any scenario."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.load import Loaded
from scenario_runner.app.plan import preview_loaded
from scenario_runner.app.services import new_factory
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, TRANSFER_SYNTAXES, transfer_syntax_name
from scenario_runner.imaging.encoding.syntaxes import writable
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.site import default_site
from scenario_runner.plugins import Plugins

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries, PlannedStudy

CREATOR: Final = "DICOM FABRICATOR LEARN"
PRIVATE: Final = f"(0009,xx01) {CREATOR}"
PRIVATE_VALUE: Final = "kept as it was"
_LETTERS: Final = "bcdfghklmnprstvz"
_PLAIN: Final = {"images": 1, "size": [64, 64], "phantom": "qa/gradient", "burn_in": False}
"""Nobody looks at them: drawing people and text takes longer than asking."""


class Studies:
    """What is sent: people whose names nobody else has, and series of each kind.

    ``latin`` has a name in ASCII, ``accented`` one beyond it in Latin-1, ``cyrillic`` one in UTF-8; ``syntaxes``
    has a series in each transfer syntax, ``kinds`` one of each kind of image.
    """

    def __init__(self) -> None:
        token = "".join(secrets.choice(_LETTERS) for _ in range(4))
        self.family = f"Fab{token}phson"
        self.sounding = f"Fab{token}fson"
        """Another spelling that sounds the same."""
        self.umlaut = f"Fäb{token}"
        self.without_accent = f"Fab{token}"
        self.cyrillic_name = f"Фаб{token.translate(_TO_CYRILLIC)}"
        self._plugins = Plugins(outside=False)
        self._factory = new_factory(self._plugins)
        builders = self._plugins.named("fabricate_iod_builders")
        kinds = [key for key, one in builders.items() if one.defaults.rows and " " not in key]
        text = json.dumps(self._scenario(kinds), ensure_ascii=False)
        site = default_site(Path())
        scenario = check_scenario(parse_document(text, "pacs learn"), self._plugins, site=site)
        loaded = Loaded(self._plugins, site, (scenario,))
        [job] = preview_loaded(loaded, ":memory:", None).jobs
        self.all: Sequence[PlannedStudy] = list(job.case.studies())
        self.latin, self.syntaxes, self.kinds, self.accented, self.cyrillic = self.all

    def _scenario(self, kinds: Sequence[str]) -> dict[str, Any]:
        syntaxes = [name for name, uid in TRANSFER_SYNTAXES.items() if uid in writable()]
        return {
            "schema": "scenario/v1",
            "name": "pacs_learn",
            "patients": [
                _patient(
                    f"{self.family}^Anna",
                    [
                        {**_PLAIN, "modality": "CT", "images": 2, "tags": {PRIVATE: _KEPT}},
                        {**_PLAIN, "modality": "MR"},
                    ],
                    [{**_BYTES, "transfer_syntax": one} for one in syntaxes],
                    [{**_PLAIN, "modality": one} for one in kinds],
                ),
                _patient(f"{self.umlaut}^Änne", [_ONE], character_set="ISO_IR 100"),
                _patient(f"{self.cyrillic_name}^Анна", [_ONE], character_set="ISO_IR 192"),
            ],
            "steps": [{"generate": {}}],
        }  # fmt: skip

    def instances(self, series: Sequence[PlannedSeries], **modified: Any) -> Iterator[Instance]:
        """The instances of some series. modified: attributes by keyword that they have instead."""
        return self._factory.instances((image for one in series for image in one.images), modified)

    def one(self, image: PlannedImage, **modified: Any) -> Instance:
        """One instance."""
        return self._factory.instance(image, modified)

    @cached_property
    def uids(self) -> list[str]:
        """The UIDs of all studies."""
        return [study.uid for study in self.all]

    def about(self, series: PlannedSeries) -> str:
        """A series in words: its modality, and its transfer syntax where that is what it is for."""
        if series.transfer_syntax_uid == EXPLICIT_LE:
            return series.modality
        return transfer_syntax_name(series.transfer_syntax_uid)


_ONE: Final = {**_PLAIN, "modality": "CR"}
_BYTES: Final = {**_PLAIN, "modality": "OT", "phantom": "us/abdomen"}
"""Of eight bits, which all transfer syntaxes hold, and of the class that is taken nearly everywhere."""
_KEPT: Final = {"vr": "LO", "value": PRIVATE_VALUE}
_TO_CYRILLIC: Final = str.maketrans(_LETTERS, "бцдфгхклмнпрствз")


def _patient(name: str, *studies: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    described = [
        {"description": "What a PACS does", "accession": "{4letters}{8alnum}", "series": series}
        for series in studies
    ]
    return {"id": "LEARN{8alnum}", "name": name, "sex": "O", "studies": described, **more}
