"""Today is the site's day, whatever Greenwich has, and objects say how far it is from there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from tests.running import Finished, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

EAST, WEST = "+14:00", "-12:00"
"""Two sites that never have the same day."""
STUDY = {"date": "today", "series": [{"modality": "CR", "size": [16, 16]}]}
PATIENT = {"id": "P{YYYY}{MM}{DD}-{3digits}", "birth_date": "1970-01-01", "studies": [STUDY]}
SAID = "{{ run.date }} {{ studies[0].date }} {{ patients[0].id[1:9] }}"
STEPS: list[Any] = [
    {"generate": {"to": "made"}},
    {"log": {"message": SAID}},
    {
        "worklist": {
            "from": "pacs",
            "match": {"ScheduledProcedureStepStartDate": "{{ run.date }}"},
        },
        "save_as": "listed",
    },
    {"assert": [{"count": {"actual": "{{ listed }}", "expected": 1}}]},
    {"mpps": {"to": "pacs", "status": "completed"}},
]


def run(folder: Path, zone: str | None, tz: str = "UTC") -> tuple[Finished, Path]:
    """Run it at a site; tz: the zone of the machine."""
    more = {} if zone is None else {"timezone": zone}
    site = write_site(folder / "site.yaml", {"pacs": {"embedded": {}}}, **more)
    path = write_scenario(folder / "day.yaml", STEPS, patients=[PATIENT])
    out = folder / "run"
    done = fabricate(
        "run", path, "--site", site, "--out", out, "--registry", ":memory:", env={"TZ": tz}
    )
    return done, out


def days(hours: int, before: dt.datetime) -> set[str]:
    """The days that it was there since a moment; two around midnight."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    return {
        moment.astimezone(zone).date().isoformat() for moment in (before, dt.datetime.now(dt.UTC))
    }


@pytest.mark.parametrize(
    ("zone", "tz", "hours"), [(EAST, "UTC", 14), (WEST, "UTC", -12), (None, "XYZ-14", 14), (None, "XYZ12", -12)]
)  # fmt: skip
def test_today_is_the_day_of_the_site_or_else_of_the_machine(
    tmp_path: Path, zone: str | None, tz: str, hours: int
) -> None:
    before = dt.datetime.now(dt.UTC)
    done, out = run(tmp_path, zone, tz)
    done.check()
    run_date, study_date, in_id = steps(record(out))["log"]["message"].split()
    assert run_date in days(hours, before)
    assert study_date == run_date
    assert in_id == run_date.replace("-", "")
    (file,) = (out / "made").rglob("*.dcm")
    dataset = dcmread(file)
    assert dataset.StudyDate == in_id
    # Without a zone in the site file the same seed makes the same bytes on every machine.
    offset = None if zone is None else zone.replace(":", "")
    assert dataset.get("TimezoneOffsetFromUTC") == offset


def test_a_rerun_has_the_day_of_the_run_that_it_repeats(tmp_path: Path) -> None:
    done, out = run(tmp_path, None, "XYZ-14")
    done.check()
    again = fabricate("rerun", out, "--out", tmp_path / "again", env={"TZ": "XYZ12"}).check()
    assert again.code == 0
    first, second = (
        steps(record(folder))["log"]["message"] for folder in (out, tmp_path / "again")
    )
    assert first == second


def test_the_offset_is_that_of_the_day_of_the_study(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, timezone="Europe/Berlin")
    studies = [{**STUDY, "date": day} for day in ("2025-01-15", "2025-07-15")]
    path = write_scenario(
        tmp_path / "two.yaml", [{"generate": {"to": "made"}}],
        patients=[{"birth_date": "1970-01-01", "studies": studies}],
    )  # fmt: skip
    fabricate(
        "run", path, "--site", site, "--out", tmp_path / "run", "--registry", ":memory:"
    ).check()
    found = {
        dataset.StudyDate: dataset.TimezoneOffsetFromUTC
        for dataset in map(dcmread, (tmp_path / "run").rglob("*.dcm"))
    }
    assert found == {"20250115": "+0100", "20250715": "+0200"}


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("Berlin", "there is no time zone 'Berlin'"),
        ("Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ("+15:00", "an offset is -12:00 to +14:00"),
        ("../etc/passwd", "there is no time zone '../etc/passwd'"),
        ("", "there is no time zone ''"),
    ],
)
def test_a_zone_that_there_is_not_is_told(tmp_path: Path, zone: str, says: str) -> None:
    done, _ = run(tmp_path, zone)
    assert says in done.check(3).err + done.out
