"""What the report shows of one case: patients, previews, and its steps with all they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scenario_runner.dicom.body_parts import SIDES
from scenario_runner.evidence.flat import BAD, condensed, examples_kept, kinds_of
from scenario_runner.evidence.html_latency import is_load, latencies
from scenario_runner.evidence.html_pictures import PreviewBudget, differing, shows_difference
from scenario_runner.evidence.html_text import First, amount, bounded, first
from scenario_runner.evidence.record import (
    AttachmentRecord,
    CaseRecord,
    CheckRecord,
    StepRecord,
)
from scenario_runner.evidence.times import seconds_between
from scenario_runner.evidence.traceability import final_checks
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jinja2

_ROOM_FOR_STEPS = 1_200_000
_STEPS, _CHECKS, _DIFFERENCES, _ATTEMPTS, _LOGS, _FILES = 500, 60, 200, 30, 60, 20
_AXES = 40
_PATIENTS, _STUDIES, _SERIES, _PREVIEWS = 10, 10, 10, 12
_FAULTS, _NUMBERS = 20, 8


@dataclass(frozen=True, slots=True)
class Row:
    """A step's line in the list, and what unfolds under it."""

    step: StepRecord
    anchor: str
    body: Markup
    open: bool
    left_out: bool
    check_count: str
    bar: tuple[float, float] | None
    begins_finally: bool
    kind: str
    """The step's name and id, as far as the title does not say them already."""
    calm: bool
    """Whether the step's message can stand in its line; what went wrong is set apart below it."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """The values that ``case.html.j2`` asks for."""

    case: CaseRecord
    anchor: str
    template: jinja2.Template
    previews: PreviewBudget

    def values(self) -> dict[str, Any]:
        """Everything the template names, bounded."""
        case = self.case
        imported = _imported(case.steps)
        rows = self._rows()  # first: what differs has the first claim on the room for pictures
        return {
            "case": case,
            "anchor": self.anchor,
            "repeated": any(step.message == case.message for step in case.steps),
            "matrix": dict(list(case.matrix.items())[:_AXES]),
            "counted": _counted(case.counts),
            "patients": First(
                [_patient(patient, imported) for patient in case.patients[:_PATIENTS]],
                max(0, len(case.patients) - _PATIENTS),
            ),
            "previews": self._pictures(),
            "rows": rows,
            "steps_more": max(0, len(case.steps) - _STEPS),
        }

    def _pictures(self) -> First[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        found = [
            attachment
            for step in self.case.steps
            for attachment in step.attachments
            if _is_preview(attachment)
        ]
        for attachment in found:
            if len(shown) == _PREVIEWS:
                break
            uri = self.previews.uri(attachment.path)
            if uri is not None:
                subject = attachment.subject
                shown.append(
                    {
                        "uri": uri,
                        "title": attachment.title,
                        "number": subject.get("number"),
                        "of": subject.get("of"),
                    }
                )
        return First(shown, len(found) - len(shown) if shown else 0)

    def _rows(self) -> list[Row]:
        steps = self.case.steps[:_STEPS]
        bodies = self._bodies(steps)
        rows: list[Row] = []
        for number, step in enumerate(steps):
            checks = final_checks(step)
            bad = sum(check.outcome in BAD for check in checks)
            count = amount(len(checks), "check") + (f", {bad} failed" if bad else "")
            rows.append(
                Row(
                    step=step,
                    anchor=f"{self.anchor}s{number + 1}",
                    body=bodies.get(number, Markup("")),
                    open=step.outcome in BAD or bool(checks) or is_load(step),
                    left_out=number not in bodies,
                    check_count=count if checks else "",
                    bar=_bar(self.case, step),
                    kind=_kind(step),
                    calm=_is_calm(step),
                    begins_finally=step.section == "finally"
                    and (number == 0 or steps[number - 1].section != "finally"),
                )
            )
        return rows

    def _bodies(self, steps: Sequence[StepRecord]) -> dict[int, Markup]:
        """What unfolds under each step, for those that went wrong first, as far as there is room."""
        room = _ROOM_FOR_STEPS
        bodies: dict[int, Markup] = {}
        for number in sorted(range(len(steps)), key=lambda n: steps[n].outcome not in BAD):
            body = self.template.render(**_step_values(steps[number], self.previews)).strip()
            if len(body) > room:
                continue
            room -= len(body)
            bodies[number] = Markup(body)  # noqa: S704 - rendered with autoescape just above
        return bodies


def _kind(step: StepRecord) -> str:
    said = step.title or step.id
    return " · ".join(part for part in dict.fromkeys((step.step, step.id)) if part != said)


def _is_calm(step: StepRecord) -> bool:
    return step.outcome not in BAD and len(step.message) <= 300


def _step_values(step: StepRecord, budget: PreviewBudget) -> dict[str, Any]:
    checks = sorted(final_checks(step), key=lambda check: check.outcome not in BAD)
    kept = set(map(id, checks[:_CHECKS]))
    in_order = [check for check in final_checks(step) if id(check) in kept]
    shown = differing(step, budget)
    files = [
        one for one in step.attachments if not _is_preview(one) and one.path not in shown.paths
    ]
    return {
        "step": step,
        "calm": _is_calm(step),
        "requirements": step.requirements[:50],
        "checks": First(_checks(in_order), max(0, len(checks) - _CHECKS)),
        "attempts": first(step.attempt_list, _ATTEMPTS),
        "logs": first(step.logs, _LOGS),
        "latencies": latencies(step),
        "facts": bounded(step.facts),
        "names": _NAMES,
        "differing": shown.pictures,
        "files": first(files, _FILES),
        "pictures": sum(_is_preview(one) for one in step.attachments),
    }


_NAMES = ("validators", "rules", "statuses", "http", "faults", "vars")
"""Facts whose keys are names from elsewhere, to be shown as they are written."""


def _is_preview(attachment: AttachmentRecord) -> bool:
    return attachment.media_type == "image/png" and not shows_difference(attachment)


def _checks(checks: Sequence[CheckRecord]) -> list[dict[str, Any]]:
    """Checks as plain values, all their kinds of difference together within one bound."""
    room = _DIFFERENCES
    shown: list[dict[str, Any]] = []
    for check in checks:
        every = kinds_of(check)
        kinds = first(condensed(every, room), room)
        room -= len(kinds.items)
        fields = {name: getattr(check, name) for name in CheckRecord.model_fields}
        told = check.difference_count > len(check.differences)
        caption = examples_kept(check, every) if told else ""
        shown.append({**fields, "kinds": kinds, "caption": caption})
    return shown


def _counted(counts: Mapping[str, int]) -> str:
    nouns = {"patients": "patient", "studies": "study", "series": "series", "images": "image"}
    return ", ".join(amount(counts[key], noun) for key, noun in nouns.items() if counts.get(key))


def _patient(patient: Mapping[str, Any], imported: Mapping[str, list[str]]) -> dict[str, Any]:
    facts = [str(patient["id"])] if patient.get("id") else []
    if patient.get("sex"):
        facts.append(f"sex {patient['sex']}")
    if patient.get("birth_date"):
        facts.append(f"born {patient['birth_date']}")
    studies = patient.get("studies", [])
    return {
        # A person name has up to three groups: alphabetic, ideographic, phonetic (PS3.5 6.2.1).
        "names": [group for group in str(patient.get("name") or "").split("=", 2) if group]
        or ["–"],
        "facts": facts,
        "studies": First(
            [_study(study, imported) for study in studies[:_STUDIES]],
            max(0, len(studies) - _STUDIES),
        ),
    }


def _known(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: "" if fields.get(name) is None else fields[name] for name in names}


def _imported(steps: Sequence[StepRecord]) -> dict[str, list[str]]:
    """Planned studies that files were imported into, and which steps did."""
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.step != "import" or step.outcome != "passed":
            continue
        told = step.facts.get("as")
        studies = [str(one) for one in told] if isinstance(told, list) else []
        shown = [str(one.subject["study"]) for one in step.attachments if "study" in one.subject]
        for study in dict.fromkeys((*studies, *shown)):
            found.setdefault(study, []).append(step.title or step.id)
    return found


def _study(study: Mapping[str, Any], imported: Mapping[str, list[str]]) -> dict[str, Any]:
    series = study.get("series", [])
    return {
        "imported": imported.get(str(study.get("key")), [])[:_SERIES],
        **_known(study, "accession", "date", "description", "uid"),
        "series": First(
            [
                {
                    **_known(one, "modality", "number", "description", "uid"),
                    "side": SIDES.get(str(one.get("laterality")), ""),
                    "images": len(one.get("images", [])),
                    "faults": _faults(one),
                }
                for one in series[:_SERIES]
            ],
            max(0, len(series) - _SERIES),
        ),
    }


def _faults(series: Mapping[str, Any]) -> list[str]:
    """What is wrong with a series on purpose: ``bad-date, image 2``."""
    shown = []
    for fault in (series.get("faults") or [])[:_FAULTS]:
        numbers = fault.get("images")
        which = ""
        if numbers:
            noun = "image" if len(numbers) == 1 else "images"
            more = ", …" if len(numbers) > _NUMBERS else ""
            which = f", {noun} {', '.join(map(str, numbers[:_NUMBERS]))}{more}"
        shown.append(f"{fault.get('fault', '')}{which}")
    return shown


def _bar(case: CaseRecord, step: StepRecord) -> tuple[float, float] | None:
    """Where the step lies in the case's time: begin and width in percent, never too thin to see."""
    if step.outcome == "skipped" or not step.started:
        return None
    offset = seconds_between(case.started, step.started)
    span = max(case.duration_s, offset + step.duration_s, 0.001)
    width = max(0.8, min(100.0, 100 * step.duration_s / span))
    return round(max(0.0, min(100 - width, 100 * offset / span)), 2), round(width, 2)
