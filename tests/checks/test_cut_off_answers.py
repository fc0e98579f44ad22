"""A service that gives the first matches alone is not said to have lost the others."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.network.dicomweb.services import (
    DICOM_JSON,
    Asked,
    Reply,
    dicom_json,
    results_json,
    service,
)
from tests.running import fabricate, record, steps, write_scenario, write_site

STUDY, SERIES, CAP = "1.2.3", "1.2.4", 3


class Archive:
    """Takes a series by STOW-RS and tells three matches of any search, whatever the offset."""

    def __init__(self, loses: int) -> None:
        self.held: list[str] = []
        self.loses = loses

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            self.held += asked.uids
            return Reply(200, results_json(dict.fromkeys(asked.uids)), DICOM_JSON)
        url = urlsplit(asked.path)
        found = [{"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES}]
        if re.search(r"/instances$", url.path):
            wanted = parse_qs(url.query).get("SOPInstanceUID")
            kept = self.held[self.loses :]
            uids = [uid for uid in kept if wanted is None or uid in wanted][:CAP]
            found = [{**found[0], "SOPInstanceUID": uid} for uid in uids]
        return Reply(200, dicom_json(*found), DICOM_JSON) if found else Reply(204)


def test_what_a_service_does_not_list_is_asked_for_by_its_uid_before_it_is_called_lost(
    tmp_path: Path,
) -> None:
    said = []
    for loses in (0, 1):
        folder = tmp_path / str(loses)
        folder.mkdir()
        with service(Archive(loses)) as running:
            targets = {"pacs": {"dicomweb": {"url": running.peer.url}}}
            site = write_site(folder / "site.yaml", targets)
            series = {
                "modality": "CT",
                "images": 6,
                "size": [16, 16],
                "tags": {"SeriesInstanceUID": SERIES},
            }
            scenario = write_scenario(
                folder / "s.yaml",
                [{"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}]}],
                patients=[{"studies": [{"tags": {"StudyInstanceUID": STUDY}, "series": [series]}]}],
            )
            out = folder / "run"
            arguments = ("--site", site, "--registry", ":memory:", "--out", out)
            fabricate("run", scenario, *arguments).check(loses)
        [check] = steps(record(out))["assert"]["checks"]
        said.append((check["actual"]["instances"], check["message"]))
    assert [count for count, _ in said] == [6, 5]
    assert "gives the same answers again" in said[0][1]
    assert said[1][1].count("not in the PACS") == 1
