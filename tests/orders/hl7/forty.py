"""Messages that differ in every way that feeds differ, with the identifiers that each has to give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.orders.hl7.feeds import OBR, PID, message, order

IDENTIFIERS: Final = (
    "PatientID", "IssuerOfPatientID", "PatientName", "AccessionNumber", "StudyInstanceUID", "Modality",
)  # fmt: skip
USUAL: Final = ("P1", "HOSP", "TESTER^EVA", "ACC1", "", "CT")
READERS: Final = ("HAPI", "hl7apy")
ZDS: Final = "ZDS|1.2.840.99.1^RIS^Application^DICOM"


@dataclass(frozen=True, slots=True)
class Case:
    """One file. orders: what each of its orders says under IDENTIFIERS.

    codec: as Java and Python name it. paths: what a second library has to say, ``PID-3-1`` as HAPI writes it; by
    default the patient's number and name and OBR-18. not_by: which of READERS say something else, or nothing.
    """

    name: str
    data: bytes
    orders: Sequence[tuple[str, ...]]
    codec: str = "utf-8"
    paths: Mapping[str, str] | None = None
    not_by: tuple[str, ...] = ()

    @property
    def wanted(self) -> Mapping[str, str]:
        """The paths of a second library, and what they say."""
        if self.paths is not None:
            return self.paths
        number, _, name, accession, *_ = self.orders[0]
        family = {"PID-5-1-1": name.partition("^")[0]} if name else {}
        return {"PID-3-1": number, **family, "OBR-18": accession}


def _said(**changed: str) -> tuple[str, ...]:
    """The usual identifiers but for some."""
    short = {
        "id": "PatientID", "issuer": "IssuerOfPatientID", "name": "PatientName", "uid": "StudyInstanceUID",
        "accession": "AccessionNumber", "modality": "Modality",
    }  # fmt: skip
    given = dict(zip(IDENTIFIERS, USUAL, strict=True)) | {
        short[key]: value for key, value in changed.items()
    }
    return tuple(given.values())


def _pid(name: str = "TESTER^EVA", ids: str = "P1^^^HOSP^MR") -> str:
    return f"PID|1||{ids}||{name}||19700131|F"


def _named(charset: str, codec: str, name: str, meant: str, family: str) -> Case:
    data = order(pid=_pid(name), charset=charset, codec=codec)
    return Case(
        f"character set {charset or 'not said'}", data, [_said(name=meant)], codec, {"PID-5-1-1": family}
    )  # fmt: skip


def _delimited(separator: str, encoding: str) -> bytes:
    text = order(ZDS).decode()
    swap = dict(zip("|^~\\&", separator + encoding, strict=False))
    return "".join(swap.get(one, one) for one in text).encode()


def _iso_2022(charset: str, name: bytes) -> bytes:
    head, tail = order(pid=_pid("YAMADA^TAROU~@@^^^^^L^I"), charset=charset).split(b"@@")
    return head + name + tail


_SECOND = "OBR|2|PL2|FI2|MRHD^MR head^L" + "|" * 14 + "ACC2|RP2|SPS2||||MR"
_TWO = [USUAL, _said(accession="ACC2", modality="MR")]
_OMI = message(
    PID, "PV1|1|O", "ORC|NW|PL1|FI1", "TQ1|1||||||20260203101500||S", OBR,
    "IPC|A77^RIS|RP7^RIS|1.2.840.99.7^RIS|SPS7^RIS|MR|PR7^Head^L|MR1|ROOM^1|MRAE",
    kind="OMI^O23",
)  # fmt: skip
_ORU = message(
    PID, "ORC|RE|PL1|FI1", OBR, "OBX|1|ST|113014^DICOM Study^DCM||1.2.840.99.9||||||F",
    "OBX|2|TX|59776-5^Findings^LN||Nothing unusual.||||||F", kind="ORU^R01",
)  # fmt: skip
_BATCH = b"FHS|^~\\&|RIS\rBHS|^~\\&|RIS\r" + order() + order(control="4712") + b"BTS|2\rFTS|1\r"
CASES: Final = (
    Case("segments end with CR", order(), [USUAL]),
    Case("segments end with LF", order(end="\n"), [USUAL], not_by=READERS),
    Case("segments end with CR LF", order(end="\r\n"), [USUAL], not_by=("hl7apy",)),
    Case("no end after the last segment", order().rstrip(b"\r"), [USUAL]),
    Case("empty lines between segments", order(end="\r\r"), [USUAL]),
    Case("framed as on the wire", b"\x0b" + order() + b"\x1c\r", [USUAL], not_by=READERS),
    Case("other delimiters", _delimited("$", "%*!+"), [_said(uid="1.2.840.99.1")]),
    Case("only component separator declared", _delimited("|", "^").replace(b"^~\\&", b"^"), [_said(uid="1.2.840.99.1")], not_by=READERS),
    Case("truncation character of 2.7", message(PID, "ORC|NW|PL1|FI1", OBR, kind="OMG^O19", version="2.7").replace(b"^~\\&", b"^~\\&#", 1),
         [USUAL]),
    Case("escaped delimiters", order(pid=_pid("O\\T\\NEIL^A\\F\\B\\S\\C\\R\\D\\E\\E")), [_said(name="O&NEIL^A|B C~D E")],
         paths={"PID-5-1-1": "O&NEIL", "PID-5-2": "A|B^C~D\\E"}, not_by=("hl7apy",)),
    Case("bytes in hexadecimal", order(pid=_pid("M\\XDC\\LLER^EVA"), charset="8859/1"), [_said(name="MÜLLER^EVA")],
         "iso-8859-1", {"PID-5-1-1": "MÜLLER"}, not_by=READERS),
    Case("line breaks in a text", order("NTE|1||One\\.br\\Two"), [USUAL]),
    Case("highlighting within a value", order(pid=_pid("\\H\\TESTER\\N\\^EVA")), [USUAL], paths={"PID-3-1": "P1"}),
    Case("switches of character sets in text", order(pid=_pid("YAMADA^TAROU~\\M2442\\;3ED\\C2842\\^\\M2442\\B@O:\\C2842\\^^^^^L^I"), charset="ASCII~ISO IR87"),
         [_said(name="YAMADA^TAROU=山田^太郎")], paths={"PID-3-1": "P1"}),
    Case("a path of another system", order(pid=_pid("C:\\TEMP^EVA")), [_said(name="C: TEMP^EVA")], paths={"PID-3-1": "P1"}),
    Case("two orders of one patient", order("ORC|NW|PL2|FI2", _SECOND), _TWO),
    Case("two OBR under one ORC", order(_SECOND), _TWO),
    Case("two patients", order(_pid("ROE^JOE", "P2^^^HOSP^MR"), "ORC|NW|PL2|FI2", _SECOND),
         [USUAL, _said(id="P2", name="ROE^JOE", accession="ACC2", modality="MR")]),
    Case("two steps of one procedure", order("ORC|NW|PL2|FI2", OBR.replace("SPS1", "SPS2")), [USUAL]),
    Case("an order replaced", message(PID, "ORC|RP|PL1|FI1", OBR, "ORC|RO|PL2|FI2", _SECOND), _TWO),
    Case("several identifiers, the hospital's last", order(pid=_pid(ids="X9^^^OTHER^PI~123^^^GOV^SS~P1^^^HOSP^MR")), [USUAL], paths={"PID-3(2)-1": "P1"}),
    Case("an identifier without a type", order(pid=_pid(ids="P1^^^HOSP")), [USUAL]),
    Case("an issuer with a universal ID", order(pid=_pid(ids="P1^^^HOSP&1.2.840.99&ISO^MR")), [USUAL], paths={"PID-3-4-1": "HOSP"}),
    Case("an identifier in PID-2 alone", order(pid="PID|1|P1|||TESTER^EVA||19700131|F"), [_said(issuer="")], paths={"PID-2-1": "P1"}),
    Case("a study UID in ZDS", order(ZDS), [_said(uid="1.2.840.99.1")]),
    Case("Z segments between the others", order("ZXX|1|anything", ZDS, "ZYY"), [_said(uid="1.2.840.99.1")]),
    Case("a field that is cleared", order(obr=OBR.replace("ACC1", '""')), [_said(accession="")], paths={"PID-3-1": "P1"}),
    Case("accession in OBR-3", order(obr=OBR.replace("ACC1", "")), [_said(accession="FI1")], paths={"OBR-3-1": "FI1"}),
    Case("accession in ORC-3", order(obr=OBR.replace("ACC1", "").replace("|FI1|", "||")), [_said(accession="FI1")], paths={"ORC-3-1": "FI1"}),
    Case("an OMI", _OMI, [_said(accession="A77", uid="1.2.840.99.7", modality="MR")], paths={"PID-3-1": "P1", "IPC-1-1": "A77", "IPC-3-1": "1.2.840.99.7"}),
    Case("an OMG", message(PID, "ORC|NW|PL1|FI1", OBR, kind="OMG^O19"), [USUAL]),
    Case("a result", _ORU, [_said(uid="1.2.840.99.9")], paths={"PID-3-1": "P1", "OBX-5": "1.2.840.99.9"}),
    Case("version 2.3", order(version="2.3"), [USUAL]),
    Case("version 2.8", message(PID, "ORC|NW|PL1|FI1", OBR, kind="OMG^O19", version="2.8"), [USUAL]),
    Case("a version that does not exist", order(version="2.99"), [USUAL], not_by=READERS),
    Case("segments that end early", message("PID|1||P1", "OBR|1|||^X" + "|" * 14 + "ACC1"), [("P1", "", "", "ACC1", "", "")]),
    Case("more fields than the version has", order(pid=PID + "|" * 60 + "more"), [USUAL]),
    Case("more components than the type has", order(pid=_pid("TESTER^EVA^^^^^^^^^^^^^^^^^MORE")), [USUAL]),
    Case("a batch", _BATCH, [USUAL, USUAL], not_by=READERS),
    Case("two messages in a file", order() + order(control="4712"), [USUAL, USUAL]),
    _named("", "utf-8", "MÜLLER^ZOË", "MÜLLER^ZOË", "MÜLLER"),
    _named("8859/1", "iso8859-1", "MÜLLER^ZOË", "MÜLLER^ZOË", "MÜLLER"),
    _named("8859/2", "iso8859-2", "NOVÁČEK^JIŘÍ", "NOVÁČEK^JIŘÍ", "NOVÁČEK"),
    _named("8859/5", "iso8859-5", "ИВАНОВА^АННА", "ИВАНОВА^АННА", "ИВАНОВА"),
    _named("8859/7", "iso8859-7", "ΜΑΡΙΝΟΥ^ΕΥΑ", "ΜΑΡΙΝΟΥ^ΕΥΑ", "ΜΑΡΙΝΟΥ"),
    _named("UNICODE UTF-8", "utf-8", "山田^太郎", "山田^太郎", "山田"),
    _named("GB 18030-2000", "gb18030", "王^小东", "王^小东", "王"),
    _named("KS X 1001", "euc_kr", "김^희중", "김^희중", "김"),
    Case("character set ISO IR87", _iso_2022("ASCII~ISO IR87", "本美^太郎".encode("iso2022_jp")), [_said(name="YAMADA^TAROU=本美^太郎")],
         "iso-2022-jp", {"PID-5(1)-1-1": "本美"}),
    Case("character set ISO IR159", _iso_2022("ASCII~ISO IR87~ISO IR159", "丂^太郎".encode("iso2022_jp_2")), [_said(name="YAMADA^TAROU=丂^太郎")],
         "iso-2022-jp-2", {"PID-5(1)-1-1": "丂"}),
    Case("sixteen bits a character", order(pid=_pid("MÜLLER^EVA")).decode().encode("utf-16"), [_said(name="MÜLLER^EVA")], "utf-16", {"PID-5-1-1": "MÜLLER"}),
    Case("a byte order mark of UTF-8", b"\xef\xbb\xbf" + order(), [USUAL], not_by=READERS),
)  # fmt: skip


def page() -> str:
    """The page of who reads what, ``docs/reference/hl7-messages.md``."""
    lines = [
        "# HL7 messages that are read",
        "",
        "Messages that differ in the ways that feeds differ; the tests hold that each gives its identifiers, here and with two",
        "other libraries as far as these read it: HAPI HL7v2 2.6.0, whose text has to be decoded for it, and hl7apy 1.3.5.",
        "",
        "| message | orders | here | HAPI | hl7apy |",
        "|---|---|---|---|---|",
    ]
    for case in CASES:
        others = ("–" if reader in case.not_by else "equal" for reader in READERS)
        lines.append(f"| {case.name} | {len(case.orders)} | read | {' | '.join(others)} |")
    return "\n".join((*lines, ""))
