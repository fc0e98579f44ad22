"""An answer that was not asked for is noticed; one that the Standard allows is not held against a server."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.dicom.answer_matching import NameMatching, unmet
from scenario_runner.dicom.characters import UndeclaredText, UndeclaredTexts, decode


@pytest.mark.parametrize(
    ("match", "answer"),
    [
        ({"AccessionNumber": "A1"}, {"AccessionNumber": "A1"}),
        ({"AccessionNumber": 12345}, {"AccessionNumber": "12345"}),
        ({"AccessionNumber": "A*"}, {"AccessionNumber": "A1"}),
        ({"AccessionNumber": "*"}, {}),
        ({"AccessionNumber": ""}, {"AccessionNumber": None}),
        ({"00080050": "A?"}, {"AccessionNumber": "A1"}),
        ({"StudyInstanceUID": ["1.2", "1.3"]}, {"StudyInstanceUID": "1.3"}),
        ({"StudyInstanceUID": "1.2\\1.3"}, {"StudyInstanceUID": "1.2"}),
        ({"ModalitiesInStudy": "CT"}, {"ModalitiesInStudy": ["PT", "CT"]}),
        ({"ModalitiesInStudy": ["CT", "MR"]}, {"ModalitiesInStudy": "MR"}),
        ({"StudyDate": "20260101-20260131"}, {"StudyDate": "20260115"}),
        ({"StudyDate": "-20260131"}, {"StudyDate": "20260131"}),
        ({"StudyTime": "1000-1100"}, {"StudyTime": "105959.5"}),
        ({"InstanceNumber": "2"}, {"InstanceNumber": 2}),
        ({"PatientName": "citizen^*"}, {"PatientName": "CITIZEN^JANE"}),
        ({"PatientName": "MULLER"}, {"PatientName": "Müller^"}),
        ({"PatientName": "山田^太郎"}, {"PatientName": "YAMADA^TAROU=山田^太郎"}),
        # A server that answers in a set without the letters has lost them on the way, not mismatched.
        ({"PatientName": "ИВАНОВ^*"}, {"PatientName": "^", "SpecificCharacterSet": "ISO_IR 100"}),
        ({"SpecificCharacterSet": "ISO_IR 192"}, {}),
        ({"StudyDate": {"raw": "2026-13"}}, {}),
        # One night, where date and time are one period (PS3.4 C.2.2.2.5.1).
        (
            {"StudyDate": "20240111-20240112", "StudyTime": "2300-0100"},
            {"StudyDate": "20240112", "StudyTime": "003000"},
        ),
        (
            {"ScheduledProcedureStepSequence": [{"Modality": "CT"}]},
            {"ScheduledProcedureStepSequence": [{"Modality": "MR"}, {"Modality": "CT"}]},
        ),
    ],
)
def test_what_the_standard_lets_a_server_answer_is_met(
    match: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert [one for one in unmet(match, answer) if not one.unsure] == []


@pytest.mark.parametrize(
    ("match", "answer", "key"),
    [
        ({"ModalitiesInStudy": "CT"}, {}, "ModalitiesInStudy"),
        ({"ModalitiesInStudy": "CT"}, {"ModalitiesInStudy": None}, "ModalitiesInStudy"),
        ({"ModalitiesInStudy": "CT"}, {"ModalitiesInStudy": "CR"}, "ModalitiesInStudy"),
        ({"AccessionNumber": "A*"}, {"AccessionNumber": "B1"}, "AccessionNumber"),
        ({"AccessionNumber": "a1"}, {"AccessionNumber": "A1"}, "AccessionNumber"),
        ({"StudyInstanceUID": ["1.2", "1.3"]}, {"StudyInstanceUID": "1.4"}, "StudyInstanceUID"),
        ({"StudyDate": "20260101-20260131"}, {"StudyDate": "20260201"}, "StudyDate"),
        (
            {"StudyDate": "20240111-20240112", "StudyTime": "2300-0100"},
            {"StudyDate": "20240112", "StudyTime": "120000"},
            "StudyTime",
        ),
        ({"PatientName": "ИВАНОВ^*"}, {"PatientName": "ПЕТРОВ^", "SpecificCharacterSet": "X"}, "PatientName"),
        (
            {"ScheduledProcedureStepSequence": [{"Modality": "CT"}]},
            {"ScheduledProcedureStepSequence": [{"Modality": "MR"}]},
            "ScheduledProcedureStepSequence.Modality",
        ),
        (
            {"ScheduledProcedureStepSequence": [{"Modality": "CT"}]},
            {},
            "ScheduledProcedureStepSequence.Modality",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_was_not_asked_for_names_the_key(
    match: dict[str, Any], answer: dict[str, Any], key: str
) -> None:
    [found] = unmet(match, answer)
    assert found.key == key


@pytest.mark.parametrize(
    ("names", "answered", "met"),
    [
        ("case-sensitive", "Citizen^Jane", False),
        ("case-sensitive", "CITIZEN^JANE", True),
        ("case-insensitive", "Citizen^Jane", True),
        ("case-insensitive", "Citizén^Jane", False),
        ("accent-insensitive", "Citizén^Jane", True),
        ("accent-insensitive", "SITIZEN^JANE", False),
        ("fuzzy", "SITIZEN^JANE", True),
    ],
)
def test_a_name_may_differ_as_far_as_the_site_file_says(
    names: NameMatching, answered: str, met: bool
) -> None:
    found = unmet({"PatientName": "CITIZEN^JANE"}, {"PatientName": answered}, names)
    assert (found == []) is met


@pytest.mark.parametrize(
    ("asked", "answered", "unsure"),
    [
        ("M\u00fcller^Hans", b"M\xfcller^Hans", None),
        ("Wa\u0142\u0119sa^Lech", "Wa\u0142\u0119sa^Lech".encode("iso8859-2"), True),
        ("wa\u0141esa*", "Wa\u0142\u0119sa^Lech".encode("iso8859-2"), False),
        ("\u0418\u0412\u0410\u041d*", "\u0418\u0432\u0430\u043d\u043e\u0432^\u041f".encode("iso8859-5"), True),
        ("Yamada*", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", None),
        ("\u5c71\u7530*", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", None),
        ("\u5c71\u672c*", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", False),
        ("Mueller^Hans", b"M\xfcller^Hans", False),
        ("M\u00d6LLER*", b"M\xfcller^Hans", False),
        ("Mueller^Hans", b"Sm\xeeth^Hans", False),
        ("Mueller^Hans", b"Smith^Hans", False),
    ],
)  # fmt: skip
def test_text_without_its_character_set_is_what_it_is_in_some_set(
    asked: str, answered: bytes, unsure: bool | None
) -> None:
    """unsure: None where it is what was asked for as it is guessed, too."""
    undeclared = UndeclaredTexts()
    undeclared.add(UndeclaredText("PatientName", answered, "PN"))
    match, answer = {"PatientName": asked}, {"PatientName": decode(answered, "PN", ())}
    found = unmet(match, answer, "case-insensitive", undeclared)
    assert [one.unsure for one in found] == ([] if unsure is None else [unsure])
    assert not any(one.unsure for one in unmet(match, answer, "case-insensitive"))


@pytest.mark.parametrize(
    ("asked", "answered", "unsure"),
    [
        ("M\u00dcLLER^HANS", "M?LLER^HANS", True),
        ("M\u00dcLLER^HANS", "MUELLER^Hans", True),
        ("M\u00dcLLER^HANS", "M\ufffd\ufffdLLER^HANS", True),
        ("M\u00dcLLER^HANS", "SMITH^JOHN", False),
        ("M\u00dcLLER^HANS", "M?LLER^JOHN", False),
        ("M\u00dcLLER^HANS", "M\u00d6LLER^HANS", False),
        ("\u0418\u0412\u0410\u041d\u041e\u0412^*", "^", True),
        ("\u0418\u0412\u0410\u041d\u041e\u0412^\u041f", "????^", True),
        ("\u5c71\u7530^\u592a\u90ce", "SMITH^JOHN", False),
        ("\u5c71\u7530^\u592a\u90ce", "Yamada^Tarou=^", True),
        ("\u5c71\u7530^\u592a\u90ce", "??????^??????", True),
        ("\u5c71\u7530*", "LI^WU", False),
        ("\u0141\u00f3d\u017a^ANA", "REDDINGTON^ANA", False),
        ("\u0141\u00f3d\u017a^ANA", "LODZ^ANA", True),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Yamada^Tarou", True),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Suzuki^Tarou", False),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Yamada^Tarou=??^??", True),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Yamada^Tarou=^", True),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", "Suzuki^Tarou=??^??", False),
    ],
)
def test_letters_that_were_lost_are_no_fault_and_excuse_no_other_name(
    asked: str, answered: str, unsure: bool
) -> None:
    [found] = unmet({"PatientName": asked}, {"PatientName": answered}, "case-sensitive")
    assert found.unsure is unsure


@pytest.mark.parametrize("terms", ["ISO_IR 100", "ISO_IR 192", [None, "ISO 2022 IR 100"]])
@pytest.mark.parametrize(
    ("answered", "unsure"),
    [("MILLER^EVA", False), ("MUELLER^EVA", False), ("M?LLER^EVA", True), ("MLLER^EVA", True)],
)
def test_another_letter_is_no_lost_one_where_the_answers_character_set_has_it(
    terms: Any, answered: str, unsure: bool
) -> None:
    answer = {"PatientName": answered, "SpecificCharacterSet": terms}
    [found] = unmet({"PatientName": "MÜLLER^EVA"}, answer)
    assert found.unsure is unsure
    [undeclared] = unmet({"PatientName": "MÜLLER^EVA"}, {"PatientName": answered})
    assert undeclared.unsure is (answered != "MILLER^EVA")


@pytest.mark.parametrize(
    ("asked", "answered", "unsure"),
    [
        # What a server in Latin-1 leaves of it, as Orthanc does.
        ("ŁĘCKI^ŻÓŁĆ", "CKI^Ó", True),
        ("ŁĘCKI^*", "CKI^Ó", True),
        ("ŁĘCKI^ŻÓŁĆ", "??CKI^?Ó??", True),
        ("ŁĘCKI^ŻÓŁĆ", "LECKI^ZÓLC", True),
        ("ŁĘCKI^ŻÓŁĆ", "CKI^Ö", False),
        ("ŁĘCKI^ŻÓŁĆ", "CKI^", True),
        ("ŁĘCKI^ŻÓŁĆ", "NOWICKI^Ó", False),
        ("ŁĘCKI^ŻÓŁĆ", "BECKI^Ó", False),
        ("ЖУКОВ^ÉVA", "^ÉVA", True),
        ("ЖУКОВ^ÉVA", "SMITH^ÉVE", False),
        ("MÜLLER^ŻANA", "MÖLLER^ANA", False),
        ("Weiß^Łucja", "Weiß^?ucja", True),
        ("Weiß^Łucja", "Wei^?ucja", True),
        ("Weiß^Łucja", "Weit^?ucja", False),
    ],
)
def test_letters_that_the_declared_set_has_are_held_beside_those_that_it_lost(
    asked: str, answered: str, unsure: bool
) -> None:
    answer = {"PatientName": answered, "SpecificCharacterSet": "ISO_IR 100"}
    [found] = unmet({"PatientName": asked}, answer, "case-sensitive")
    assert found.unsure is unsure


@pytest.mark.parametrize(
    ("asked", "answered", "unsure"),
    [
        ("Müller^Jörg", "Muller^Joerg", True),
        ("Müller^Jörg", "Moller^Jorg", False),
        ("Müller^Jörg", "Miller^Jorg", False),
        ("Åse^Bø", "Aase^Boe", True),
        ("Åse^Bø", "Else^Bo", False),
        ("Núñez^Ana", "Nunyez^Ana", True),
        ("Núñez^Ana", "Nutez^Ana", False),
        ("Straße", "Strasse", True),
        ("Straße", "Strate", False),
        ("Đorđe^Šime", "Djordje^Shime", True),
        ("Nguyễn^Anh", "Nguyen^Anh", True),
        ("Nguyễn^Anh", "Nguyan^Anh", False),
    ],
)
def test_another_letter_of_ascii_is_no_lost_one_where_no_set_is_declared(
    asked: str, answered: str, unsure: bool
) -> None:
    [found] = unmet({"PatientName": asked}, {"PatientName": answered}, "case-sensitive")
    assert found.unsure is unsure


CREATOR = {"00090010": "FABRICATOR"}


@pytest.mark.parametrize(
    ("wanted", "came", "is_met"),
    [
        ("0900-1000", "0930", True),
        ("20260130-20260131", "20260131093015", True),
        ("20260101-20260131", "20260131", True),
        ("0900-1000", "1100", False),
        (2.5, "2.50", True),
        ("DOE^jane", "Doe^Jane", True),
        ("A-B", "A", False),
        (7, "0700", True),  # bytes of which nobody says what they are
        (1.5, "000000000000f83f", True),
        (8, "0700", False),
    ],
)
def test_the_answer_to_a_private_key_is_read_in_any_vr_that_it_may_have(
    wanted: Any, came: Any, is_met: bool
) -> None:
    """A PACS that knows the VR matches periods, names and numbers, and was accused of it."""
    found = unmet({"(0009,xx01) FABRICATOR": wanted}, {**CREATOR, "00091001": came})
    assert (not found) is is_met
