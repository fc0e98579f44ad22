"""Somebody may be born in days to come, for a PACS has to say what it thinks of it; who did not mean it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import fabricate

HERE = {"FABRICATE_REGISTRY": ":memory:"}
ORDER = (
    "MSH|^~\\&|RIS|A|PACS|B|20260101||ORM^O01|1|P|2.5\rPID|1||P1||DOE^JANE||29990101|F\r"
    "ORC|NW|1|2\rOBR|1|1|2|XR^Chest^L||||||||||||||ACC1||||||DX\r"
)


@pytest.mark.parametrize(
    ("patient", "place"),
    [
        ("{birth_date: 2999-01-01, studies: [{modality: DX}]}", "born.yaml:3"),
        ("{birth_date: 2999-01-01, studies: [{modality: DX, date: 3000-01-01}]}", "born.yaml:3"),
        ("{tags: {PatientBirthDate: '29990101'}, studies: [{modality: DX}]}", "born.yaml:3"),
        ("{from: {csv: rows.csv}}", "rows.csv:2"),
        ("{from: {hl7: one.hl7}}", "one.hl7:2"),
    ],
)
def test_a_birth_date_to_come_is_planned_and_told(patient: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("birth_date,modality\n2999-01-01,DX\n", encoding="utf-8")
    (tmp_path / "one.hl7").write_text(ORDER, encoding="utf-8", newline="")
    (tmp_path / "born.yaml").write_text(
        f"schema: scenario/v1\nname: born\npatients: [{patient}]\nsteps: [send: {{to: pacs}}]\n",
        encoding="utf-8",
    )
    told = fabricate("plan", "born.yaml", cwd=tmp_path, env=HERE).check().err
    assert f"note: {place}: the birth date 2999-01-01 is yet to come" in told


def test_who_is_born_already_or_wrong_on_purpose_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "born.yaml").write_text(
        "schema: scenario/v1\nname: born\npatients:\n"
        "  - {birth_date: 2020-01-01, studies: [{modality: DX, date: 2999-01-01}]}\n"
        "  - {age: 3y, studies: [{modality: DX, date: 2999-01-01}]}\n"
        "  - {tags: {PatientBirthDate: {raw: '29990101'}}, studies: [{modality: DX}]}\n"
        "steps: [send: {to: pacs}]\n",
        encoding="utf-8",
    )
    assert "yet to come" not in fabricate("plan", "born.yaml", cwd=tmp_path, env=HERE).check().err
