"""An order's whole way runs without any other system, and each thing that can happen to it has its outcome."""

from __future__ import annotations

from pathlib import Path

from tests.running import ROOT, fabricate, record

ORDERS = ROOT / "scenarios" / "orders"


def test_every_shipped_scenario_of_orders_passes_on_the_embedded_pacs(tmp_path: Path) -> None:
    fabricate("run", ORDERS, "--out", tmp_path / "run", "--registry", ":memory:").check()
    cases = {case["id"]: case["outcome"] for case in record(tmp_path / "run")["cases"]}
    assert cases == {path.stem: "passed" for path in ORDERS.glob("*.yaml")}
