"""What a retrieval was worth: whether all came that was to come, once, and nothing besides."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.amounts import amount, some
from scenario_runner.api import RetrieveResult, StepResult, status_class
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.steps.problems import in_words
from scenario_runner.steps.retrieve_facts import counts, lacking, over_http, warned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.steps.retrieved_files import RetrievedFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCome:
    """What was to come. on: from which target. match: as the step gives it.

    uids: SOP instance UIDs of what the case has there, where that can be told. may_be_less: than that is for a check to find.
    listed: UIDs in the longest list that one request asked for. without: what the step names by UID or PatientID, and of which nothing came.
    """

    on: str
    match: Mapping[str, Any] | None
    expect: Literal["success", "failure", "any"]
    uids: frozenset[str] | None
    may_be_less: bool
    listed: int = 1
    without: Sequence[str] = ()


def judged(sink: RetrievedFiles, wanted: ToCome, results: list[RetrieveResult]) -> StepResult:
    """The result of the step. results: what the target said of each request."""
    classes = Counter(status_class(result.status) for result in results)
    failed = sum(result.failed for result in results)
    told = sum(result.completed + result.warning for result in results)
    repeated = sink.count - len(sink.handle(wanted.on))
    came = set(sink.handle(wanted.on).files)
    short = len(wanted.uids - came) if wanted.uids else 0
    kept = all(one.all_kept for one in results)
    ok = (
        kept
        and sink.count > 0
        # A PACS that tells no count has told none that is wrong.
        and told in (0, sink.count)
        and not repeated
        and not sink.foreign
        and (not short or wanted.may_be_less)
        and not wanted.without
    )
    refused = set(classes) == {"failure"} and sink.count == 0
    fits = {"success": ok, "failure": refused, "any": bool(results)}[wanted.expect]
    message = f"{amount(sink.count, 'instance')} retrieved"
    if not results:
        message = f"'{wanted.on}' has nothing that fits {dict(wanted.match or {})}"
        if wanted.match is None:
            message = f"nothing to retrieve: nothing of this case is stored on '{wanted.on}'"
    elif repeated:
        message += f", {repeated} of them a second time"
    elif sink.foreign:
        message += f", {len(sink.foreign)} of them not what was asked for: {sink.foreign[0]}"
    elif told not in (0, sink.count):
        message += f", though '{wanted.on}' says that it sent {told}"
    elif not ok and not ((short or (wanted.without and sink.count)) and kept):
        worst = next((r for r in results if status_class(r.status) != "success"), results[-1])
        message += f", {failed} failed; status {worst.status:04X} {worst.comment}".rstrip()
        message += f" ({worst.remark})" if worst.remark else ""
        if wanted.listed > 1 and classes["failure"]:
            message += (
                f"; up to {wanted.listed} UIDs were asked for at once, and some PACS refuse all for one that they lack: "
                "expects: {uid_lists: false} in the site file asks for each by itself"
            )
    elif wanted.expect == "failure":
        message += ", though nothing should have been"
    elif short:
        message += lacking(sink.count, short, len(wanted.uids or ()))
    else:
        message += warned(results)
    if results and sink.count and wanted.without:
        message += f"; nothing of {some(wanted.without)}, which the step names"
    facts: dict[str, Any] = {
        "instances": sink.count,
        "bytes": sink.bytes,
        **({"not_asked_for": list(sink.foreign)} if sink.foreign else {}),
        **over_http(results),
        **counts(results),
    }
    return StepResult(
        outcome="passed" if fits else "failed",
        message=message,
        value=sink.handle(wanted.on),
        facts=facts,
        reasons=in_words(facts["problems"]),
    )
