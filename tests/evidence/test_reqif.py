"""Requirements as ReqIF, by the OMG's schema and by a reader of other makers."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from reqif.parser import ReqIFParser

from scenario_runner.evidence.reqif import requirements_reqif
from scenario_runner.evidence.write import read_record
from tests.evidence import samples
from tests.evidence.signing.people import command

if TYPE_CHECKING:
    from pathlib import Path


def _content(file: Path) -> Any:
    bundle = ReqIFParser.parse(str(file))
    assert bundle.exceptions == []
    assert bundle.core_content is not None
    return bundle.core_content.req_if_content


def _fields(one: Any, names: dict[str, str]) -> dict[str, Any]:
    return {names[key]: attribute.value for key, attribute in one.attribute_map.items()}


@pytest.mark.parametrize("name", ["failing", "hostile", "interrupted", "empty"])
def test_every_run_gives_a_valid_file(tmp_path: Path, name: str) -> None:
    folder = samples.ALL[name]().write(tmp_path / "run")
    file = tmp_path / "trace.reqif"
    assert command("report", folder, "--requirements", file) == 0
    judged = subprocess.run(
        [sys.executable, "-m", "reqif.cli.main", "validate", "--use-reqif-schema", str(file)],
        capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert "0 errors, 0 schema issues found, 0 semantic issues found" in judged.stdout


def test_a_reader_finds_each_requirement_its_outcome_and_what_proves_it(tmp_path: Path) -> None:
    record = read_record(samples.failing().write(tmp_path / "run"))
    file = tmp_path / "trace.reqif"
    file.write_bytes(requirements_reqif(record))
    content = _content(file)
    names = {
        attribute.identifier: attribute.long_name
        for kind in content.spec_types
        for attribute in getattr(kind, "attribute_definitions", None) or ()
    }
    outcomes = {
        value.identifier: value.long_name
        for kind in content.data_types
        for value in getattr(kind, "values", None) or ()
    }
    objects = {one.identifier: _fields(one, names) for one in content.spec_objects}
    proved: dict[str, list[tuple[str, str, str]]] = {}
    for one in content.spec_relations:
        proof = objects[one.target]
        told = proof["case"], proof["step"], outcomes[proof["outcome"][0]]
        proved.setdefault(objects[one.source]["ReqIF.ForeignID"], []).append(told)
    assert proved == {
        one.id: [(proof.case, proof.step or "", proof.outcome) for proof in one.proved_by]
        for one in record.requirements
    }
    listed = [
        (fields["ReqIF.ForeignID"], outcomes[fields["outcome"][0]])
        for fields in objects.values()
        if "ReqIF.ForeignID" in fields
    ]
    assert listed == [(one.id, one.outcome) for one in record.requirements]


def test_a_requirement_has_the_same_identifier_in_another_run(tmp_path: Path) -> None:
    found = []
    for run in ("one", "two"):
        record = read_record(samples.failing().write(tmp_path / run))
        record.id = run
        file = tmp_path / f"{run}.reqif"
        file.write_bytes(requirements_reqif(record))
        hierarchy = _content(file).specifications[0].children
        found.append(
            (
                [place.spec_object for place in hierarchy],
                [below.spec_object for place in hierarchy for below in place.children],
            )
        )
    assert found[0][0] == found[1][0]
    assert not set(found[0][1]) & set(found[1][1])
