"""Worklist items of HL7 orders as DCMTK's worklist server and modality see them, and images of the orders."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.worklist import items
from tests.orders.hl7.feeds import OBR, order
from tests.peers.processes import wlmscpfs
from tests.running import fabricate, write_scenario

pytestmark = pytest.mark.peer

FULL = (
    "NTE|1||Claustrophobic", "TQ1|1||||||20260203101500||S", "AL1|1|DA|^Iodine",
    "OBX|1|NM|29463-7^Body weight^LN||72.5|kg", "OBX|2|NM|HT^Height^L||180|cm",
    "ZDS|1.2.3^RIS^Application^DICOM",
)  # fmt: skip
PATIENT = (
    "PID|1||P1^^^HOSP^MR~X7^^^OTHER^PI||MÜLLER^EVA^^^DR||19700131|F|||Street 1^^Town||"
    "+61 491 570 006\rPV1|1|I|WARD^4^B|||||77^HOUSE^GREG|||||||B6|VIP|||ADM1"
)


def full(number: int = 1) -> bytes:
    """An order that says nearly all that the mapping reads."""
    parts = OBR.replace("PL1", f"PL{number}").replace("ACC1", f"ACC{number}").split("|")
    parts += [""] * 50
    parts[4] = "CTCH^CT chest^L^CTC^Chest low dose^99P"
    parts[12], parts[13], parts[16] = "^Radioactive", "Pacemaker", "78^WILSON^JAMES^^^^MD"
    parts[30], parts[31], parts[34] = "WALK", "R05^Cough^I10", "79&CAMERON&ALLISON"
    obr = "|".join(parts).rstrip("|")
    zds = FULL[-1].replace("1.2.3", f"1.2.3.{number}")
    return order(
        *FULL[:-1], zds, pid=PATIENT, obr=obr, orc=f"ORC|NW|PL{number}|FI{number}",
        charset="UNICODE UTF-8",
    )  # fmt: skip


_KEYS = {
    "PatientName": "(0010,0010)=M*",
    "PatientID": "(0010,0020)=P1",
    "AccessionNumber": "(0008,0050)=ACC1",
    "RequestedProcedureID": "(0040,1001)=RP1",
    "Modality": "(0040,0100)[0].Modality=CT",
    "ScheduledStationAETitle": "(0040,0100)[0].ScheduledStationAETitle=CT1",
    "ScheduledProcedureStepStartDate": "(0040,0100)[0].ScheduledProcedureStepStartDate=20260203",
    "ScheduledProcedureStepStartTime": "(0040,0100)[0].ScheduledProcedureStepStartTime=1000-1100",
    "ScheduledPerformingPhysicianName": "(0040,0100)[0].ScheduledPerformingPhysicianName=CAM*",
}


def test_dcmtk_serves_the_items_of_orders_and_finds_them_by_each_key(tmp_path: Path) -> None:
    with wlmscpfs(tmp_path) as server:
        assert server.folder is not None
        for number in (1, 2):
            data = full(number) if number == 1 else _other()
            (found,) = orders(Message.read(data))
            (content,) = items(found, station="CT1")
            (server.folder / f"{number}.wl").write_bytes(content)
        for key in _KEYS.values():
            said = _findscu(server.port, "(0008,0050)", "-k", "(0020,000d)", "-k", key)
            assert said.count("StudyInstanceUID") == 1, f"{key}: {said}"
            assert "1.2.3.1" in said
        assert _findscu(server.port, "(0020,000d)").count("StudyInstanceUID") == 2


def _other() -> bytes:
    """One that none of the keys finds."""
    return (
        full(2)
        .replace(b"P1^^^HOSP", b"P2^^^HOSP").replace("MÜLLER".encode(), b"ROE")
        .replace(b"RP1", b"RP2").replace(b"||||CT|", b"||||MR|").replace(b"CAMERON", b"CHASE")
        .replace(b"20260203101500", b"20260204150000").replace(b"FI2", b"FI2|||||||||||||||CT2", 1)
    )  # fmt: skip


def _findscu(port: int, *keys: str) -> str:
    command = ["findscu", "-v", "-W", "-aec", "WORKLIST", "127.0.0.1", str(port)]
    done = subprocess.run(
        [*command, "-k", *keys], capture_output=True, text=True, timeout=30, check=True,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    said = done.stdout + done.stderr
    return said.partition("Find Response:")[2]


def test_images_of_a_full_order_say_what_it_says_and_pass_every_check(tmp_path: Path) -> None:
    (tmp_path / "order.hl7").write_bytes(full())
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"generate": {}}, {"assert": [{"conformant": {"with": ["standard", "dciodvfy"]}}]}],
        patients=[{"from": {"hl7": "order.hl7"}}],
    )
    fabricate("run", scenario, "--out", tmp_path / "run").check()
