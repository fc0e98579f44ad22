"""Runs told by hand: what an engine would emit, for looking at reports and for testing them."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

from PIL import Image

from scenario_runner.events import (
    Attached,
    AttemptFinished,
    CaseFinished,
    CaseStarted,
    CheckFinished,
    Event,
    Logged,
    Outcome,
    Progress,
    RunFinished,
    RunStarted,
    Stamped,
    StepFinished,
    StepStarted,
    TargetFacts,
)
from scenario_runner.evidence.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

BEGIN = dt.datetime(2026, 1, 31, 9, 30, tzinfo=dt.UTC)

ASSOCIATION = {
    "host": "127.0.0.1",
    "port": 4242,
    "calling_ae_title": "FABRICATE",
    "called_ae_title": "ORTHANC",
    "contexts": [
        {
            "id": 1,
            "abstract_syntax": "1.2.840.10008.5.1.4.1.1.1.1",
            "proposed": ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"],
            "accepted": True,
            "transfer_syntax": "1.2.840.10008.1.2.1",
            "reason": "accepted",
            "scp": False,
        },
        {
            "id": 3,
            "abstract_syntax": "1.2.840.10008.5.1.4.1.1.1",
            "proposed": ["1.2.840.10008.1.2.1"],
            "accepted": False,
            "transfer_syntax": None,
            "reason": "abstract syntax not supported",
            "scp": False,
        },
    ],
    "max_pdu": 16384,
    "implementation_class_uid": "1.2.276.0.7230010.3.0.3.6.7",
    "implementation_version_name": "OFFIS_DCMTK_367",
    "connect_seconds": 0.0004,
    "negotiate_seconds": 0.0031,
}


class Story:
    """Events with a clock of their own, and the plan and files that go with them."""

    def __init__(self, run: str = "20260131-093000-k3v9") -> None:
        self.run = run
        self.events: list[Stamped] = []
        self.plan: dict[str, Any] = {"cases": []}
        self.files: dict[str, bytes] = {}
        self._now = BEGIN

    def tell(self, event: Event, after: float = 0.0) -> None:
        self._now += dt.timedelta(seconds=after)
        self.events.append(Stamped(len(self.events) + 1, self.time, event))

    @property
    def time(self) -> str:
        return self._now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def begin(self, **fields: Any) -> None:
        values: dict[str, Any] = {
            "run": self.run,
            "seed": 20260101,
            "seed_given": True,
            "command": ["fabricate", "run", "scenarios/xray_smoke.yaml", "--site", "north.yaml"],
            "environment": {
                "fabricator": "0.1.0",
                "python": "3.11.2",
                "pydicom": "3.0.2",
                "pynetdicom": "3.0.4",
                "platform": "Linux 6.1 x86_64",
                "host": "radtest-02",
                "user": "m.okafor",
            },
            "site": "north",
            "targets": [
                TargetFacts(
                    name="pacs",
                    kind="dimse",
                    environment="test",
                    host="127.0.0.1",
                    port=4242,
                    ae_title="ORTHANC",
                    capabilities=["echo", "store", "find", "get", "delete"],
                )
            ],
            "sources": ["scenarios/xray_smoke.yaml", "north.yaml"],
        }
        self.tell(RunStarted(**(values | fields)))

    def case(
        self,
        steps: Iterable[tuple[str, str, str]],
        case: str = "xray_smoke",
        matrix: dict[str, Any] | None = None,
        patients: list[dict[str, Any]] | None = None,
        requirements: Iterable[str] = ("PACS-001", "PACS-002"),
        name: str = "xray_smoke",
        title: str = "A chest X-ray reaches the PACS and can be found again",
        **said: Any,
    ) -> None:
        chosen = [patient()] if patients is None else patients
        studies = [study for one in chosen for study in one["studies"]]
        series = [one for study in studies for one in study["series"]]
        self.plan["cases"].append({"id": case, "name": name, "patients": chosen})
        self.tell(
            CaseStarted(
                case=case,
                name=name,
                scenario={
                    "name": name,
                    "title": title,
                    "version": "1.0.0",
                    "description": "One study of two projections is made, sent, found by its"
                    " accession number, fetched back and compared.",
                    "file": "scenarios/xray_smoke.yaml",
                    "phase": "OQ",
                    "tags": ["smoke", "xray"],
                    "requirements": list(requirements),
                    **said,
                },
                matrix=matrix or {},
                seed=20260101,
                counts={
                    "patients": len(chosen),
                    "studies": len(studies),
                    "series": len(series),
                    "images": sum(len(one["images"]) for one in series),
                },
                steps=[
                    {
                        "id": id_,
                        "step": step,
                        "title": title,
                        "section": "finally" if step == "delete" else "steps",
                        "requirements": ["PACS-002"] if step == "assert" else [],
                        "tags": [],
                        "line": 24 + number,
                    }
                    for number, (id_, step, title) in enumerate(steps)
                ],
            )
        )

    def step(
        self,
        id_: str,
        step: str,
        title: str,
        outcome: Outcome = "passed",
        *,
        case: str = "xray_smoke",
        took: float = 0.05,
        message: str = "",
        facts: dict[str, Any] | None = None,
        inside: Iterable[Event] = (),
        attempts: Iterable[tuple[Outcome, str]] | None = None,
        requirements: Iterable[str] = (),
        foreseen: bool = False,
        end: bool = True,
    ) -> None:
        section: Any = "finally" if step == "delete" else "steps"
        started = self.time
        if outcome != "skipped":
            self.tell(StepStarted(case=case, id=id_, step=step, title=title, section=section))
            for event in inside:
                self.tell(event)
        if not end:
            return
        tries = [(outcome, message)] if attempts is None else list(attempts)
        if outcome == "skipped":
            tries = []
        for number, (result, why) in enumerate(tries, 1):
            self.tell(
                AttemptFinished(
                    case=case,
                    id=id_,
                    attempt=number,
                    outcome=result,
                    message=why,
                    duration_s=took / len(tries),
                ),
                after=took / len(tries),
            )
        self.tell(
            StepFinished(
                case=case,
                id=id_,
                step=step,
                title=title,
                section=section,
                outcome=outcome,
                attempts=len(tries),
                started=started,
                duration_s=took if tries else 0.0,
                message=message,
                facts=facts or {},
                requirements=list(requirements),
                foreseen=foreseen,
            )
        )

    def end_case(self, outcome: Outcome, case: str = "xray_smoke", message: str = "") -> None:
        self.tell(CaseFinished(case=case, outcome=outcome, duration_s=2.417, message=message))

    def end(self, outcome: Outcome) -> None:
        code = {"passed": 0, "failed": 1, "error": 4, "interrupted": 130, "skipped": 0}[outcome]
        seconds = (self._now - BEGIN).total_seconds()
        self.tell(RunFinished(outcome=outcome, exit_code=code, duration_s=seconds))

    def write(self, folder: Path, events: int | None = None) -> Path:
        """The run folder as the engine leaves it, before any report is made."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "inputs").mkdir(parents=True, exist_ok=True)
        (folder / "inputs/plan.json").write_text(json.dumps(self.plan), encoding="utf-8")
        log = EventLog(folder / "events.ndjson")
        for stamped in self.events[:events]:
            log.handle(stamped)
        log.close()
        return folder


def check(
    check: str,
    title: str,
    expected: Any,
    actual: Any,
    outcome: Outcome = "passed",
    **more: Any,
) -> CheckFinished:
    values: dict[str, Any] = {
        "case": "xray_smoke",
        "id": "assert_1",
        "attempt": 1,
        "message": "",
        "differences": [],
        "requirements": [],
    }
    return CheckFinished(
        check=check,
        title=title,
        expected=expected,
        actual=actual,
        outcome=outcome,
        **(values | more),
    )


def patient(
    number: int = 1,
    name: str = "CITIZEN^JANE",
    series: int = 2,
    images: int = 1,
    accession: str = "2026KQ0000001",
) -> dict[str, Any]:
    root = f"2.25.{310441935273145402113347901442877900 + number * 1000}"
    return {
        "key": f"p{number}",
        "id": f"PID{number:06d}",
        "name": name,
        "sex": "F",
        "birth_date": "1970-01-31",
        "studies": [
            {
                "key": f"p{number}.s1",
                "uid": root,
                "accession": accession,
                "description": "Chest PA and lateral",
                "date": "2026-01-31",
                "series": [
                    {
                        "key": f"p{number}.s1.e{n}",
                        "uid": f"{root[:-3]}{n:03d}",
                        "modality": "DX",
                        "number": n,
                        "description": "PA" if n == 1 else "Lateral",
                        "images": [
                            {
                                "key": f"p{number}.s1.e{n}.i{i}",
                                "uid": f"{root[:-6]}{n:02d}{i:06d}",
                                "sop_class": "1.2.840.10008.5.1.4.1.1.1.1",
                                "number": i,
                            }
                            for i in range(1, images + 1)
                        ],
                    }
                    for n in range(1, series + 1)
                ],
            }
        ],
    }


def png(width: int = 192, height: int = 232, shift: int = 0) -> bytes:
    """A small grey picture that could be a projection."""
    image = Image.new("L", (width, height))
    image.putdata(
        [
            max(
                0,
                min(
                    255,
                    int(
                        215
                        - ((x - width / 2) ** 2 / 60 + (y - height / 2) ** 2 / 110)
                        - (85 if 25 < abs(x - width / 2) < 60 + shift and 40 < y < 190 else 0)
                        + (18 if y % 22 < 5 and abs(x - width / 2) > 20 else 0)
                    ),
                ),
            )
            for y in range(height)
            for x in range(width)
        ]
    )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


STEPS = [
    ("echo_1", "echo", "Reach the PACS"),
    ("generate_1", "generate", "Make the study"),
    ("send_1", "send", "Send the study to the PACS"),
    ("wait_1", "wait", "Wait until every image is stored"),
    ("by_accession", "query", "Find the study by accession number"),
    ("retrieve_1", "retrieve", "Fetch the study back"),
    ("assert_1", "assert", "What came back is what was sent"),
    ("delete_1", "delete", "Clean up"),
]


def _until_the_checks(story: Story) -> None:
    story.step("echo_1", "echo", "Reach the PACS", took=0.021, facts={"association": ASSOCIATION})
    story.step(
        "generate_1",
        "generate",
        "Make the study",
        took=0.612,
        facts={"instances": 2, "bytes": 16_781_312},
        inside=[
            Attached(
                case="xray_smoke",
                id="generate_1",
                path=f"evidence/previews/p1.s1.e{n}.i1.png",
                media_type="image/png",
                title=f"DX {view}",
                subject={
                    "patient": "p1",
                    "series": f"p1.s1.e{n}",
                    "image": f"p1.s1.e{n}.i1",
                    "number": 1,
                    "of": 1,
                },
            )
            for n, view in ((1, "PA"), (2, "Lateral"))
        ],
    )
    for n in (1, 2):
        story.files[f"evidence/previews/p1.s1.e{n}.i1.png"] = png(shift=n * 9)
    story.step(
        "send_1",
        "send",
        "Send the study to the PACS",
        took=0.184,
        facts={
            "instances": 2,
            "statuses": {"0000 success": 2},
            "bytes": 16_781_312,
            "instances_per_second": 10.9,
            "association": ASSOCIATION,
        },
        inside=[
            Progress(case="xray_smoke", id="send_1", done=1, total=2, unit="instances"),
        ],
    )
    story.step(
        "wait_1",
        "wait",
        "Wait until every image is stored",
        took=1.02,
        attempts=[
            ("failed", "1 of 2 instances stored"),
            ("failed", "1 of 2 instances stored"),
            ("passed", "2 of 2 instances stored"),
        ],
        message="2 of 2 instances stored",
        requirements=["PACS-001"],
    )
    story.step(
        "by_accession",
        "query",
        "Find the study by accession number",
        took=0.032,
        facts={"level": "study", "match": {"AccessionNumber": "2026KQ0000001"}, "matches": 1},
        inside=[
            Logged(
                case="xray_smoke",
                id="by_accession",
                level="warning",
                message="ORTHANC returned ModalitiesInStudy although it was not asked for",
            )
        ],
    )
    story.step("retrieve_1", "retrieve", "Fetch the study back", took=0.27, facts={"instances": 2})


def passing(run: str = "20260131-093000-k3v9") -> Story:
    story = Story(run)
    story.begin()
    story.case(STEPS)
    _until_the_checks(story)
    story.step(
        "assert_1",
        "assert",
        "What came back is what was sent",
        took=0.093,
        requirements=["PACS-002"],
        inside=[
            check("equal", "One study has the accession number", 1, 1),
            check(
                "stored",
                "Everything that was sent is stored, and nothing else",
                "1 study, 2 series, 2 instances",
                "1 study, 2 series, 2 instances",
                requirements=["PACS-003"],
            ),
            check("tags", "Attributes are those that were sent", 0, 0, message="184 compared"),
            check("pixels", "Pixels are those that were sent", 0, 0),
        ],
    )
    story.step("delete_1", "delete", "Clean up", took=0.048, facts={"studies": 1})
    story.end_case("passed")
    story.end("passed")
    return story


def failing() -> Story:
    story = Story("20260131-101512-7mqe")
    story.begin(seed=8812734411, seed_given=False)
    story.case(STEPS)
    _until_the_checks(story)
    story.step(
        "assert_1",
        "assert",
        "What came back is what was sent",
        "failed",
        took=0.093,
        message="2 of 4 checks failed",
        requirements=["PACS-002"],
        inside=[
            check(
                "equal",
                "One study has the accession number",
                1,
                "1",
                "failed",
                message="a number was expected, a text was found",
            ),
            check(
                "stored",
                "Everything that was sent is stored, and nothing else",
                "1 study, 2 series, 2 instances",
                "1 study, 2 series, 2 instances",
                requirements=["PACS-003"],
            ),
            check(
                "tags",
                "Attributes are those that were sent",
                "no difference",
                "5 differences",
                "failed",
                message="5 attributes of 2 instances differ",
                differences=[
                    {
                        "subject": "p1.s1.e1.i1",
                        "attribute": "PatientName",
                        "expected": "CITIZEN^JANE",
                        "actual": "Citizen^Jane",
                    },
                    {
                        "subject": "p1.s1.e1.i1",
                        "attribute": "StudyDescription",
                        "expected": "Chest PA and lateral",
                        "actual": None,
                    },
                    {
                        "subject": "p1.s1.e1.i1",
                        "attribute": "PixelSpacing",
                        "expected": [0.143, 0.143],
                        "actual": [0.14, 0.14],
                    },
                    {
                        "subject": "p1.s1.e2.i1",
                        "attribute": "StudyInstanceUID",
                        "expected": "2.25.310441935273145402113347901442878900",
                        "actual": "1.2.276.0.7230010.3.1.2.1787205428.2345.1071048146.1",
                    },
                    {
                        "subject": "p1.s1.e2.i1",
                        "attribute": "AccessionNumber",
                        "expected": "2026KQ0000001",
                        "actual": "2026KQ0000001 ",
                    },
                ],
            ),
            check("pixels", "Pixels are those that were sent", 0, 0),
        ],
    )
    story.step("delete_1", "delete", "Clean up", took=0.048, facts={"studies": 1})
    story.end_case("failed", message="the step 'assert_1' failed")
    story.case(
        STEPS[:4],
        case="ct_series",
        name="ct_series",
        title="A CT series of 30 images reaches the PACS",
        patients=[patient(2, "MÜLLER^JÖRG^^DR", series=1, images=30, accession="2026KQ0000002")],
        requirements=["PACS-004"],
    )
    story.step(
        "echo_1",
        "echo",
        "Reach the PACS",
        "error",
        case="ct_series",
        took=3.004,
        attempts=[
            ("error", "'pacs' (ORTHANC at 127.0.0.1:4242): no connection: connection refused"),
            ("error", "'pacs' (ORTHANC at 127.0.0.1:4242): no connection: connection refused"),
        ],
        message="'pacs' (ORTHANC at 127.0.0.1:4242): no connection: connection refused",
    )
    for id_, step, title in STEPS[1:4]:
        story.step(
            id_, step, title, "skipped", case="ct_series", message="an earlier step went wrong"
        )
    story.end_case("error", case="ct_series", message="the step 'echo_1' could not be carried out")
    story.end("failed")
    return story


def interrupted() -> Story:
    """Killed in the middle of a send."""
    story = Story("20260131-113355-x0dd")
    story.begin()
    story.case(STEPS, patients=[patient(1, series=4, images=250)])
    story.step("echo_1", "echo", "Reach the PACS", took=0.021, facts={"association": ASSOCIATION})
    story.step("generate_1", "generate", "Make the study", took=2.2, facts={"instances": 1000})
    story.step(
        "send_1",
        "send",
        "Send the study to the PACS",
        end=False,
        inside=[
            Progress(case="xray_smoke", id="send_1", done=done, total=1000, unit="instances")
            for done in range(50, 451, 50)
        ],
    )
    story.tell(
        Progress(case="xray_smoke", id="send_1", done=472, total=1000, unit="instances"), after=3.1
    )
    story.plan["cases"].append(
        {
            "id": "ct_series",
            "name": "ct_series",
            "counts": {"patients": 1, "studies": 1, "series": 2, "images": 2},
            "steps": [
                {"id": id_, "step": step, "title": title, "section": "steps"}
                for id_, step, title in STEPS[:3]
            ],
            "patients": [patient(2, "MÜLLER^JÖRG")],
        }
    )
    return story


ATTACKS = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "javascript:document.title='owned'",
    "</style><script>document.title='owned'</script>",
    "{{ 7*7 }}{% raw %}<!-- ]]> &lt;b&gt; \x00\x07\x1b[31m \ud800 \u202e evil",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css><iframe src=http://127.0.0.1:9/></iframe>",
)


def hostile(port: int = 9) -> Story:
    """Everything a PACS or a scenario can say, said by somebody who means harm.

    port: of this machine, where the text that loads something loads it from.
    """
    attacks = tuple(attack.replace(":9/", f":{port}/") for attack in ATTACKS)
    story = Story("20260131-140000-evil")
    story.begin(
        site=attacks[0],
        command=["fabricate", "run", *attacks],
        sources=list(attacks),
        environment={"fabricator": "0.1.0", attacks[0]: attacks[1], "platform": attacks[2]},
    )
    long_uid = "1.2.840.113619.2.55.3." + "9" * 42
    people = [
        patient(1, "ヤマダ^タロウ=山田^太郎=やまだ^たろう", accession=attacks[0][:16]),
        patient(2, "حداد^ليلى", accession="2026KQ0000003"),
        patient(3, attacks[1], accession=attacks[2]),
        patient(4, "Папоров^Иван^Сергеевич", series=3),
        patient(5, "김^희중=金^喜重=김^희중"),
        patient(6, "X" * 194),
    ]
    people[2]["studies"][0]["uid"] = long_uid
    people[2]["studies"][0]["description"] = "W" * 300
    attachments = [
        Attached(
            case=attacks[0],
            id="echo_1",
            path=path,
            media_type="image/png",
            title=attacks[1],
            subject={"image": attacks[2]},
        )
        for path in ("../../../etc/passwd", "/etc/passwd", "evidence/not-a.png", attacks[1])
    ]
    story.files["evidence/not-a.png"] = b"<svg onload=\"document.title='owned'\"/>"
    story.case(
        [("echo_1", "echo", attacks[0]), (attacks[2], "query", attacks[1])],
        case=attacks[0],
        name=attacks[4],
        title=attacks[1] + " and a title that does not know when to stop, " * 6,
        patients=people,
        requirements=[*attacks, "R" * 200],
        matrix={attacks[1]: attacks[2], "name": "حداد^ليلى"},
    )
    story.step(
        "echo_1",
        "echo",
        attacks[0],
        "failed",
        case=attacks[0],
        message=" ".join(attacks),
        facts={attack: attack for attack in attacks}
        | {"nested": {"deep": [{"er": [attacks[0]] * 3}]}, "blob": "A" * 50_000},
        inside=[
            *attachments,
            *(
                Logged(case=attacks[0], id="echo_1", level="warning", message=attack)
                for attack in attacks
            ),
            *(
                check(
                    attack,
                    attack,
                    attack,
                    {"PatientName": attack},
                    "failed",
                    case=attacks[0],
                    id="echo_1",
                    message=attack,
                    requirements=[attack],
                    differences=[
                        {
                            "subject": long_uid,
                            "attribute": attack,
                            "expected": attack,
                            "actual": "حداد^ليلى",
                        }
                    ],
                )
                for attack in attacks
            ),
        ],
    )
    story.step(attacks[2], "query", attacks[1], "error", case=attacks[0], message="é" * 5000)
    story.end_case("failed", case=attacks[0], message=attacks[4])
    story.end("failed")
    return story


def many(cases: int = 50, steps: int = 6) -> Story:
    """A library run: cases of a matrix, every seventh of them failing."""
    story = Story("20260131-180000-lots")
    story.begin(command=["fabricate", "run", "scenarios/"])
    for number in range(cases):
        id_ = f"xray_matrix[modality={'CR' if number % 2 else 'DX'},n={number}]"
        planned = [(f"s{n}", "assert" if n % 3 == 2 else "echo", f"Step {n}") for n in range(steps)]
        story.case(
            planned,
            case=id_,
            name="xray_matrix",
            matrix={"modality": "CR" if number % 2 else "DX", "n": number},
            patients=[patient(number + 1)],
            requirements=[f"PACS-{number % 40:03d}"],
        )
        for id_step, step, title in planned:
            bad = number % 7 == 3 and id_step == f"s{steps - 1}"
            checks = [
                check(
                    "equal",
                    f"Value {n}",
                    n,
                    n + bad,
                    "failed" if bad else "passed",
                    case=id_,
                    id=id_step,
                )
                for n in range(3 if step == "assert" else 0)
            ]
            story.step(
                id_step,
                step,
                title,
                "failed" if bad else "passed",
                case=id_,
                took=0.02,
                inside=checks,
                facts={"status": "0000 success"},
            )
        story.end_case("failed" if number % 7 == 3 else "passed", case=id_)
    story.end("failed")
    return story


def grid(bad: tuple[int, ...] = (), begun: int = 24) -> Story:
    """Every combination of four modalities and six views, small cases; bad: those whose check fails, by number."""
    story = Story("20260131-150000-grid")
    story.begin(command=["fabricate", "run", "xray_matrix"], sources=["scenarios/xray_matrix.yaml"])
    combinations = [
        (m, v) for m in ("CR", "DX", "MG", "RF") for v in ("AP", "PA", "LL", "RL", "LO", "RO")
    ]
    for number, (modality, view) in enumerate(combinations):
        id_ = f"xray_matrix[modality={modality},view={view}]"
        steps = [("send_1", "send", "Send the study"), ("assert_1", "assert", "It is stored")]
        if number >= begun:
            story.plan["cases"].append(
                {
                    "id": id_,
                    "name": "xray_matrix",
                    "scenario": {"name": "xray_matrix", "title": "Every modality in every view"},
                    "matrix": {"modality": modality, "view": view},
                    "counts": {"patients": 1, "studies": 1, "series": 2, "images": 2},
                    "steps": [
                        {"id": a, "step": b, "title": c, "section": "steps"} for a, b, c in steps
                    ],
                    "patients": [patient(number + 1)],
                }
            )
            continue
        story.case(
            steps,
            case=id_,
            name="xray_matrix",
            title="Every modality in every view",
            matrix={"modality": modality, "view": view},
            patients=[patient(number + 1)],
        )
        story.step("send_1", "send", "Send the study", case=id_, took=0.1,
                   facts={"instances": 2, "stored": 2, "instances_per_second": 20.0})  # fmt: skip
        outcome: Outcome = "failed" if number in bad else "passed"
        one = check("count", "Two images", 2, 2 - (number in bad), outcome, case=id_, id="assert_1")
        story.step("assert_1", "assert", "It is stored", outcome, case=id_, took=0.05, inside=[one])
        story.end_case(outcome, case=id_)
    if begun == len(combinations):
        story.end("failed" if bad else "passed")
    return story


def long_case(steps: int = 300) -> Story:
    story = many(cases=1, steps=steps)
    story.run = "20260131-190000-long"
    return story


def empty() -> Story:
    """Nothing but a start: a run killed before its first case."""
    story = Story("20260131-200000-none")
    story.begin(targets=[], sources=[], environment={}, command=[], site="")
    return story


ALL: dict[str, Callable[[], Story]] = {
    "passing": passing,
    "failing": failing,
    "interrupted": interrupted,
    "hostile": hostile,
    "many": many,
    "long": long_case,
    "grid": lambda: grid((7,)),
    "empty": empty,
}
