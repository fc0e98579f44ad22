"""Whether of everything that a retrieval names something came is told by what the instances say of themselves."""

from __future__ import annotations

from pathlib import Path

from tests.running import fabricate, record, steps, write_scenario, write_site


def test_a_patient_whose_id_is_written_in_letters_of_a_character_set_came(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 1, "size": [16, 16]}
    patients = [
        {"id": name, "studies": [{"series": [series], "tags": {"SpecificCharacterSet": terms}}]}
        for name, terms in (("ÄRZTE-1", "ISO_IR 100"), ("ПАЦ-2", "ISO_IR 192"))
    ]
    every = [one["id"] for one in patients]
    retrieve = {"from": "pacs", "level": "patient", "match": {"PatientID": every}}
    entries = [{"send": {"to": "pacs"}}, {"retrieve": retrieve}]
    lost = {"from": "pacs", "level": "patient", "match": {"PatientID": [*every, "WEG"]}}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}})
    file = write_scenario(
        tmp_path / "s.yaml",
        entries,
        patients=patients,
        **{"finally": [{"retrieve": lost, "id": "lost"}]},
    )
    out = tmp_path / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(1)
    told = {key: one["message"] for key, one in steps(record(out)).items()}
    assert told["retrieve"] == "2 instances retrieved"
    assert told["lost"] == "2 instances retrieved; nothing of WEG, which the step names"
