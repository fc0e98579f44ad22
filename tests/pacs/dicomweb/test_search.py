"""QIDO-RS finds what C-FIND finds, and says what it cannot do."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence as DicomSequence

from scenario_runner.network.dicomweb.xml_model import loads
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import EXPLICIT, IMPLICIT, encoded, put, sample
from tests.pacs.dicomweb.web import get, parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.archive.archive import Archive

STUDY_UID, SERIES_UID, SOP_UID = "0020000D", "0020000E", "00080018"
RETRIEVE_URL = "00081190"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three studies of two people; the second study has two series of three images."""
    with EmbeddedPacs(tmp_path_factory.mktemp("pacs")) as pacs:
        fill(pacs.archive)
        yield pacs.open_web()


def fill(archive: Archive) -> None:
    put(archive, sample("1.2.1", PatientName="CITIZEN^JANE", StudyDate="20260101"))
    for series in (1, 2):
        for number in (1, 2, 3):
            put(
                archive,
                sample(
                    "1.2.2",
                    series,
                    number,
                    PatientName="CITIZEN^JANE",
                    StudyDate="20260215",
                    Modality="CT" if series == 1 else "MR",
                    AccessionNumber="B77",
                ),
            )
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = "RP9", "SPS1"
    put(
        archive,
        sample(
            "1.2.3",
            PatientName="Müller^Jörg=山田^太郎",
            PatientID="PID2",
            StudyDate="20261231",
            SpecificCharacterSet="ISO_IR 192",
            RequestAttributesSequence=DicomSequence([request]),
            WindowCenter="40",
        ),
    )


def found(url: str) -> list[dict[str, Any]]:
    response = get(url, "application/dicom+json")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/dicom+json"
    items: list[dict[str, Any]] = response.json()
    return items


def uids(url: str, tag: str = STUDY_UID) -> list[str]:
    return [item[tag]["Value"][0] for item in found(url)]


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        ("", ["1.2.1", "1.2.2", "1.2.3"]),
        ("PatientID=PID1", ["1.2.1", "1.2.2"]),
        ("00100020=PID2", ["1.2.3"]),
        ("PatientName=citizen*", ["1.2.1", "1.2.2"]),
        ("PatientName=M%C3%BCller*", ["1.2.3"]),
        ("PatientName=%E5%B1%B1%E7%94%B0*", ["1.2.3"]),
        ("StudyDate=20260201-20261231", ["1.2.2", "1.2.3"]),
        ("StudyDate=-20260131", ["1.2.1"]),
        ("StudyInstanceUID=1.2.1,1.2.3", ["1.2.1", "1.2.3"]),
        ("StudyInstanceUID=1.2.1%5C1.2.3", ["1.2.1", "1.2.3"]),
        ("ModalitiesInStudy=MR", ["1.2.2"]),
        ("AccessionNumber=B7%3F&PatientID=PID1", ["1.2.2"]),
        ("AccessionNumber=", ["1.2.1", "1.2.2", "1.2.3"]),
        ("WindowCenter=40", ["1.2.3"]),
        ("RequestAttributesSequence.RequestedProcedureID=RP9", ["1.2.3"]),
        ("00400275.00400009=SPS1&00400275.00401001=RP*", ["1.2.3"]),
        ("00400275.00400009=SPS1&00400275.00401001=XX", []),
        ("limit=1", ["1.2.1"]),
        ("limit=2&offset=1", ["1.2.2", "1.2.3"]),
        ("offset=9", []),
        ("limit=0", []),
    ],
)
def test_a_search_finds_these_studies(url: str, query: str, studies: list[str]) -> None:
    assert uids(f"{url}/studies?{query}") == studies


@pytest.mark.parametrize(
    ("path", "tag", "expected"),
    [
        ("/series?Modality=MR", SERIES_UID, ["1.2.2.2"]),
        ("/series?PatientID=PID2", SERIES_UID, ["1.2.3.1"]),
        ("/studies/1.2.2/series", SERIES_UID, ["1.2.2.1", "1.2.2.2"]),
        ("/studies/1.2.2/series?Modality=CT", SERIES_UID, ["1.2.2.1"]),
        ("/studies/1.2.2/instances?InstanceNumber=2", SOP_UID, ["1.2.2.1.2", "1.2.2.2.2"]),
        ("/studies/1.2.2/series/1.2.2.1/instances?limit=2", SOP_UID, ["1.2.2.1.1", "1.2.2.1.2"]),
        ("/instances?SOPInstanceUID=1.2.1.1.1,1.2.2.2.3", SOP_UID, ["1.2.1.1.1", "1.2.2.2.3"]),
        ("/instances?WindowCenter=40", SOP_UID, ["1.2.3.1.1"]),
        ("/studies/9.9/series", SERIES_UID, []),
    ],
)
def test_series_and_instances_are_found_under_what_holds_them(
    url: str, path: str, tag: str, expected: list[str]
) -> None:
    assert uids(url + path, tag) == expected


def test_a_study_says_what_a_worklist_of_studies_shows(url: str) -> None:
    (study,) = found(f"{url}/studies?AccessionNumber=B77")
    values = {tag: member.get("Value") for tag, member in study.items()}
    assert values["00080061"] == ["CT", "MR"]
    assert values["00201206"], values["00201208"] == ([2], [6])
    assert values["00100010"] == [{"Alphabetic": "CITIZEN^JANE"}]
    assert values["00080056"] == ["ONLINE"]
    assert values[RETRIEVE_URL] == [f"{url}/studies/1.2.2"]
    assert "00080060" not in study


def test_names_of_every_script_come_in_their_groups(url: str) -> None:
    (study,) = found(f"{url}/studies?PatientID=PID2")
    assert study["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg", "Ideographic": "山田^太郎"}]
    assert study["00080005"]["Value"] == ["ISO_IR 192"]


def test_a_search_across_studies_tells_the_study_too_and_one_within_does_not(url: str) -> None:
    across = found(f"{url}/series?Modality=MR")[0]
    within = found(f"{url}/studies/1.2.2/series?Modality=MR")[0]
    assert across["00100020"]["Value"] == ["PID1"]
    assert "00100020" not in within
    assert within[RETRIEVE_URL]["Value"] == [f"{url}/studies/1.2.2/series/1.2.2.2"]


def test_fields_are_included_by_name_by_tag_and_all(url: str) -> None:
    path = f"{url}/instances?SOPInstanceUID=1.2.3.1.1"
    assert "00281050" not in found(path)[0]
    named = found(
        f"{path}&includefield=WindowCenter,00280100&includefield=RequestAttributesSequence"
    )[0]
    assert named["00281050"]["Value"] == [40.0]
    assert named["00280100"]["Value"] == [16]
    assert named["00400275"]["Value"][0]["00401001"]["Value"] == ["RP9"]
    everything = found(f"{path}&includefield=all")[0]
    assert everything["00280103"]["Value"] == [0]
    assert everything["7FE00010"]["BulkDataURI"].endswith("/bulkdata/7FE00010")
    study = found(f"{url}/studies?PatientID=PID2&includefield=all")[0]
    assert study["00201200"]["Value"] == [1]


def test_what_a_request_is_matched_by_keeps_nothing_of_it_from_the_answer(url: str) -> None:
    for asked in ("RequestAttributesSequence.RequestedProcedureID=RP9", "00400275.00400009=SPS1"):
        (series,) = found(f"{url}/series?{asked}")
        (request,) = series["00400275"]["Value"]
        assert request["00401001"]["Value"] == ["RP9"]
        assert request["00400009"]["Value"] == ["SPS1"]


def test_what_is_not_done_is_said_in_a_warning(url: str) -> None:
    response = get(f"{url}/studies?fuzzymatching=true&PatientID=PID1&includefield=Modality")
    assert len(response.json()) == 2
    assert "fuzzymatching parameter is not supported" in response.headers["warning"]
    assert "Modality is not an attribute of this level" in response.headers["warning"]
    assert "warning" not in get(f"{url}/studies?fuzzymatching=false").headers


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=-1", "'limit' has to be a whole number"),
        ("limit=x", "'limit' has to be a whole number"),
        ("offset=99999999999999999999", "'offset' has to be a whole number"),
        ("fuzzymatching=maybe", "true or false"),
        ("PatientID=1&PatientID=2", "(0010,0020) is given twice"),
        ("PatientID.PatientName=1", "only a sequence holds"),
        ("RequestAttributesSequence=1", "is a sequence"),
        ("StudyDate=2024-01-11", "'StudyDate' has to be a day such as 20240229 or a range"),
        ("StudyDate=20240111-yesterday", "not '20240111-yesterday'"),
        ("StudyTime=9h30", "a time such as 0930"),
        ("TimezoneOffsetFromUTC=1", "an offset such as +0100"),
        ("TimezoneOffsetFromUTC=%2B1500", "an offset such as +0100"),
    ],
)
def test_a_wrong_parameter_is_named(url: str, query: str, words: str) -> None:
    response = get(f"{url}/studies?{query}")
    assert response.status_code == 400
    assert words in response.text


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        (None, 200, "application/dicom+json"),
        ("*/*", 200, "application/dicom+json"),
        ("application/json", 200, "application/json"),
        ("application/dicom+json, application/json;q=0.5", 200, "application/dicom+json"),
        ("text/html", 406, "text/plain; charset=utf-8"),
        ("application/dicom+json;q=0", 406, "text/plain; charset=utf-8"),
    ],
)
def test_the_answer_is_of_a_type_that_is_accepted(
    url: str, accept: str | None, status: int, content_type: str
) -> None:
    response = get(f"{url}/studies", accept)
    assert (response.status_code, response.headers["content-type"]) == (status, content_type)


def test_a_search_is_answered_in_parts_of_xml_when_asked_for(url: str) -> None:
    accept = 'multipart/related; type="application/dicom+xml"'
    found = parts(get(f"{url}/studies?limit=2", accept))
    assert [kind for kind, _ in found] == ["application/dicom+xml"] * 2
    names = [loads(content)["00100010"]["Value"][0]["Alphabetic"] for _, content in found]
    assert names == ["CITIZEN^JANE"] * 2
    (metadata,) = parts(get(f"{url}/studies/1.2.1/metadata", accept))
    assert loads(metadata[1])["00080018"]["Value"] == ["1.2.1.1.1"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("PatientIdd=1", "parameter 'PatientIdd' is not known and was ignored"),
        ("0010002=1", "parameter '0010002' is not known"),
        ("a.b.c.d=1", "parameter 'a.b.c.d' is not known"),
        ("emptyvaluematching=true", "parameter 'emptyvaluematching' is not known"),
        ("00020010=1.2.840.10008.1.2", "parameter '00020010' is not known"),
        ("includefield=Nonsense", "attribute 'Nonsense' is not known"),
        ("%22%0D%0AX:%20y=1", "parameter '' X: y' is not known"),
    ],
)
def test_what_is_not_known_is_ignored_and_a_warning_says_so(
    url: str, query: str, words: str
) -> None:
    answer = get(f"{url}/studies?PatientID=PID2&{query}")
    assert [one[STUDY_UID]["Value"] for one in answer.json()] == [["1.2.3"]]
    assert answer.headers["warning"].startswith('299 dicom-fabricator "')
    assert words in answer.headers["warning"]


def test_a_series_says_what_was_requested(url: str) -> None:
    (series,) = found(f"{url}/studies/1.2.3/series")
    (request,) = series["00400275"]["Value"]
    assert {tag: one["Value"] for tag, one in request.items()} == {
        "00400009": ["SPS1"], "00401001": ["RP9"],
    }  # fmt: skip
    assert all("00400275" not in one for one in found(f"{url}/studies/1.2.2/series"))
    assert all("00080201" not in one for one in found(f"{url}/studies"))


def test_a_night_is_one_period_and_moments_are_told_in_the_zone_of_the_request(
    tmp_path: Path,
) -> None:
    moments = {
        "1.1": ("20240111", "233000"),
        "1.2": ("20240112", "003000"),
        "1.3": ("20240112", "120000"),
    }
    with EmbeddedPacs(tmp_path) as pacs:
        for uid, (date, time) in moments.items():
            put(
                pacs.archive,
                sample(uid, StudyDate=date, StudyTime=time, TimezoneOffsetFromUTC="-0500"),
            )
        put(pacs.archive, sample("1.4", StudyDate="20240111", StudyTime="233000"))
        url = pacs.open_web()
        night = "StudyDate=20240111-20240112&StudyTime=2300-0100"
        assert uids(f"{url}/studies?{night}") == ["1.1", "1.2", "1.4"]
        (first, *_) = found(f"{url}/studies?{night}")
        assert first["00080201"]["Value"] == ["-0500"]
        for level in ("series", "instances"):
            assert found(f"{url}/{level}?{night}")[0]["00080201"]["Value"] == ["-0500"]
        # 23:30 in New York is 05:30 of the next day in Paris; where no zone is said none is assumed.
        paris = "TimezoneOffsetFromUTC=%2B0100"
        assert uids(f"{url}/studies?StudyDate=20240112&{paris}") == ["1.1", "1.2", "1.3"]
        assert uids(f"{url}/studies?StudyDate=20240111&{paris}") == ["1.4"]
        assert uids(f"{url}/studies?StudyTime=0500-0700&{paris}") == ["1.1", "1.2"]
        morning = "StudyDate=20240112-20240112&StudyTime=0500-0600"
        assert uids(f"{url}/studies?{morning}&TimezoneOffsetFromUTC=+0100") == ["1.1"]
        assert uids(f"{url}/studies?{morning}") == []


@pytest.mark.parametrize(
    ("query", "found_there"),
    [
        # Half past eleven at night of the leap day in New York is the first of March in Paris.
        ("AcquisitionDateTime=20240301", ["1.1"]),
        ("AcquisitionDateTime=20240301053000", ["1.1"]),
        ("AcquisitionDateTime=-20240229", ["1.2"]),
        ("AcquisitionDateTime=20240229-20240301", ["1.1", "1.2"]),
        ("AcquisitionDateTime=202403", ["1.1"]),
        ("AcquisitionDateTime=20240229233000-0500", ["1.1"]),
        ("AcquisitionDateTime=20240229233000-0500-", ["1.1"]),
        ("AcquisitionDateTime=202402-0500", ["1.1", "1.2"]),
        ("AcquisitionDateTime=-99991231235959-0500", ["1.1", "1.2"]),
        ("AcquisitionDate=20240301", ["1.1"]),
        ("AcquisitionDate=20240301&AcquisitionTime=0500-0600", ["1.1"]),
        ("AcquisitionTime=0530", ["1.1"]),
        ("AcquisitionDate=20240229-20240301&AcquisitionTime=2359-0545", ["1.1"]),
        ("DateOfSecondaryCapture=20240301", ["1.1"]),
        ("SourceImageSequence.AcquisitionDateTime=20240301", ["1.1"]),
        ("SourceImageSequence.AcquisitionDate=20240301", ["1.1"]),
        ("SourceImageSequence.AcquisitionDate=20240229", ["1.2"]),
    ],
)
def test_moments_beyond_the_index_are_told_in_the_zone_of_the_request_too(
    tmp_path: Path, query: str, found_there: list[str]
) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        for uid, zone in (("1.1", "-0500"), ("1.2", "+1400")):
            ds = dcmread(BytesIO(sample(uid, TimezoneOffsetFromUTC=zone).file))
            inner = Dataset()
            for one in (ds, inner):
                one.AcquisitionDate, one.AcquisitionTime = "20240229", "233000"
                one.AcquisitionDateTime = "20240229233000"
            ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = "20240229", "233000"
            ds.SourceImageSequence = [inner]
            put(pacs.archive, encoded(ds))
        url = pacs.open_web()
        assert uids(f"{url}/studies?{query}&TimezoneOffsetFromUTC=%2B0100") == found_there


def test_a_moment_with_its_own_zone_needs_none_of_the_request(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        stored = "20240229233000"
        put(
            pacs.archive,
            sample("1.1", AcquisitionDateTime=stored, TimezoneOffsetFromUTC="-0500"),
        )
        put(pacs.archive, sample("1.2", AcquisitionDateTime=stored))
        url = pacs.open_web()
        # Of the second nobody knows the zone, so its moment is compared as it stands.
        assert uids(f"{url}/studies?AcquisitionDateTime=20240301053000%2B0100") == ["1.1"]
        assert uids(f"{url}/studies?AcquisitionDateTime=20240229233000") == ["1.1", "1.2"]


def test_an_attribute_of_a_level_below_is_no_parameter_of_the_search(url: str) -> None:
    everything = found(f"{url}/studies")
    answer = get(f"{url}/studies?Modality=MR&SeriesNumber=7777")
    assert answer.status_code == 200
    assert answer.json() == everything
    assert "'Modality' is an attribute of series" in answer.headers["warning"]
    assert "ModalitiesInStudy" in answer.headers["warning"]
    assert "'SeriesNumber' is an attribute of series" in answer.headers["warning"]
    assert "'Rows' is an attribute of instances" in get(f"{url}/series?Rows=9").headers["warning"]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_private_attribute_is_found_by_its_creator_in_any_block(
    tmp_path: Path, syntax: str
) -> None:
    ds = dcmread(BytesIO(sample().file))
    ds.private_block(0x0029, "SOMEBODY ELSE", create=True).add_new(1, "LO", "odd")
    ds.private_block(0x0029, "FABRICATOR", create=True).add_new(1, "LO", "even")
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, encoded(ds, syntax))
        url = pacs.open_web()
        for creator, value, count in (
            ("FABRICATOR", "even", 1), ("FABRICATOR", "odd", 0), ("FABRICATOR", "e*", 1),
            ("SOMEBODY ELSE", "odd", 1), ("NOBODY", "odd", 0),
        ):  # fmt: skip
            query = f"00290010={creator}&00291001={value}"
            assert len(found(f"{url}/studies?{query}")) == count, query
        assert len(found(f"{url}/studies?00290010=FABRICATOR")) == 1
        assert found(f"{url}/studies?00290010=NOBODY") == []
