"""Queries over the archive: hierarchy, computed attributes, sequences and character sets."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.query import InvalidIdentifierError, Query
from tests.archive.samples import IMPLICIT, ask, encoded, identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.dicom.levels import Level, Root
    from tests.archive.conftest import Indexed


@pytest.fixture
def archive(tmp_path: Path, indexed: Indexed) -> Iterator[Archive]:
    """Two patients; JANE has a CT study of two series and three images, JOHN an MR study."""
    with Archive(tmp_path, indexed()) as archive:
        put(archive, sample("1.2.3", 1, 1))
        put(archive, sample("1.2.3", 1, 2))
        put(archive, sample("1.2.3", 2, 1, Modality="SR", transfer_syntax=IMPLICIT))
        put(
            archive,
            sample(
                "1.2.4", 1, 1, PatientID="PID2", PatientName="MUSTER^JOHN", Modality="MR",
                StudyDate="20250601", AccessionNumber="B0001",
            ),
        )  # fmt: skip
        yield archive


def find(
    archive: Archive, level: Level = "STUDY", model: Root = "study", **keys: Any
) -> list[Dataset]:
    matches = ask(archive, level, model, identifier(**keys), retrieve_ae_title="PACS")
    return [match.dataset() for match in matches]


def test_counts_and_modalities_are_worked_out_from_what_is_stored(archive: Archive) -> None:
    (found,) = find(
        archive, StudyInstanceUID="1.2.3", ModalitiesInStudy="", SOPClassesInStudy="",
        NumberOfStudyRelatedSeries="", NumberOfStudyRelatedInstances="",
    )  # fmt: skip
    assert sorted(found.ModalitiesInStudy) == ["CT", "SR"]
    assert found.NumberOfStudyRelatedSeries == 2
    assert found.NumberOfStudyRelatedInstances == 3
    (patient,) = find(
        archive, "PATIENT", "patient", PatientID="PID1", NumberOfPatientRelatedStudies="",
        NumberOfPatientRelatedSeries="", NumberOfPatientRelatedInstances="",
    )  # fmt: skip
    assert patient.NumberOfPatientRelatedStudies == 1
    assert patient.NumberOfPatientRelatedSeries == 2
    assert patient.NumberOfPatientRelatedInstances == 3
    series = find(
        archive, "SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID="",
        NumberOfSeriesRelatedInstances="",
    )  # fmt: skip
    assert [one.NumberOfSeriesRelatedInstances for one in series] == [2, 1]


def test_a_study_is_found_by_one_of_its_modalities(archive: Archive) -> None:
    assert [
        ds.StudyInstanceUID for ds in find(archive, ModalitiesInStudy="S*", StudyInstanceUID="")
    ] == ["1.2.3"]


def test_a_response_holds_what_was_asked_for_and_where_to_get_it(archive: Archive) -> None:
    (found,) = find(
        archive, AccessionNumber="A*", StudyDate="20260101-", PatientName="citizen^jane"
    )
    assert {element.keyword for element in found} == {
        "QueryRetrieveLevel", "RetrieveAETitle", "AccessionNumber", "StudyDate", "PatientName",
    }  # fmt: skip
    assert found.QueryRetrieveLevel == "STUDY"
    assert found.RetrieveAETitle == "PACS"
    assert found.PatientName == "CITIZEN^JANE"


def test_all_four_levels_answer(archive: Archive) -> None:
    assert len(find(archive, "PATIENT", "patient", PatientID="")) == 2
    assert len(find(archive, "STUDY", "patient", PatientID="PID1", StudyInstanceUID="")) == 1
    assert len(find(archive, "SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID="")) == 2
    images = find(
        archive, "IMAGE", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1",
        SOPInstanceUID="", Rows=None, InstanceNumber="2",
    )  # fmt: skip
    assert [(ds.SOPInstanceUID, ds.Rows) for ds in images] == [("1.2.3.1.2", 8)]


def test_a_list_of_uids_finds_each(archive: Archive) -> None:
    found = find(archive, StudyInstanceUID=["1.2.4", "1.2.3", "9.9"])
    assert {ds.StudyInstanceUID for ds in found} == {"1.2.3", "1.2.4"}


@pytest.mark.parametrize(
    ("level", "model", "keys"),
    [
        ("SERIES", "study", {"SeriesInstanceUID": ""}),
        ("SERIES", "study", {"StudyInstanceUID": ["1.2.3", "1.2.4"], "SeriesInstanceUID": ""}),
        ("IMAGE", "study", {"StudyInstanceUID": "1.2.3", "SOPInstanceUID": ""}),
        ("STUDY", "patient", {"StudyInstanceUID": ""}),
        ("STUDY", "patient", {"PatientID": "PID*", "StudyInstanceUID": ""}),
        ("PATIENT", "study", {"PatientID": ""}),
    ],
)
def test_a_missing_unique_key_above_the_level_is_an_error(
    archive: Archive, level: Level, model: Root, keys: dict[str, Any]
) -> None:
    with pytest.raises(InvalidIdentifierError):
        find(archive, level, model, **keys)


def test_relational_queries_need_no_unique_keys_above(archive: Archive) -> None:
    keys = identifier(Modality="MR", SeriesInstanceUID="", PatientID="")
    (match,) = ask(archive, "SERIES", "study", keys, relational=True)
    found = match.dataset()
    assert found.PatientID == "PID2"


def test_keys_of_a_lower_level_are_told_to_be_unsupported(archive: Archive) -> None:
    matches = ask(archive, "STUDY", "study", identifier(StudyInstanceUID="1.2.3", Modality="XX"))
    assert matches.unsupported == (0x00080060,)
    (match,) = matches
    found = match.dataset()
    assert "Modality" in found
    assert not found.Modality


def test_an_attribute_the_index_does_not_hold_is_matched_and_returned(archive: Archive) -> None:
    put(archive, sample("1.2.5", InstitutionName="North Clinic", PatientWeight="61.5"))
    (found,) = find(archive, InstitutionName="North*", PatientWeight="", StudyInstanceUID="")
    assert (found.StudyInstanceUID, found.PatientWeight) == ("1.2.5", 61.5)
    assert find(archive, InstitutionName="South*", StudyInstanceUID="") == []
    assert len(find(archive, PatientWeight="61.50", StudyInstanceUID="")) == 1


def test_a_private_attribute_is_matched_and_returned(archive: Archive) -> None:
    for study, colour in (("1.2.5", "red"), ("1.2.6", "blue")):
        ds = dcmread(BytesIO(sample(study).file))
        ds.private_block(0x0019, "FABRICATOR TEST", create=True).add_new(0x01, "LO", colour)
        put(archive, encoded(ds))
    keys = identifier(StudyInstanceUID="")
    keys.private_block(0x0019, "FABRICATOR TEST", create=True).add_new(0x01, "LO", "bl*")
    (match,) = ask(archive, "STUDY", "study", keys)
    found = match.dataset()
    assert found.StudyInstanceUID == "1.2.6"
    assert found[0x00191001].value == "blue"


def request(step: str, code: str = "CHEST") -> Dataset:
    item = Dataset()
    item.ScheduledProcedureStepID = step
    item.RequestedProcedureID = f"R{step}"
    protocol = Dataset()
    protocol.CodeValue, protocol.CodingSchemeDesignator = code, "99FAB"
    item.ScheduledProtocolCodeSequence = Sequence([protocol])
    return item


def test_a_sequence_matches_when_one_item_satisfies_all_its_keys(archive: Archive) -> None:
    put(archive, sample("1.2.5", RequestAttributesSequence=[request("S1"), request("S2", "HAND")]))
    put(
        archive,
        sample("1.2.6", RequestAttributesSequence=[request("S3")], transfer_syntax=IMPLICIT),
    )

    def ask(step: str, code: str) -> list[str]:
        item = Dataset()
        item.ScheduledProcedureStepID = step
        inner = Dataset()
        inner.CodeValue = code
        item.ScheduledProtocolCodeSequence = Sequence([inner])
        found = find(archive, StudyInstanceUID="", RequestAttributesSequence=Sequence([item]))
        return [str(ds.StudyInstanceUID) for ds in found]

    assert ask("S2", "HAND") == ["1.2.5"]
    assert ask("S1", "HAND") == []
    assert ask("S?", "CHEST") == ["1.2.5", "1.2.6"]
    assert len(ask("", "")) == 4


def test_a_sequence_comes_back_with_the_keys_asked_for(archive: Archive) -> None:
    put(archive, sample("1.2.5", RequestAttributesSequence=[request("S1"), request("S2")]))
    item = Dataset()
    item.RequestedProcedureID = ""
    (found,) = find(archive, StudyInstanceUID="1.2.5", RequestAttributesSequence=Sequence([item]))
    items = found.RequestAttributesSequence
    assert [one.RequestedProcedureID for one in items] == ["RS1", "RS2"]
    assert "ScheduledProcedureStepID" not in items[0]
    (whole,) = find(archive, StudyInstanceUID="1.2.5", RequestAttributesSequence=Sequence([]))
    assert whole.RequestAttributesSequence[1].ScheduledProtocolCodeSequence[0].CodeValue == "CHEST"


JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_a_query_in_unicode_finds_a_name_stored_in_iso_2022(archive: Archive) -> None:
    put(
        archive,
        sample("1.2.5", SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=JAPANESE),
    )
    (found,) = find(archive, PatientName="*山田*", StudyInstanceUID="")
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert found.PatientName == JAPANESE


def test_a_query_without_a_character_set_is_answered_in_that_of_the_object(
    archive: Archive,
) -> None:
    terms = ["", "ISO 2022 IR 87"]
    put(archive, sample("1.2.5", SpecificCharacterSet=terms, PatientName=JAPANESE))
    keys = identifier(StudyInstanceUID="1.2.5", PatientName="")
    del keys.SpecificCharacterSet
    (match,) = ask(archive, "STUDY", "study", keys)
    found = match.dataset()
    assert list(found.SpecificCharacterSet) == terms
    assert found.PatientName == JAPANESE


def test_a_character_set_that_lacks_the_letters_is_not_answered_in(archive: Archive) -> None:
    put(archive, sample("1.2.5", SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг"))
    keys = identifier(StudyInstanceUID="1.2.5", PatientName="")
    keys.SpecificCharacterSet = "ISO_IR 100"
    (match,) = ask(archive, "STUDY", "study", keys)
    found = match.dataset()
    assert found.SpecificCharacterSet == "ISO_IR 144"
    assert found.PatientName == "Люкceмбypг"


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 127", "قباني^لنزار"),
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 138", "שרון^דבורה"),
        ("ISO_IR 166", "ไทย^สม"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    ],
)
def test_names_in_every_script_are_found_and_answered(
    archive: Archive, terms: str | list[str], name: str
) -> None:
    put(archive, sample("1.2.5", SpecificCharacterSet=terms, PatientName=name))
    (found,) = find(archive, PatientName=name, StudyInstanceUID="")
    assert (found.StudyInstanceUID, found.PatientName) == ("1.2.5", name)


def test_a_chinese_name_written_as_the_standard_shows_it_is_found(archive: Archive) -> None:
    # PS3.5 K.2. pydicom leaves the escape sequences out when it writes, so they are put in here.
    raw = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab "
    one = sample("1.2.5", SpecificCharacterSet=["", "ISO 2022 IR 58"], PatientName="X" * len(raw))
    archive.store(
        one.sop_class_uid,
        one.sop_instance_uid,
        one.transfer_syntax_uid,
        [one.data.replace(b"X" * len(raw), raw)],
    )
    (found,) = find(archive, PatientName="*张^小东", StudyInstanceUID="")
    assert (found.StudyInstanceUID, found.PatientName) == ("1.2.5", "Zhang^XiaoDong=张^小东")


def test_ascii_answers_leave_the_character_set_out(archive: Archive) -> None:
    (found,) = find(archive, StudyInstanceUID="1.2.4", PatientName="")
    assert "SpecificCharacterSet" not in found


def test_a_file_that_vanished_does_not_break_a_query(archive: Archive) -> None:
    for file in archive.folder.glob("objects/*/*.dcm"):
        file.unlink()
    found = find(archive, StudyInstanceUID="1.2.3", InstitutionName="")
    assert [str(ds.InstitutionName or "") for ds in found] == [""]


def test_thousands_of_matches_are_told_as_each_one_alone(archive: Archive) -> None:
    """Names in other character sets, several values, odd lengths and numbers among them, whatever was asked."""
    put(
        archive,
        sample(
            "1.2.5", PatientID="PID3", SpecificCharacterSet="ISO_IR 100", PatientName="MÜLLER^JANE"
        ),
    )
    put(archive, sample("1.2.6", PatientID="ODD", AccessionNumber="", StudyDescription="one\\two"))
    wanted: dict[str, Any] = {
        "PatientID": "", "PatientName": "*", "StudyDate": "", "AccessionNumber": "", "StudyDescription": "",
        "StudyInstanceUID": "", "NumberOfStudyRelatedInstances": "", "ModalitiesInStudy": "", "Modality": "",
        "InstanceAvailability": "",
    }  # fmt: skip
    assert len(find(archive, **wanted)) == 4
    assert len(find(archive, **{**wanted, "PatientName": "*JANE"})) == 3
    assert len(find(archive, **{**wanted, "StudyDescription": "two"})) == 1
    images: dict[str, Any] = {
        "SeriesInstanceUID": "1.2.3.1",
        "StudyInstanceUID": "1.2.3",
        "SOPInstanceUID": "",
        "Rows": "",
    }
    assert len(find(archive, "IMAGE", **images)) == 2


def test_a_text_with_an_escape_that_leads_nowhere_is_answered_empty(archive: Archive) -> None:
    """As it is nobody could read the answer; ``ask`` holds both ways to answer to each other."""
    said = "HEAD\x1bNECK"
    put(archive, sample("1.99", SpecificCharacterSet="ISO_IR 192", StudyDescription=said))
    keys = identifier(StudyInstanceUID="1.99", StudyDescription="")
    (match,) = ask(archive, "STUDY", "study", keys)
    assert b"\x1b" not in match.encode(implicit=True)


@pytest.mark.parametrize(
    "keys",
    [
        {"StudyInstanceUID": "", "ModalitiesInStudy": "", "NumberOfStudyRelatedInstances": ""},
        {"StudyInstanceUID": "", "PatientName": "*"},
        {"StudyInstanceUID": "", "StudyDate": "20250601"},
        {"StudyInstanceUID": "", "InstitutionName": ""},
        {"StudyInstanceUID": ["1.2.4"]},
        {"StudyInstanceUID": "", "ModalitiesInStudy": "S*"},
        {"StudyInstanceUID": "", "PatientID": "PID1", "InstitutionName": "*"},
    ],
)
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_a_page_is_a_part_of_what_is_found(
    archive: Archive, keys: dict[str, Any], level: Level
) -> None:
    query = Query.of(level, "study", identifier(**keys), relational=True)
    every = [match.answer for match in query.run(archive)]
    assert every
    for offset in range(len(every) + 2):
        for limit in (None, 0, 1, 2, 9):
            end = None if limit is None else offset + limit
            found = [match.answer for match in query.page(archive, offset, limit)]
            assert found == every[offset:end]


def test_all_that_is_found_is_looked_at_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most searches over QIDO-RS ask for no page; their rows were found, and then read by their numbers."""
    query = Query.of("STUDY", "study", identifier(StudyInstanceUID="", PatientName="*^J*"))
    rows = archive.index.rows
    looked = []

    def noting(*asked: Any) -> Any:
        looked.append(asked)
        return rows(*asked)

    monkeypatch.setattr(archive.index, "rows", noting)
    assert len([*query.page(archive, 0, None)]) > 1
    assert len(looked) == 1
