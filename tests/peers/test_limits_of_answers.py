"""An archive that tells the first of its matches alone is neither blamed for the others nor believed to have no more."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.processes import Server, orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

MANY, LIMIT = 12, 4
LIMITED = {"LimitFindResults": LIMIT, "LimitFindInstances": LIMIT}
OF_SERIES = {"StudyInstanceUID": "{{ studies[0].uid }}", "SeriesInstanceUID": "{{ series[0].uid }}"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An Orthanc with a limit, as its book recommends for large archives."""
    folder = tmp_path_factory.mktemp("limited")
    plugins = ["libOrthancDicomWeb.so"]
    with orthanc(folder, plugins=plugins, configuration=LIMITED) as server:
        yield server


def run(
    folder: Path,
    server: Server,
    entries: list[Any],
    code: int,
    images: int = MANY,
    series: int = 1,
) -> dict[str, dict[str, Any]]:
    """The same images with the same UIDs, whatever is done with them."""
    folder.mkdir()
    dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    web, rest = {"url": f"{server.http}/dicom-web"}, {"url": server.http}
    pacs = {"dicom": dicom, "dicomweb": web, "orthanc": rest}
    site = write_site(folder / "site.yaml", {"pacs": pacs, "other": {"embedded": {}}})
    given = {"modality": "CT", "count": series, "images": images, "size": [16, 16]}
    file = write_scenario(
        folder / "s.yaml", entries, patients=[{"studies": [{"series": [given]}]}], seed=images
    )
    out = folder / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


def lose(server: Server, number: int) -> None:
    """Take some images out of the archive, as an accident does."""
    with urllib.request.urlopen(f"{server.http}/instances") as answer:
        held = json.load(answer)
    for name in held[:number]:
        url = f"{server.http}/instances/{name}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


def test_what_is_stored_beyond_a_limit_of_answers_is_there_and_what_was_lost_is_not(
    tmp_path: Path, limited: Server
) -> None:
    looks = [{"stored": {"on": "pacs", "what": "all", "via": via}} for via in ("c-find", "qido")]
    waits = {"wait": {"on": "pacs", "until": {"stored": "all"}, "timeout": "5s"}}
    entries = [{"send": {"to": "pacs"}}, waits, {"assert": looks}]
    checks = run(tmp_path / "whole", limited, entries, 0)["assert"]["checks"]
    for check in checks:
        assert f"all {MANY} instances found" in check["message"]
        assert "found by UID alone: what 'pacs' lists is a part of what it has" in check["message"]
    assert "ends its answers with FE00 before all is told" in checks[0]["message"]
    lose(limited, 2)
    checks = run(tmp_path / "lost", limited, [{"generate": {}}, {"assert": looks}], 1)["assert"][
        "checks"
    ]
    for check in checks:
        gone = [one for one in check["differences"] if one["attribute"] == "SOPInstanceUID"]
        assert (check["actual"]["instances"], len(gone)) == (MANY - 2, 2)


def test_a_query_that_ends_at_a_limit_is_no_count(tmp_path: Path, limited: Server) -> None:
    def query(**more: Any) -> dict[str, Any]:
        return {"query": {"on": "pacs", "level": "image", "match": OF_SERIES, **more}}

    entries = [
        {"send": {"to": "pacs"}},
        {**query(limit=LIMIT), "id": "few"},
        {**query(), "id": "all", "save_as": "found"},
    ]
    told = run(tmp_path / "run", limited, entries, 1, MANY + 1)
    assert told["few"]["outcome"] == "passed"
    assert f"ended with FE00, matching terminated, after {LIMIT} matches" in told["all"]["message"]
    assert told["all"]["facts"]["ended_early"] is True


def test_a_list_over_dicomweb_that_ends_at_a_limit_is_no_count(
    tmp_path: Path, limited: Server
) -> None:
    """It gives one more than its limit, and says nothing."""

    def query(**more: Any) -> dict[str, Any]:
        return {"query": {"on": "pacs", "via": "qido", **more}}

    of_study = {"StudyInstanceUID": "{{ studies[0].uid }}"}
    entries = [
        {"send": {"to": "pacs"}},
        {**query(level="image", match=OF_SERIES, limit=LIMIT), "id": "few"},
        {**query(level="image", match=OF_SERIES), "id": "of_series"},
        {**query(level="image", match=of_study), "id": "of_study"},
        {**query(level="series", match=of_study), "id": "series"},
        {**query(level="series", match={**of_study, "Modality": "CT"}), "id": "cts"},
        {**query(level="series", match={**of_study, "SeriesNumber": 1}), "id": "one"},
    ]
    for entry in entries[2:-1]:
        entry["fails"] = True
    told = run(tmp_path / "run", limited, entries, 0, 2 * LIMIT, series=2 * LIMIT)
    counted = {key: told[key]["message"] for key in ("of_series", "of_study", "series", "cts")}
    listed = f"'pacs' lists {LIMIT + 1}"
    assert (
        f"{listed} of {2 * LIMIT} that it counts (NumberOfSeriesRelatedInstances)"
        in counted["of_series"]
    )
    assert f"{listed} of {4 * LIMIT * LIMIT} that it counts" in counted["of_study"]
    assert (
        f"{listed} of {2 * LIMIT} that it counts (NumberOfStudyRelatedSeries)" in counted["series"]
    )
    assert (
        f"{listed} and has more: asked for by its UID with the same keys, it finds"
        in counted["cts"]
    )
    assert "listed_in_part" not in told["one"]["facts"]


def test_a_study_that_came_by_itself_is_deleted_only_where_all_of_it_is_told(
    tmp_path: Path, limited: Server
) -> None:
    """More series than the limit: that none of the others is somebody else's cannot be told."""
    many = {"images": 1, "series": LIMIT + 2}
    run(tmp_path / "came", limited, [{"send": {"to": "pacs"}}], 0, **many)
    entries = [{"send": {"to": "other"}}, {"delete": {"from": "pacs"}}]
    told = run(tmp_path / "left", limited, entries, 1, **many)["delete"]
    assert told["message"].startswith("0 studies deleted; left alone, for 'pacs' does not tell all")
    assert len(told["facts"]["left_alone"]) == 1
