"""A time stamp that says how far from UTC it is means one moment, which the site's clocks have elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from scenario_runner.language.site_model import Hl7Rules
from scenario_runner.language.timezones import zone_of
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.mapping import of_site
from scenario_runner.orders.hl7.reading import orders
from tests.orders.hl7.feeds import PID, order
from tests.running import fabricate, write_scenario, write_site


def _start(stamp: str, zone: str | None, *, header: str = "") -> tuple[str, str]:
    data = order(f"TQ1|1||||||{stamp}").replace(
        b"20260101120000", b"20260101120000" + header.encode()
    )
    lines = of_site(Hl7Rules(), None if zone is None else zone_of(zone))
    (only,) = orders(Message.read(data), lines)
    name = "ScheduledProcedureStepStart"
    return only.text(f"{name}Date"), only.text(f"{name}Time")


@pytest.mark.parametrize(
    ("stamp", "zone", "found"),
    [
        ("20260131093000+0900", "Europe/Berlin", ("20260131", "013000")),
        ("20260131233000-0500", "Europe/Berlin", ("20260201", "053000")),
        ("20260101003000+0200", "UTC", ("20251231", "223000")),
        ("20260731093000+0100", "Europe/Berlin", ("20260731", "103000")),
        ("20240228200000-0800", "+05:30", ("20240229", "093000")),
        ("202601310930+0900", "Asia/Kolkata", ("20260131", "0600")),
        ("2026013109+0900", "Europe/Berlin", ("20260131", "01")),
        ("2026013109+0900", "+05:30", ("20260131", "0530")),
        ("20260131093000.25+0900", "UTC", ("20260131", "003000.25")),
        ("20260630235960+0000", "+01:00", ("20260701", "005960")),
        ("20260131+0900", "Europe/Berlin", ("20260131", "")),
        ("20260131093000", "Europe/Berlin", ("20260131", "093000")),
        ("20260131093000+0900", None, ("20260131", "093000")),
    ],
)  # fmt: skip
def test_an_order_is_done_when_the_sender_meant_it(
    stamp: str, zone: str | None, found: tuple[str, str]
) -> None:
    assert _start(stamp, zone) == found


def test_the_header_says_the_offset_of_stamps_that_say_none() -> None:
    assert _start("20260131093000", "UTC", header="+0900") == ("20260131", "003000")
    assert _start("20260131093000-0500", "UTC", header="+0900") == ("20260131", "143000")
    assert _start("20260131093000", "UTC", header="-0500") == ("20260131", "143000")


def test_a_birthday_stays_the_day_it_is() -> None:
    data = order(pid=PID.replace("19700131", "197001310030+0900"))
    (only,) = orders(Message.read(data), of_site(None, zone_of("America/New_York")))
    assert only.text("PatientBirthDate") == "19700131"


@pytest.mark.parametrize(
    "stamp", ["20260131093000+9900", "20260131093000+0975", "00010101000000+0900"]
)
def test_what_is_no_moment_is_told_at_its_field(stamp: str) -> None:
    with pytest.raises(Hl7Error) as told:
        _start(stamp, "UTC")
    assert told.value.diagnostics[0].where.path == "TQ1-7"


def test_worklist_and_images_have_the_sites_day(tmp_path: Path) -> None:
    """An order of Tokyo's Sunday morning is one of Saturday evening here."""
    pacs: dict[str, Any] = {"pacs": {"embedded": {}}}
    site = write_site(tmp_path / "site.yaml", pacs, timezone="America/New_York")
    stamp = "TQ1|1||||||20260201083000+0900"
    (tmp_path / "a.hl7").write_bytes(order(stamp))
    item = "(items | first).ScheduledProcedureStepSequence[0]"
    start = [f"{{{{ {item}.ScheduledProcedureStepStart{part} }}}}" for part in ("Date", "Time")]
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"generate": {"to": "made"}},
            {"hl7_send": {"to": "pacs", "file": "a.hl7"}},
            {"worklist": {"from": "pacs", "match": {"PatientID": "P1"}}, "save_as": "items"},
            {"assert": [
                {"equal": {"actual": start, "expected": ["20260131", "183000"]}},
            ]},
        ],
        patients=[{"from": {"hl7": "a.hl7"}}],
    )  # fmt: skip
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check()
    made = dcmread(next((out / "made").rglob("*.dcm")), stop_before_pixels=True)
    assert (made.StudyDate, made.StudyTime[:6]) == ("20260131", "183000")
    assert made.TimezoneOffsetFromUTC == "-0500"
