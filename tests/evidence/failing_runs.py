"""Ten runs that failed, each in its own way, and what a reader has to see of each at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scenario_runner.events import CheckFinished, Outcome
from tests.evidence.samples import Story, check, patient

STEPS = [
    ("send_1", "send", "Send the study"),
    ("assert_1", "assert", "What came back is what was sent"),
]


@dataclass(frozen=True)
class Failing:
    """A run, and the words that its first line has for case, check, expected and actual."""

    story: Callable[[], Story]
    words: tuple[str, ...]


def kind(attribute: str, expected: Any, actual: Any, count: int = 1, **more: Any) -> dict[str, Any]:
    example = {
        "subject": "p1.s1.e1.i1",
        "attribute": attribute,
        "expected": expected,
        "actual": actual,
    }
    return {
        "attribute": attribute, "expected": expected, "actual": actual, "various": [], "count": count,
        "examples": [example], **more,
    }  # fmt: skip


def by_check(*found: CheckFinished, name: str = "CITIZEN^JANE") -> Callable[[], Story]:
    """A run in which everything was sent, and these checks failed."""

    def story() -> Story:
        told = Story()
        told.begin()
        told.case(STEPS, patients=[patient(name=name)])
        told.step("send_1", "send", "Send the study", message="2 of 2 stored")
        told.step(
            "assert_1", "assert", STEPS[1][2], "failed", inside=found,
            message=f"{len(found)} of {len(found)} checks failed",
        )  # fmt: skip
        told.end_case("failed")
        told.end("failed")
        return told

    return story


def by_step(outcome: Outcome, message: str) -> Callable[[], Story]:
    """A run that came no further than sending."""

    def story() -> Story:
        told = Story()
        told.begin()
        told.case(STEPS)
        told.step("send_1", "send", "Send the study", outcome, message=message)
        told.step(
            "assert_1", "assert", STEPS[1][2], "skipped", message="step 'send_1' did not pass"
        )
        told.end_case(outcome, message=message)
        told.end(outcome)
        return told

    return story


def one_of_a_matrix() -> Story:
    told = Story()
    told.begin(cases=24)
    for number in range(24):
        axes = {"station": f"CT{number % 6 + 1}", "syntax": f"JPEG {number // 6 + 1}"}
        case = f"xray_smoke[{axes['station']},{axes['syntax']}]"
        bad = number == 13
        outcome: Outcome = "failed" if bad else "passed"
        told.case(STEPS, case=case, matrix=axes)
        told.step("send_1", "send", "Send the study", case=case)
        found = check(
            "status", "Every image was accepted", "success", {"B000": 2}, outcome, case=case,
            message="2 warnings" if bad else "",
        )  # fmt: skip
        told.step("assert_1", "assert", STEPS[1][2], outcome, case=case, inside=[found])
        told.end_case(outcome, case)
    told.end("failed")
    return told


def tags(*kinds: dict[str, Any]) -> CheckFinished:
    total = sum(one["count"] for one in kinds)
    return check(
        "tags", "Every attribute came back", "as sent", {"instances": 2, "differences": total},
        "failed", message=f"{total} attributes differ", kinds=list(kinds), difference_count=total,
        differences=[one["examples"][0] for one in kinds],
    )  # fmt: skip


LONG = "Thorax and abdomen with contrast, arterial and venous phase, " * 12
TEN: dict[str, Failing] = {
    "attribute": Failing(
        by_check(tags(kind("StudyDescription", "RIGHT", "WRONG", 300))),
        ("xray_smoke", "Every attribute came back", "StudyDescription", "RIGHT", "WRONG"),
    ),
    "lost": Failing(
        by_check(
            check("stored", "Every image is there", {"instances": 300}, {"instances": 299}, "failed",
                  message="1 of 300 instances is missing")
        ),
        ("xray_smoke", "Every image is there", "300", "299"),
    ),
    "pixels": Failing(
        by_check(
            check("pixels", "Every pixel came back", "as sent", {"images": 2, "differences": 1},
                  "failed", message="1 of 2 images differs, by 512 at the most",
                  kinds=[kind("PixelData", "as sent", "differs by 512 at x 3, y 4")],
                  difference_count=1)
        ),
        ("xray_smoke", "Every pixel came back", "as sent", "512 at x 3, y 4"),
    ),
    "equal": Failing(
        by_check(check("equal", "One study is found", 1, 0, "failed", message="1 is not 0")),
        ("xray_smoke", "One study is found", "1", "0"),
    ),
    "japanese": Failing(
        by_check(
            tags(kind("PatientName", "Yamada^Tarou=山田^太郎", "Yamada^Tarou=??^??")),
            name="Yamada^Tarou=山田^太郎",
        ),
        ("xray_smoke", "Every attribute came back", "PatientName", "山田^太郎", "??^??"),
    ),
    "long": Failing(
        by_check(tags(*(kind("StudyDescription", LONG + str(n), LONG.upper()) for n in range(40)))),
        ("xray_smoke", "Every attribute came back", "StudyDescription", "Thorax", "THORAX"),
    ),
    "matrix": Failing(
        one_of_a_matrix,
        ("CT2", "JPEG 3", "Every image was accepted", "success", "B000"),
    ),
    "refused": Failing(
        by_step("failed", "1 of 2 stored in 0.1 s; first problem: A700 out of space"),
        ("xray_smoke", "Send the study", "A700 out of space"),
    ),
    "unreachable": Failing(
        by_step("error", "pacs: no connection to 127.0.0.1:4242: connection refused"),
        ("xray_smoke", "Send the study", "no connection to 127.0.0.1:4242"),
    ),
    "several": Failing(
        by_check(
            *(
                check("equal", f"Field {n} is right", f"wanted {n}", f"got {n}", "failed", message="differs")
                for n in range(1, 9)
            )
        ),
        ("xray_smoke", "Field 1 is right", "wanted 1", "got 1"),
    ),
}  # fmt: skip
