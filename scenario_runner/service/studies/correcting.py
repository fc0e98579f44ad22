"""The four attributes that may be corrected, in every instance of a study at once or in none.

What it was is written down before anything changes, and that it is done afterwards; a process that was killed
in between is finished by ``settling`` when the service starts again.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, update

from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_header
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.spoiling import altered
from scenario_runner.planning import person_name
from scenario_runner.planning.value_problems import check_text
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import ServiceError, Unacceptable, Unavailable
from scenario_runner.service.homes.corrections import UnfinishedError
from scenario_runner.service.matching.matching import match_study
from scenario_runner.service.studies.finding import facts_of
from scenario_runner.service.studies.summary import as_json, correctable
from scenario_runner.service.tables import study_change, upload_file
from scenario_runner.service.uploads.records import hand_over

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service

MAY_CHANGE: Final = ("PatientID", "PatientName", "AccessionNumber", "StudyDate")
_VR: Final = {"PatientID": "LO", "AccessionNumber": "SH"}
_TAG: Final = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def correct(
    service: Service, asking: Asking, study_uid: str, given: Mapping[str, str | None], reason: str
) -> dict[str, Any]:
    """Change a study. given: keyword to value; None or nothing empties what may be empty.

    Raises NotThere, Unacceptable for an attribute that may not change or a value that cannot be,
    Conflicting while others change the study, Unavailable where the archive has to be waited for.
    """
    after = checked(given)
    facts = facts_of(service, study_uid)
    before = {keyword: value for keyword, value in correctable(facts).items() if keyword in after}
    number = _note(service.database, asking, study_uid, before, after, reason)
    correction = _Correction(after)
    try:
        count = service.home.change(study_uid, correction)
    except BaseException as error:
        unfinished = isinstance(error, UnfinishedError)
        if not unfinished:
            _forget(service.database, number)
        detail = {"after": after, **({"unfinished": True} if unfinished else {})}
        service.trail.record(
            asking.caller, Activity.CORRECTED, study_uid, asking.from_where, Outcome.FAILED, detail
        )
        if (refusal := _refusal(error)) is not None:
            raise refusal from error
        raise
    was = correction.was(before)
    _tell_done(service, asking, _Done(study_uid, number, correction.done, was, after, reason))
    service.judge.wake()
    facts = facts_of(service, study_uid)
    return {
        "study_instance_uid": study_uid,
        "status": "success",
        "instances": count,
        "before": was,
        "after": after,
        "study": as_json(facts, match_study(service.database, facts)),
    }


class _Correction:
    """Makes the change in one data set after the other, and knows what was there. after: keyword to value."""

    def __init__(self, after: Mapping[str, str]) -> None:
        self._after = after
        self._seen: dict[str, dict[str, str]] = {keyword: {} for keyword in after}
        self.done = dt.datetime.now(dt.UTC)
        """Of the last data set, while nobody else changes the study: a change after this one may be noted before it."""

    def __call__(self, data: bytes, syntax: str) -> bytes:
        """The data set as it is to be. Raises DamagedDatasetError."""
        self.done = dt.datetime.now(dt.UTC)
        header = read_header(data, syntax)
        instance = _text(header, "SOPInstanceUID")
        for keyword, value in self._after.items():
            # By instance: whoever has to begin anew, since others changed the study too, sees each a second time.
            self._seen[keyword][instance] = _text(header, keyword)
            data = altered(data, syntax, keyword, value)
        return data

    def was(self, otherwise: Mapping[str, str]) -> dict[str, str]:
        """The values before, of all instances; where there was none, what is said otherwise."""
        return {
            keyword: "\\".join(sorted(set(values.values()))) or otherwise[keyword]
            for keyword, values in self._seen.items()
        }


def _refusal(error: BaseException) -> ServiceError | None:
    """What whoever asked is told instead of an error."""
    if isinstance(error, UnfinishedError):
        return Unavailable("correction-unfinished", error.message, hint=error.hint)
    if isinstance(error, DamagedDatasetError):
        return Unacceptable(
            "damaged", f"an instance of the study is damaged, and none was changed: {error}"
        )
    return None


@dataclass(frozen=True, slots=True)
class _Done:
    """A change that was made. number: of its row; was, after: keyword to value."""

    study_uid: str
    number: int
    at: dt.datetime
    was: Mapping[str, str]
    after: Mapping[str, str]
    reason: str


def _tell_done(service: Service, asking: Asking, done: _Done) -> None:
    """Have the change, the uploads of the study and the audit trail say that it is done, all of them or none."""
    with service.database.writing() as connection:
        connection.execute(
            update(study_change)
            .where(study_change.c.number == done.number)
            .values(before=json.dumps(dict(done.was)), done=done.at)
        )
        if "PatientID" in done.after:
            hand_over(connection, done.study_uid, done.after["PatientID"])
        if service.home.keeps_files:
            connection.execute(
                update(upload_file)
                .where(
                    upload_file.c.study_instance_uid == done.study_uid,
                    upload_file.c.status == "success",
                )
                .values(findings=None)
            )
        record_in(
            connection,
            asking.caller,
            Activity.CORRECTED,
            done.study_uid,
            asking.from_where,
            detail={"before": dict(done.was), "after": dict(done.after), "reason": done.reason},
        )


def checked(given: Mapping[str, str | None]) -> dict[str, str]:
    """The values as DICOM has them. Raises Unacceptable, naming each that cannot be."""
    wrong: list[dict[str, object]] = []
    after: dict[str, str] = {}
    for key, value in given.items():
        keyword = _keyword(key)
        if keyword not in MAY_CHANGE:
            wrong.append({"where": keyword, "message": "may not be changed"})
            continue
        if keyword in after:
            wrong.append({"where": keyword, "message": "is given twice"})
            continue
        text = (value or "").strip()
        problem = _problem(keyword, text)
        if problem:
            wrong.append({"where": keyword, "message": problem})
        found = _DATE.fullmatch(text) if keyword == "StudyDate" else None
        after[keyword] = text if found is None else "".join(found.groups())
    if wrong:
        code = (
            "tag-not-changeable"
            if any(one["where"] not in MAY_CHANGE for one in wrong)
            else "invalid-value"
        )
        words = "; ".join(f"{one['where']}: {one['message']}" for one in wrong[:5])
        hint = f"only {', '.join(MAY_CHANGE)} can be changed"
        raise Unacceptable(
            code, words, hint=hint if code == "tag-not-changeable" else None, errors=wrong
        )
    if not after:
        raise Unacceptable("nothing-to-change", f"give one of {', '.join(MAY_CHANGE)}")
    return after


def _keyword(key: str) -> str:
    """The keyword of one of the four that is named by its tag, ``00100020`` or ``(0010,0020)``; else as it is."""
    found = _TAG.fullmatch(key)
    return next(
        (
            one
            for one in MAY_CHANGE
            if found and f"{tag_of(one):08X}" == found[1].upper() + found[2].upper()
        ),
        key,
    )


def _problem(keyword: str, text: str) -> str:
    """What is wrong with a value, in words."""
    if keyword == "PatientID" and not text:
        return "a study without a patient's ID would be nobody's"
    if not text:
        return ""
    if keyword == "StudyDate":
        found = _DATE.fullmatch(text)
        try:
            dt.date(*map(int, found.groups() if found else ()))
        except (ValueError, TypeError):
            return f"'{text[:20]}' is no day; write it as YYYY-MM-DD"
        return ""
    problem = (
        person_name.check(text)
        if keyword == "PatientName"
        else check_text(text, _VR[keyword], "it")
    )
    return problem.message if problem else ""


def _text(header: Elements, keyword: str) -> str:
    element = header.get(tag_of(keyword))
    if element is None:
        return ""
    return "\\".join(texts(tag_of(keyword), element, character_sets(header)))


def _note(
    database: Database,
    asking: Asking,
    study_uid: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    reason: str,
) -> int:
    row = {
        "study_instance_uid": study_uid,
        "at": dt.datetime.now(dt.UTC),
        "who": asking.caller.name,
        "reason": reason,
        "before": json.dumps(dict(before)),
        "after": json.dumps(dict(after)),
    }
    with database.writing() as connection:
        found = connection.execute(
            insert(study_change).values(row).returning(study_change.c.number)
        )
        return int(found.scalar_one())


def _forget(database: Database, number: int) -> None:
    with database.writing() as connection:
        connection.execute(delete(study_change).where(study_change.c.number == number))
