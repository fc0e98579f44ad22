"""What ``retrieve`` does for metadata, frames and rendered images (PS3.18 10.4.1)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from scenario_runner.amounts import amount, some
from scenario_runner.api import (
    Asked,
    Fetched,
    FetchedPart,
    FetchRequest,
    FetchResult,
    FindRequest,
    Renditions,
    StepContext,
    StepResult,
    Target,
    status_class,
)
from scenario_runner.api.retrieving import RetrievalKeys, retrieval_keys
from scenario_runner.checks.asked import asked_for
from scenario_runner.dicom.levels import unique_keys
from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

MOST_LISTED = 10_000
"""Parts that the saved list names, as many as a template may walk; ``count`` has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a step asks for."""

    what: Literal["metadata", "frames", "rendered"]
    target: str
    level: Literal["study", "series", "image"]
    match: Mapping[str, Any] | None
    frames: tuple[int, ...]
    accept: Sequence[str]
    folder: Path
    expect: Literal["success", "failure", "any"]


def fetch(context: StepContext, target: Target, wanted: Wanted) -> StepResult:
    """Ask for each object in turn and keep what comes."""
    named: list[Mapping[str, str]] = []
    asked = context.ledger.asked(wanted.target, wanted.level, wanted.match, named, wanted.frames)
    keeper = _Keeper(wanted, asked)
    context.capture(keeper.value())
    which = RetrievalKeys([])
    if wanted.match is not None:
        returned = ("NumberOfFrames",) if wanted.what == "frames" else ()
        which = retrieval_keys(target, wanted.level, wanted.match, context.deadline, returned)
    for keys, frames in _asked(context, target, wanted, which):
        named.append(keys)
        request = FetchRequest(
            what=wanted.what, level=wanted.level, keys=keys, frames=frames, accept=wanted.accept
        )
        keeper.begin(keys, frames)
        keeper.results.append(target.fetch(request, keeper, context.deadline))
        keeper.short += max(0, len(frames) - keeper.since)
        context.progress(keeper.count, unit=wanted.what)
    if wanted.expect == "success" and (context.is_to_fail or not context.is_judged_later):
        keeper.missing = _missing(context, keeper)
    return looked_up(_judge(keeper), which)


def _missing(context: StepContext, keeper: _Keeper) -> int:
    """How many instances of what this case has there nothing came of; nobody else looks into what came."""
    wanted, sent = keeper.wanted, asked_for(context, keeper.asked)
    if wanted.what == "metadata":
        return len(sent.keys() - keeper.described)
    if wanted.level != "image":
        return 0  # one picture stands for many instances
    pictured = {uid for uid, one in sent.items() if one.image.series.has_pixels}
    return len(pictured - {part.sop_instance_uid for part in keeper.parts})


def looked_up(result: StepResult, named: RetrievalKeys) -> StepResult:
    """The result, which says so when it had to be looked up what there is to retrieve."""
    if not named.asked:
        return result
    queries, requests = amount(len(named.asked), "query"), amount(len(named.requests), "request")
    message = f"{result.message}; {queries} told which, {requests} asked for them"
    if named.note:
        message += f"; {named.note}"
    if nothing := [words for words, fits in named.fitting.items() if not fits]:
        message += f"; nothing fits {some(nothing)}"
    facts = {
        **result.facts,
        "looked_up": {"queries": len(named.asked), "keys": named.asked[:20]},
    }
    return dataclasses.replace(result, message=message, facts=facts)


def _asked(
    context: StepContext, target: Target, wanted: Wanted, named: RetrievalKeys
) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """The keys and frames of one request after the other."""
    for keys, known in _objects(context, wanted, named):
        frames = wanted.frames
        if wanted.what == "frames" and not frames:
            frames = tuple(range(1, (known or _number_of_frames(context, target, keys)) + 1))
        yield keys, frames


def _objects(
    context: StepContext, wanted: Wanted, named: RetrievalKeys
) -> Iterator[tuple[dict[str, str], int | None]]:
    """Keys of what is asked for, and how many frames it has, where that is known."""
    unique = unique_keys(wanted.level)
    if wanted.match is None:
        seen: dict[tuple[str, ...], int] = {}
        for image in (one.image for one in context.ledger.expected(wanted.target)):
            if wanted.what != "metadata" and not image.series.has_pixels:
                continue  # a report has no frames, and need not have a picture
            uids = (image.series.study.uid, image.series.uid, image.uid)
            seen.setdefault(uids[: len(unique)], image.series.frames)
        for found, frames in seen.items():
            yield dict(zip(unique, found, strict=True)), frames
        return
    for keys in named.each():
        number = named.answers.get(keys[unique[-1]], {}).get("NumberOfFrames")
        yield keys, number if isinstance(number, int) else None


def _number_of_frames(context: StepContext, target: Target, keys: Mapping[str, str]) -> int:
    sent = context.ledger.ever().get(keys["SOPInstanceUID"])
    if sent is not None:
        return sent.image.series.frames
    request = FindRequest(level="image", match=keys, returned=("NumberOfFrames",))
    found = target.find(request, context.deadline)
    number = found[0].get("NumberOfFrames") if found else None
    return number if isinstance(number, int) and 0 < number <= MOST_LISTED else 1


@dataclass(slots=True)
class _Keeper:
    """Takes each part, writes its bytes to a file of a name of ours, and remembers the facts."""

    wanted: Wanted
    asked: Asked
    results: list[FetchResult] = field(default_factory=list)
    parts: list[FetchedPart] = field(default_factory=list)
    listed: list[Mapping[str, Any]] = field(default_factory=list)
    count: int = 0
    size: int = 0
    """Bytes of all parts."""
    since: int = 0
    """Parts of the request under way."""
    short: int = 0
    """Frames that were asked for and did not come."""
    missing: int = 0
    """Instances that this case sent and of which nothing came."""
    described: set[str] = field(default_factory=set)
    """SOP instance UIDs of metadata that came."""
    _keys: Mapping[str, str] = field(default_factory=dict)
    _frames: tuple[int, ...] = ()

    def begin(self, keys: Mapping[str, str], frames: tuple[int, ...]) -> None:
        """The next parts are of this object."""
        self._keys, self._frames, self.since = keys, frames, 0

    def __call__(self, one: Fetched) -> None:
        self.count += 1
        self.since += 1
        if self.wanted.what == "metadata":
            self._write(".json", json.dumps(one.values, ensure_ascii=False, indent=1).encode())
            facts: Mapping[str, Any] = one.values
            self.described.add(str(facts.get("SOPInstanceUID")))
        else:
            facts = self._take(one)
        if len(self.listed) < MOST_LISTED:
            self.listed.append(facts)

    def _take(self, one: Fetched) -> dict[str, Any]:
        place = self.since - 1
        frame = self._frames[place] if place < len(self._frames) else None
        uid = self._keys.get("SOPInstanceUID", "")
        file = self._write(".bin", one.data)
        self.parts.append(FetchedPart(uid, frame, one.media_type, file))
        self.size += len(one.data)
        facts = {
            "sop_instance_uid": uid,
            "frame": frame,
            "media_type": one.media_type,
            "bytes": len(one.data),
            "sha256": hashlib.sha256(one.data).hexdigest(),
        }
        return facts if self.wanted.what == "frames" else {**facts, **_size(file)}

    def _write(self, ending: str, data: bytes) -> Path:
        path = self.wanted.folder / f"{self.count:06}{ending}"
        try:
            path.write_bytes(data)
        except OSError as error:
            raise of_the_machine("cannot write what was retrieved", error) from error
        return path

    def value(self) -> Renditions:
        """What ``save_as`` gives; the lists in it go on growing."""
        worst = next((r for r in self.results if status_class(r.status) != "success"), None)
        shown = worst or (self.results[-1] if self.results else None)
        facts = {
            **(_plain(shown) if shown else {"status": None, "class": "unknown", "comment": ""}),
            "media_type": shown.media_type if shown else "",
            "count": self.count,
            self.wanted.what: self.listed,
        }
        return Renditions(self.wanted.target, facts, self.parts, self.asked)


def _size(file: Path) -> dict[str, int | None]:
    """Rows and columns of a picture, from its header alone."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            return {"rows": picture.height, "columns": picture.width}
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return {"rows": None, "columns": None}


def _plain(result: FetchResult) -> dict[str, Any]:
    return {
        "status": f"{result.status:04X}",
        "class": status_class(result.status),
        "comment": result.comment,
        "http": result.http,
    }


def _judge(keeper: _Keeper) -> StepResult:
    wanted, results = keeper.wanted, keeper.results
    classes = {status_class(result.status) for result in results}
    ok = classes == {"success"} and keeper.count > 0 and not (keeper.short or keeper.missing)
    refused = classes == {"failure"} and not keeper.count
    fits = {"success": ok, "failure": refused, "any": bool(results)}[wanted.expect]
    noun = {"metadata": "instance", "frames": "frame", "rendered": "rendered image"}[wanted.what]
    of = "metadata of " if wanted.what == "metadata" else ""
    message = f"{of}{amount(keeper.count, noun)} retrieved"
    value = keeper.value()
    if not results:
        message = f"nothing to retrieve: nothing of this case is stored on '{wanted.target}'"
        if wanted.match is not None:
            message = f"'{wanted.target}' has nothing that fits {dict(wanted.match)}"
    elif classes != {"success"}:
        message += f"; {value['comment']}"
    elif keeper.short:
        message += f", {keeper.short} of those asked for did not come"
    elif keeper.missing:
        message += f", nothing of {amount(keeper.missing, 'instance')} that this case sent"
    elif wanted.expect == "failure":
        message += ", though nothing should have been"
    facts = {
        "as": wanted.what,
        "parts": keeper.count,
        "bytes": keeper.size,
        "requests": len(results),
        "http": dict(Counter(str(result.http) for result in results)),
        "media_types": list(dict.fromkeys(result.media_type for result in results))[:20],
        "association": dict(results[-1].association) if results else {},
    }
    return StepResult(
        outcome="passed" if fits else "failed", message=message, value=value, facts=facts
    )
