"""A site says which elements of its FHIR resources fill an attribute, and planning goes by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.site_model import FhirRules
from scenario_runner.language.timezones import zone_of
from scenario_runner.orders.fhir.mapping import of_site, standard
from scenario_runner.orders.fhir.studies import orders
from scenario_runner.orders.fhir.study_reader import Collected
from scenario_runner.orders.order import Order
from tests.orders.fhir.test_studies import BESIDE, full
from tests.peers import fhir_samples as samples
from tests.running import fabricate, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

FILLER = "ServiceRequest.identifier[type.coding.code=FILL].value"
OWN = "ImagingStudy.identifier[type.coding.code=ACSN].value"
NONE = "ImagingStudy.identifier[type.coding.code=XX].value"


def ruled(rules: FhirRules, release: str = "R4", **change: Any) -> Order:
    beside = {**BESIDE, "ServiceRequest/r1": samples.request(1, release)}
    study = full(release) | change
    (one,) = orders(Collected(release, [study], beside), of_site(rules))
    if isinstance(one, InvalidInput):
        raise one
    return one


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize(
    ("paths", "found"),
    [([FILLER], "F1"), ([FILLER, OWN], "F1"), ([OWN, FILLER], "ACC00001"), ([NONE, FILLER], "F1"),
     ([NONE], ""), (["Encounter.identifier.value"], "V77")],
)  # fmt: skip
def test_the_accession_number_is_where_the_site_says(
    release: str, paths: list[str], found: str
) -> None:
    order = ruled(FhirRules(accession=paths), release)
    assert order.text("AccessionNumber") == found
    assert order.text("FillerOrderNumberImagingServiceRequest") == "F1", "the rest is as ever"


def test_the_place_of_a_value_is_the_resource_that_has_it() -> None:
    said = ruled(FhirRules(accession=[FILLER])).said["AccessionNumber"]
    assert said.where.label == "ImagingStudy/s1, ServiceRequest/r1, identifier[1].value"


@pytest.mark.parametrize(
    ("attribute", "path", "found"),
    [
        ("StudyDescription", "ImagingStudy.note.text", "As seen"),
        ("PatientName", "Patient.name[use=usual]", "Maiden^Anna"),
        ("IssuerOfPatientID", "Patient.managingOrganization.display", "North"),
        ("RequestedProcedurePriority", "ServiceRequest.priority", "STAT"),
    ],
)
def test_any_attribute_of_a_study_can_be_elsewhere(attribute: str, path: str, found: str) -> None:
    patient = BESIDE["Patient/p1"]
    more = {"use": "usual", "family": "Maiden", "given": ["Anna"]}
    changed = patient | {
        "name": [*patient["name"], more], "managingOrganization": {"display": "North"},
    }  # fmt: skip
    beside = {**BESIDE, "Patient/p1": changed, "ServiceRequest/r1": samples.request(1, "R4")}
    study = full("R4") | {"note": [{"text": "As seen"}]}
    table = of_site(FhirRules(attributes={attribute: [path]}))
    (order,) = orders(Collected("R4", [study], beside), table)
    assert isinstance(order, Order)
    assert order.text(attribute) == found


def test_another_patient_id_leaves_the_usual_one_among_the_others() -> None:
    patient = samples.patient(1)
    patient["identifier"] = [samples.typed("MR", "M1"), samples.typed("PI", "I1")]
    path = "Patient.identifier[type.coding.code=PI].value"
    table = of_site(FhirRules(attributes={"PatientID": [path]}))
    beside = {**BESIDE, "Patient/p1": patient, "ServiceRequest/r1": samples.request(1, "R4")}
    (order,) = orders(Collected("R4", [full("R4")], beside), table)
    assert isinstance(order, Order)
    assert (order.text("PatientID"), [one.id for one in order.other_ids]) == ("I1", ["M1"])


def test_what_is_said_of_a_series_can_be_elsewhere_too() -> None:
    rules = FhirRules(attributes={"SeriesDescription": ["series.laterality.display"]})
    assert ruled(rules).series[0]["description"] == "Left"


def test_a_site_without_rules_has_the_table_that_ships() -> None:
    assert of_site(None) is of_site(FhirRules()) is standard()


def _site(tmp_path: Path, rules: dict[str, Any]) -> Path:
    targets = {"pacs": {"embedded": {}}, "ehr": {"fhir": {"url": "http://127.0.0.1:9/fhir"}}}
    return write_site(tmp_path / "site.yaml", targets, identifiers={"fhir": rules})


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"accession": []}, "accession"),
        ({"accession": ["identifier.value"]}, "accession"),
        ({"accession": ["ImagingStudy.identifier[type"]}, "accession"),
        ({"accession": ["series.number"]}, "AccessionNumber is said of a whole study"),
        ({"attributes": {"Modality": ["ImagingStudy.modality.code"]}}, "Modality is said of a series"),
        ({"attributes": {"SOPClassUID": ["series.uid"]}}, "is said of an instance"),
        ({"attributes": {"PatentID": ["Patient.id"]}}, "did you mean PatientID"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_kept_is_told_before_the_server_is_asked(
    tmp_path: Path, rules: dict[str, Any], words: str
) -> None:
    source = [{"from": {"fhir": "ehr"}}]
    path = write_scenario(tmp_path / "s.yaml", [{"log": {"message": "x"}}], patients=source)
    told = fabricate("validate", path, "--site", _site(tmp_path, rules))
    assert told.code in (2, 3)
    assert words in " ".join((told.out + told.err).split())
    assert "Traceback" not in told.out + told.err


@pytest.mark.parametrize(
    ("authored", "started", "zone", "found"),
    [
        ("2026-01-31T23:30:00-05:00", "2026-02-01", "Europe/Berlin", ("20260201", "053000")),
        ("2026-07-01T23:30:00.25Z", "2026-07-02", "Europe/Berlin", ("20260702", "013000.25")),
        ("2026-01-31T08:30:00+09:00", "2026-02-01T08:00:00-05:00", "UTC", ("20260130", "183000")),
        ("2026-01-31T08:30:00+09:00", "2026-02-01", None, ("20260131", "083000")),
        ("2026-01-31", "2026-02-01", "Asia/Tokyo", ("20260131", "")),
    ],
)  # fmt: skip
def test_an_order_is_of_the_time_that_the_studys_clocks_had(
    authored: str, started: str, zone: str | None, found: tuple[str, str]
) -> None:
    beside = {**BESIDE, "ServiceRequest/r1": samples.request(1, "R4") | {"authoredOn": authored}}
    table = of_site(None, None if zone is None else zone_of(zone))
    (order,) = orders(Collected("R4", [full("R4") | {"started": started}], beside), table)
    assert isinstance(order, Order)
    name = "OfImagingServiceRequest"
    assert (order.text(f"IssueDate{name}"), order.text(f"IssueTime{name}")) == found
