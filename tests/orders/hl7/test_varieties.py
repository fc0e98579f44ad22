"""What real feeds do differently, each with what a radiology department expects of it."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.files import messages
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.patients import patients
from tests.orders.hl7.feeds import OBR, PID, message, order


def pid(number: str = "P1^^^HOSP^MR", name: str = "TESTER^EVA", rest: str = "|19700131|F") -> str:
    return f"PID|1||{number}||{name}|{rest}"


def obr(**fields: str) -> str:
    """An OBR with other fields, by number."""
    parts = OBR.split("|")
    for name, value in fields.items():
        number = int(name[1:])
        parts += [""] * (number + 1 - len(parts))
        parts[number] = value
    return "|".join(parts)


def only(data: bytes) -> Order:
    (found,) = orders(Message.read(data))
    return found


_NAMES = {
    "legal after an alias": ("ROE^X^^^^^A~TESTER^EVA^^^^^L", "TESTER^EVA"),
    "legal after an untyped one": ("ROE^X~TESTER^EVA^^^^^L", "TESTER^EVA"),
    "maiden name beside it": ("TESTER^EVA^^^^^L~BORN^EVA^^^^^M", "TESTER^EVA"),
    "nickname in kanji is none": ("TESTER^EVA^^^^^L^A~田中^^^^^^N^I", "TESTER^EVA"),
    "only an alias": ("ROE^X^^^^^A", "ROE^X"),
    "degree": ("TESTER^EVA^M^JR^DR^MD^L", "TESTER^EVA^M^DR^JR MD"),
    "surname of parts": ("van Dijk&van&Dijk^EVA", "van Dijk^EVA"),
    "only the parts": ("&van&Dijk^EVA", "van Dijk^EVA"),
    "only a partner's": ("&&&de&Wit^EVA", "de Wit^EVA"),
    "an ampersand that is text": (r"A\T\B^EVA", "A&B^EVA"),
    "a caret that is text": (r"O\S\NEIL^EVA", "O NEIL^EVA"),
    "an equals sign": ("A=B^EVA", "A B^EVA"),
    "a part that is cleared": ('""^EVA', "^EVA"),
    "three groups, each legal": (
        "YAMADA^TAROU^^^^^L^A~山田^太郎^^^^^L^I~やまだ^たろう^^^^^L^P",
        "YAMADA^TAROU=山田^太郎=やまだ^たろう",
    ),
    "only ideographic": ("山田^太郎^^^^^L^I", "=山田^太郎"),
}


@pytest.mark.parametrize(("written", "meant"), _NAMES.values(), ids=_NAMES)
def test_the_patients_name_is_the_legal_one(written: str, meant: str) -> None:
    assert only(order(pid=pid(name=written), charset="UNICODE UTF-8")).text("PatientName") == meant


_NUMBERS = {
    "first of equals": ("A^^^ONE^PI~B^^^TWO^PI", ("A", "ONE"), ["B"]),
    "first has no value": ("^^^HOSP^MR~B^^^TWO^PI", ("B", "TWO"), []),
    "first is cleared": ('""^^^HOSP^MR~B^^^TWO^PI', ("B", "TWO"), []),
    "record number second": ("A^^^MPI^PI~B^^^HOSP^MR", ("B", "HOSP"), ["A"]),
    "social security first": ("078-05-1120^^^SSA^SS~B^^^HOSP", ("B", "HOSP"), ["078-05-1120"]),
    "national number first": ("X1^^^NL^NNNLD~B^^^HOSP^PI", ("B", "HOSP"), ["X1"]),
    "nothing but a passport": ("X1^^^^PPN", ("X1", ""), []),
    "same number of two issuers": ("A^^^ONE^MR~A^^^TWO^MR", ("A", "ONE"), ["A"]),
    "issuer with a universal ID only": ("A^^^&1.2.3&ISO^MR", ("A", "1.2.3"), []),
    "issuer with both": ("A^^^HOSP&1.2.3&ISO^MR", ("A", "HOSP"), []),
    "no issuer": ("A", ("A", ""), []),
    "one that has ended first": (
        "A^^^HOSP^MR^^20100101^20150101~B^^^HOSP^MR^^20150101",
        ("B", "HOSP"),
        ["A"],
    ),
    "an end that is cleared": ('A^^^HOSP^MR^^^""~B^^^HOSP^MR', ("A", "HOSP"), ["B"]),
}


@pytest.mark.parametrize(("written", "own", "others"), _NUMBERS.values(), ids=_NUMBERS)
def test_the_patient_id_is_the_departments_own_number(
    written: str, own: tuple[str, str], others: list[str]
) -> None:
    found = only(order(pid=pid(written)))
    assert (found.text("PatientID"), found.text("IssuerOfPatientID")) == own
    assert [one.id for one in found.other_ids] == others
    (change,) = patient_changes(Message.read(message(pid(written), kind="ADT^A08")))
    assert (change.patient_id, change.issuer) == own


def test_a_patient_id_of_an_old_feed_stands_in_pid_2() -> None:
    assert only(order(pid="PID|1|X7|||TESTER^EVA")).text("PatientID") == "X7"


_FIELDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "XCN with all": ({"f16": "77^HOUSE^GREG^M^JR^DR^MD"}, "RequestingPhysician",
                     "HOUSE^GREG^M^DR^JR MD"),
    "XCN of a family of parts": ({"f16": "77^van Dijk&van&Dijk^JAN"}, "RequestingPhysician",
                                 "van Dijk^JAN"),
    "XCN that is only a number": ({"f16": "77"}, "RequestingPhysician", "77"),
    "XCN without a number": ({"f16": "^HOUSE"}, "RequestingPhysician", "HOUSE"),
    "XCN repeated": ({"f16": "1^HOUSE^GREG~2^WILSON^JAMES"}, "RequestingPhysician", "HOUSE^GREG"),
    "only a code": ({"f4": "CTCH"}, "RequestedProcedureDescription", "CTCH"),
    "only words": ({"f4": "^CT chest"}, "RequestedProcedureDescription", "CT chest"),
    "an alternate": ({"f4": "A^CT chest^L^B^Low dose^99X"}, "ScheduledProcedureStepDescription",
                     "Low dose"),
    "OBR-44 before OBR-4": ({"f44": "X^CT of the chest^L"}, "RequestedProcedureDescription",
                            "CT of the chest"),
    "a line break in words": ({"f4": r"A^CT\.br\chest"}, "RequestedProcedureDescription",
                              "CT chest"),
    "a line break in hexadecimal": ({"f4": r"A^CT\X0D\\X0A\chest"},
                                    "RequestedProcedureDescription", "CT chest"),
    "a backslash in words": ({"f4": r"A^CT chest\E\abdomen"}, "RequestedProcedureDescription",
                             "CT chest/abdomen"),
    "words beyond 64 characters": ({"f4": "A^" + "x" * 200}, "RequestedProcedureDescription",
                                   "x" * 64),
    "an accession number with its issuer": ({"f18": "ACC1^RIS"}, "AccessionNumber", "ACC1"),
    "an accession number in spaces": ({"f18": " ACC1 "}, "AccessionNumber", "ACC1"),
    "a start with a zone": ({"f36": "202602031015+0100"}, "ScheduledProcedureStepStartTime",
                            "1015"),
    "a start with a precision": ({"f36": "20260203101500^S"}, "ScheduledProcedureStepStartDate",
                                 "20260203"),
    "a start with fractions": ({"f36": "20260203101500.1234-0500"},
                               "ScheduledProcedureStepStartTime", "101500.1234"),
    "formatting commands": ({"f13": r"\.in+4\a\.sk2\b\.fi\ \H\c\N\ "}, "MedicalAlerts", "a  b c"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "keyword", "value"), _FIELDS.values(), ids=_FIELDS)
def test_a_field_however_it_is_written(fields: dict[str, str], keyword: str, value: str) -> None:
    assert only(order(obr=obr(**fields))).text(keyword) == value


@pytest.mark.parametrize("written", ["20260230", "20261301", "202602032460", "2026020310+01000"])
def test_a_moment_that_is_none_is_refused_at_its_field(written: str) -> None:
    with pytest.raises(Hl7Error) as caught:
        orders(Message.read(order(obr=obr(f36=written))))
    assert "OBR-36" in str(caught.value.diagnostics[0].where.label)


@pytest.mark.parametrize("written", ["00000000", "19700231"])
def test_a_birth_date_that_is_none_is_left_out_and_told(written: str) -> None:
    found = only(order(pid=pid(rest=f"|{written}|F")))
    assert found.text("PatientBirthDate") == ""
    assert "PID-7" in found.remarks[-1]


def test_a_telephone_number_is_shortened_or_left_out_never_cut() -> None:
    assert only(order(pid=PID + "|||||+49 (89) 1234-5678")).text("PatientTelephoneNumbers") == (
        "+498912345678"
    )
    broken = only(order(pid=PID + r"|||||+49 89\.br\1234"))
    assert broken.text("PatientTelephoneNumbers") == "+49 89 1234", "an order is not lost for it"
    left_out = only(order(pid=PID + "|||||+49 89 1234 5678 ext. 12345"))
    assert left_out.text("PatientTelephoneNumbers") == ""
    assert "PID-13" in left_out.remarks[-1]


def test_a_code_beyond_16_characters_is_a_long_one() -> None:
    found = only(order(obr=obr(f4="241541000000105123^CT^SCT")))
    assert found.said["RequestedProcedureCodeSequence"].value == [
        {
            "LongCodeValue": "241541000000105123",
            "CodingSchemeDesignator": "SCT",
            "CodeMeaning": "CT",
        }
    ]


def test_comments_of_the_order_are_all_read_and_those_of_others_not() -> None:
    more = ("NTE|1||one~two", "NTE|2||three", "OBX|1|NM|HT^Height^L||180|cm", "NTE|1||measured")
    data = message(PID, "NTE|1||of the patient", "ORC|NW|PL1", OBR, *more)
    assert only(data).text("RequestedProcedureComments") == "one\ntwo\nthree"


def test_pregnancy_secrecy_and_allergies_are_read() -> None:
    found = only(order(
        "AL1|1|DA|77^Iodine^L", pid=PID + "\rPV1|1|I|||||||||||||A1~B6|VIP"
    ))  # fmt: skip
    assert found.text("PregnancyStatus") == "3"
    assert found.text("ConfidentialityConstraintOnPatientDataDescription") == "VIP"
    assert found.text("Allergies") == "Iodine"


_CHARACTERS = {
    "Korean beside ASCII": ("ASCII~KS X 1001", "euc_kr", "KIM^HJ~김^희중^^^^^L^I", "KIM^HJ=김^희중"),
    "Korean after nothing": ("~KS X 1001", "euc_kr", "김^희중", "김^희중"),
    "Chinese beside ASCII": ("ASCII~GB 18030-2000", "gb18030", "王^小东", "王^小东"),
    "Latin beside ASCII": ("ASCII~8859/1", "iso8859-1", "MÜLLER^ZOË", "MÜLLER^ZOË"),
    "DICOM's own term": ("ISO_IR 100", "iso8859-1", "MÜLLER^ZOË", "MÜLLER^ZOË"),
    "DICOM's own term in Cyrillic": ("ISO_IR 144", "iso8859-5", "ИВАНОВА^АННА", "ИВАНОВА^АННА"),
    "DICOM's own term for UTF-8": ("ISO_IR 192", "utf-8", "山田^太郎", "山田^太郎"),
    "a page of Windows": ("WINDOWS-1252", "cp1252", "ŠIMŮNEK^ZOË".replace("Ů", "U"), "ŠIMUNEK^ZOË"),
    "blanks after a term": ("8859/1  ", "iso8859-1", "MÜLLER^ZOË", "MÜLLER^ZOË"),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "codec", "name", "meant"), _CHARACTERS.values(), ids=_CHARACTERS)  # fmt: skip
def test_characters_as_feeds_declare_them(declared: str, codec: str, name: str, meant: str) -> None:
    data = order(pid=pid(name=name), charset=declared, codec=codec)
    assert only(data).text("PatientName") == meant


@pytest.mark.parametrize(("written", "meant"), [("Male", "M"), ("FEMALE", "F"), ("other", "O")])
def test_a_sex_in_words_is_that_sex(written: str, meant: str) -> None:
    assert only(order(pid=pid(rest=f"|19700131|{written}"))).text("PatientSex") == meant


@pytest.mark.parametrize(
    "segment",
    ["OBX|1|HD|113014^DICOM Study^DCM||^1.2.3^ISO", "OBX|1|HD|113014^DICOM Study^DCM||1.2.3",
     "ZDS|1.2.3^RIS^Application^DICOM"],
)  # fmt: skip
def test_the_study_of_a_result_wherever_it_says_so(segment: str) -> None:
    """Images of a result with a UID of our own would be another study."""
    found = only(message(PID, "ORC|RE|PL1|FI1", OBR, segment, kind="ORU^R01"))
    assert found.text("StudyInstanceUID") == "1.2.3"


_IPC = "IPC|A7|RP7|1.2.7|SPS7|MR|PR7^Head^L"
_HEAD, _NECK, _SPINE = (
    {"CodeValue": code, "CodeMeaning": words, "CodingSchemeDesignator": "99LOCAL"}
    for code, words in (("PR7", "Head"), ("PR8", "Neck"), ("PR9", "Spine"))
)


class TestScheduledStepsOfAnOmi:
    """RAD-4 has an IPC for each scheduled step, and one for each protocol of a step."""

    @staticmethod
    def said(*ipcs: str) -> list[tuple[str, list[Any]]]:
        given = message(PID, "ORC|NW|PL1|FI1", "OBR|1|PL1|FI1|X^Y^L", *ipcs, kind="OMI^O23")
        found = only(given)
        assert (found.text("AccessionNumber"), found.text("StudyInstanceUID")) == ("A7", "1.2.7")
        (patient,) = patients([found])
        request = patient.tree["studies"][0]["tags"]["RequestAttributesSequence"]
        return [(one["ScheduledProcedureStepID"], one["ScheduledProtocolCodeSequence"]) for one in request]  # fmt: skip

    def test_each_is_a_step_of_the_study(self) -> None:
        second = _IPC.replace("SPS7", "SPS8").replace("PR7^Head", "PR8^Neck")
        assert self.said(_IPC, second) == [("SPS7", [_HEAD]), ("SPS8", [_NECK])]

    def test_protocols_of_one_step_stay_together(self) -> None:
        neck, spine = (_IPC.replace("PR7^Head", one) for one in ("PR8^Neck", "PR9^Spine"))
        other = spine.replace("SPS7", "SPS8")
        found = self.said(_IPC, neck, other, other.replace("PR9^Spine", "PR8^Neck"), neck)
        assert found == [("SPS7", [_HEAD, _NECK]), ("SPS8", [_SPINE, _NECK])]

    def test_of_two_accession_numbers_each_is_a_study(self) -> None:
        second = _IPC.replace("A7", "A8").replace("RP7", "RP8").replace("1.2.7", "1.2.8")
        given = message(PID, "ORC|NW|PL1|FI1", "OBR|1|PL1|FI1|X^Y^L", _IPC, second, kind="OMI^O23")
        found = orders(Message.read(given))
        assert [one.text("StudyInstanceUID") for one in found] == ["1.2.7", "1.2.8"]


def test_results_of_before_that_come_with_an_order_are_no_orders() -> None:
    earlier = (PID, "ORC|PR|PL0|FI0", OBR.replace("ACC1", "OLD1"), "OBX|1|TX|1||Nothing unusual.")
    found = only(message(PID, "ORC|NW|PL1|FI1", OBR, *earlier, kind="OMG^O19"))
    assert found.text("AccessionNumber") == "ACC1"
    assert [one for one in found.remarks if "ORC-1 PR" in one]
    assert orders(Message.read(message(*earlier, kind="OMG^O19"))) == []


class TestOrderGroups:
    def test_steps_of_one_procedure_are_one_study(self) -> None:
        second = obr(f20="SPS2", f4="CTCH^CT chest^L^B^Second^L")
        data = order("ORC|NW|PL1|FI1", second, "ZDS|1.2.3")
        found = only(data)
        assert [one["ScheduledProcedureStepID"].text for one in found.steps] == ["SPS2"]
        (patient,) = patients([found])
        (study,) = patient.tree["studies"]
        request = study["tags"]["RequestAttributesSequence"]
        assert [one["ScheduledProcedureStepID"] for one in request] == ["SPS1", "SPS2"]
        assert [one["RequestedProcedureID"] for one in request] == ["RP1", "RP1"]

    def test_protocols_of_one_step_are_one_study(self) -> None:
        """Two studies with the same UID would be made of an order with a pair of segments for each protocol."""
        orc = "ORC|NW|PL1|FI1"
        one, other = (obr(f4=f"CTCH^CT chest^L^{code}^{code}^L") for code in "AB")
        found = only(message(PID, orc, one, orc, other, orc, other, "ZDS|1.2.3"))
        (patient,) = patients([found])
        (study,) = patient.tree["studies"]
        (request,) = study["tags"]["RequestAttributesSequence"]
        codes = [one["CodeValue"] for one in request["ScheduledProtocolCodeSequence"]]
        assert codes == ["A", "B"]

    def test_several_obr_share_the_orc_before_them(self) -> None:
        second = obr(f2="", f3="", f18="ACC2", f19="RP2")
        found = orders(Message.read(order(second, orc="ORC|CA|PL1|FI1")))
        assert [one.status for one in found] == ["cancelled", "cancelled"]
        assert found[1].text("PlacerOrderNumberImagingServiceRequest") == "PL1"

    def test_an_orc_alone_is_an_order(self) -> None:
        found = only(message(PID, "ORC|CA|PL1|FI1"))
        assert (found.status, found.text("AccessionNumber")) == ("cancelled", "FI1")

    def test_results_of_two_patients_stay_apart(self) -> None:
        data = message(
            PID, OBR, "OBX|1|ST|113014^DICOM Study^DCM||1.2.3",
            pid("P2^^^HOSP^MR", "OTHER^ANN"), obr(f18="ACC2"),
            "OBX|1|ST|113014^DICOM Study^DCM||1.2.4",
            kind="ORU^R01",
        )  # fmt: skip
        found = orders(Message.read(data))
        assert [
            (one.text("PatientID"), one.text("PatientName"), one.text("StudyInstanceUID"))
            for one in found
        ] == [("P1", "TESTER^EVA", "1.2.3"), ("P2", "OTHER^ANN", "1.2.4")]

    def test_a_replaced_order_goes_and_its_replacement_stays(self) -> None:
        data = message(PID, "ORC|RP|PL1|FI1", OBR, "ORC|RO|PL2|FI2", obr(f2="PL2", f18="ACC2"))
        assert [one.status for one in orders(Message.read(data))] == ["discontinued", "changed"]
        assert only(order(orc="ORC|RP|PL1|FI1")).status == "changed"

    def test_the_first_of_repeated_timings_counts(self) -> None:
        found = only(order("TQ1|1||||||20260203||S", "TQ1|2||||||20260204||R"))
        assert found.text("ScheduledProcedureStepStartDate") == "20260203"

    def test_a_merge_message_may_hold_several(self) -> None:
        data = message(
            pid("A"), "MRG|B", pid("C^^^HOSP"), "MRG|X^^^^SS~D^^^HOSP^MR", kind="ADT^A40"
        )
        assert [(one.patient_id, one.before) for one in patient_changes(Message.read(data))] == [
            ("A", ("B", "")),
            ("C", ("D", "HOSP")),
        ]

    @pytest.mark.parametrize(
        ("segments", "words"),
        [
            (["PV1|1"], "no PID"),
            ([pid("A")], "MRG-1"),
            ([pid("A"), "MRG|A"], "into itself"),
            ([pid("A"), pid("B"), "MRG|C"], "MRG-1"),
        ],
    )
    def test_a_merge_of_nobody_is_told(self, segments: list[str], words: str) -> None:
        with pytest.raises(Hl7Error) as caught:
            patient_changes(Message.read(message(*segments, kind="ADT^A40")))
        assert words in caught.value.message


class TestCharacters:
    def test_switches_written_as_escape_sequences_are_followed(self) -> None:
        written = "本美".encode("iso2022_jp").decode("ascii")
        escaped = written.replace("\x1b$B", r"\M2442" + "\\").replace("\x1b(B", r"\C2842" + "\\")
        read = Message.read(order(pid=pid(name=escaped + "^EVA"), charset="~ISO IR87"))
        assert (read.text("PID-5.1"), read.text("PID-5.2")) == ("本美", "EVA")

    def test_half_width_katakana_in_eight_bits_is_read(self) -> None:
        data = order(charset="ISO IR14").replace(b"TESTER", "ﾔﾏﾀﾞ".encode("shift_jis"))
        assert Message.read(data).text("PID-5.1") == "ﾔﾏﾀﾞ"

    def test_latin_letters_beside_a_declared_japanese_set_are_read(self) -> None:
        data = order(pid=pid(name="MÜLLER"), charset="8859/1~ISO IR87", codec="latin-1")
        assert Message.read(data).text("PID-5") == "MÜLLER"

    def test_a_sender_whose_letters_hold_the_separator_hides_no_character_set(self) -> None:
        sender = next(
            letter for letter in map(chr, range(0x4E00, 0x9FFF)) if b"|" in letter.encode("gb18030")
        )
        data = order(pid=pid(name="王^誠"), charset="GB 18030-2000", codec="gb18030")
        data = data.replace(b"|RIS|", b"|" + sender.encode("gb18030") + b"|")
        read = Message.read(data)
        assert (read.text("MSH-3"), read.text("PID-5.1")) == (sender, "王")
        assert read.text("MSH-18") == "GB 18030-2000"

    def test_sixteen_bits_declared_and_eight_sent_are_read_and_told(self) -> None:
        read = Message.read(order(pid=pid(name="MÜLLER"), charset="UNICODE UTF-16"))
        assert read.text("PID-5") == "MÜLLER"
        assert "eight bits" in read.remarks[0]


@pytest.mark.parametrize(
    ("encoding", "meant"),
    [("^~", r"A\T\B"), ("^~\\", "A&B"), ("^~\\&", "A&B"), ("^~\\&#", "A&B")],
)
def test_msh_2_may_be_short_or_long(encoding: str, meant: str) -> None:
    data = order(pid=pid(name=r"A\T\B^EVA")).replace(b"|^~\\&|", f"|{encoding}|".encode())
    read = Message.read(data)
    assert (read.text("PID-5.2"), read.text("PID-3.4")) == ("EVA", "HOSP")
    assert read.text("PID-5.1") == meant


@pytest.mark.parametrize("kind", ["ORM", "orm^o01", "ORM^O01^ORM_O01"])
def test_the_message_type_of_an_old_feed_is_known(kind: str) -> None:
    assert only(order(kind=kind)).text("AccessionNumber") == "ACC1"


def test_a_segment_may_end_early_or_go_on_beyond_its_version() -> None:
    assert only(order(obr="OBR|1|PL1|FI1|CTCH")).text("AccessionNumber") == "FI1"
    assert only(order(obr=OBR + "|" * 60 + "more")).text("AccessionNumber") == "ACC1"


def test_a_batch_that_counts_wrongly_is_read_and_told() -> None:
    data = b"FHS|^~\\&\rBHS|^~\\&\r" + order() + order(control="2") + b"BTS|3\rFTS|2\r"
    found = [one for one in messages(data, "batch") if isinstance(one, Message)]
    assert len(found) == 2
    assert found[1].remarks == [
        "BTS-1 says 3, and the number of messages is 2",
        "FTS-1 says 2, and the number of batches is 1",
    ]
    right = b"BHS|^~\\&\r" + order() + b"BTS|1\rBHS|^~\\&\r" + order() + b"BTS|1\rFTS|2\r"
    assert all(isinstance(one, Message) and not one.remarks for one in messages(right, "b"))


@pytest.mark.parametrize("value", ["nan", "inf", "-70", "1e9", "7_0", "70,5", "12345678", "?"])
def test_a_weight_that_is_no_weight_is_left_out_and_told(value: str) -> None:
    (found,) = orders(Message.read(order(f"OBX|1|NM|29463-7^Weight^LN||{value}|kg")))
    assert "PatientWeight" not in found.said
    assert any(f"'{value} kg' is left out" in one for one in found.remarks)


def test_a_number_tells_who_gave_it_though_others_were_given_alike() -> None:
    given = ("A1^EAST", "A2^EAST", "A3", r"A\T\4^WEST", "^NORTH", "A5~A6^SOUTH", '""^X')
    found = []
    for number in given:
        (one,) = orders(Message.read(order(orc=f"ORC|NW|{number}|F", obr=obr(n2=""))))
        said = one.said.get("OrderPlacerIdentifierSequence")
        found.append(said.items[0]["LocalNamespaceEntityID"] if said is not None else "")
    assert found == ["EAST", "EAST", "", "WEST", "", "", ""]


@pytest.mark.parametrize(
    ("written", "codec", "name"),
    [("GB18030", "gb18030", "王^小东"), ("8859-1", "iso8859-1", "MÜLLER^EVA"),
     ("ISO-8859-2", "iso8859-2", "ŻAK^EWA"), ("iso8859-15", "iso8859-15", "BŒUF^EVA")],
)  # fmt: skip
def test_character_sets_are_known_however_feeds_write_them(
    written: str, codec: str, name: str
) -> None:
    data = order(pid=pid(name=name), charset=written, codec=codec)
    (found,) = orders(Message.read(data))
    assert found.text("PatientName") == name


def test_a_segment_of_millions_of_fields_takes_no_more_memory_than_its_text() -> None:
    data = order("ZZZ" + "|x" * 7_000_000)
    tracemalloc.start()
    try:
        message = Message.read(data)
        (found,) = orders(message)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20
    assert found.text("AccessionNumber") == "ACC1"
    assert "of ZZZ the first 999 fields are read" in found.remarks
