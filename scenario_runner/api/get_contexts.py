"""What is asked for in one association of C-GET: presentation contexts for what is expected to come.

An association has 128 presentation contexts (PS3.8 9.3.2.2), one of which is the retrieval's own, and an
instance comes as it is stored only over a context that has its transfer syntax to itself. So the PACS is
asked beforehand what it holds, and what does not fit into one association is asked for in several.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import Received, RetrieveResult
from scenario_runner.api.operations import FindRequest, Level, RetrieveRequest
from scenario_runner.dicom import statuses
from scenario_runner.dicom.likely_classes import has_pixels, is_known, likely_classes
from scenario_runner.dicom.retrieve_keys import Keys, listed
from scenario_runner.dicom.sop_classes import storage_classes
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, RECEIVABLE
from scenario_runner.errors import OperationFailed, Unsupported
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target
    from scenario_runner.deadline import Deadline

Pair = tuple[str, str]
"""SOP class UID and transfer syntax UID."""
MOST_PAIRS = 127
_COMMON = 18
"""Of the transfer syntaxes, those that are tried where the SOP class itself is a guess."""
_TOGETHER = 64
"""UIDs in one request."""


@dataclass(frozen=True, slots=True)
class Held:
    """An instance that a PACS says it holds, and what it may come as."""

    study: str
    series: str
    uid: str
    pairs: tuple[Pair, ...]
    syntax: str | None = None
    """The transfer syntax it is stored in, where somebody said."""


@dataclass(frozen=True, slots=True)
class Portion:
    """One request, and which instances it is to bring, where that is known."""

    request: RetrieveRequest
    held: Sequence[Held] = ()

    @property
    def listed(self) -> int:
        """How many UIDs are in its longest list."""
        values = self.request.keys.values()
        return max((1 if isinstance(one, str) else len(one) for one in values), default=1)

    def bring(
        self, target: Target, sink: Callable[[Received], None], deadline: Deadline
    ) -> RetrieveResult:
        """C-GET, and again for what failed for want of the right context.

        Some servers send a SOP class over the first context that was accepted for it, and fail where an
        instance is stored in another transfer syntax than that one's. Such instances are asked for once
        more, with one transfer syntax to a SOP class.
        """
        came: set[str] = set()

        def take(received: Received) -> None:
            came.add(received.sop_instance_uid)
            sink(received)

        first = target.retrieve(self.request, take, deadline)
        again: list[RetrieveResult] = []
        for syntax, held in _left(self.held, came, first) if first.failed else ():
            missing = [one for one in held if one.uid not in came]
            kinds = {one.pairs for one in missing}
            contexts = [pair for kind in kinds for pair in kind if pair[1] == syntax]
            most = _TOGETHER if target.expects.uid_lists else 1
            # What came already must not come again; beside an instance that was named there may be more.
            whole = self.request.level != "image"
            wanted = {one.uid for one in missing}
            for level, keys in _narrowed(self.held, wanted, most, whole=whole):
                request = RetrieveRequest(level=level, keys=keys, contexts=contexts)
                again.append(target.retrieve(request, take, deadline))
        return _merged(first, again, [one.uid for one in self.held if one.uid not in came])


def _left(
    held: Sequence[Held], came: set[str], result: RetrieveResult
) -> Iterator[tuple[str, list[Held]]]:
    """The transfer syntaxes to try next, each with the instances that it may bring."""
    accepted: dict[str, dict[str, None]] = {}
    for context in result.association.get("contexts", ()):
        if context["accepted"]:
            own = accepted.setdefault(context["abstract_syntax"], {})
            own[context["transfer_syntax"]] = None
    by_syntax: dict[str, list[Held]] = {}
    for one in held:
        if one.uid in came:
            continue
        for sop_class in dict.fromkeys(pair[0] for pair in one.pairs):
            used, *others = accepted.get(sop_class, {"": None})
            for syntax in others if one.syntax is None else [one.syntax]:
                if syntax != used and syntax in others:
                    by_syntax.setdefault(syntax, []).append(one)
    yield from by_syntax.items()


def _merged(
    first: RetrieveResult, again: Sequence[RetrieveResult], missing: Sequence[str]
) -> RetrieveResult:
    """One result of several attempts: the failures of the earlier ones were made good or stand."""
    if not again:
        return first
    comment = f"{len(again)} further requests, with one transfer syntax to a SOP class"
    last = again[-1]
    return dataclasses.replace(
        last if missing else first,
        status=last.status if missing else statuses.SUCCESS,
        comment="; ".join(part for part in (last.comment if missing else "", comment) if part),
        completed=first.completed + sum(one.completed for one in again),
        warning=first.warning + sum(one.warning for one in again),
        failed=len(missing),
        failed_uids=tuple(missing),
    )


def known(sop_class: str, syntax: str | None = None, only: str | None = None) -> tuple[Pair, ...]:
    """What an instance may come as. syntax: as it is stored; None when nobody said.

    only: in no other transfer syntax than this.
    """
    if only is not None:
        return ((sop_class, only),)
    syntaxes = RECEIVABLE if syntax is None else (syntax, EXPLICIT_LE, IMPLICIT_LE)
    return tuple((sop_class, one) for one in dict.fromkeys(syntaxes))


def guessed(modality: str, only: str | None = None) -> tuple[Pair, ...]:
    """What an instance of a modality may come as, where its SOP class is not told."""
    syntaxes: Sequence[str] = RECEIVABLE[:_COMMON] if has_pixels(modality) else RECEIVABLE[:4]
    classes = likely_classes(modality)
    pairs = [(one, syntax) for syntax in ([only] if only else syntaxes) for one in classes]
    return tuple(pairs if is_known(modality) else dict.fromkeys([*pairs, *unknown((), only)]))


def portions(
    level: Level, keys: Keys, held: Sequence[Held], *, uid_lists: bool = True
) -> list[Portion]:
    """The requests that bring what is held, in as few associations as their contexts allow.

    uid_lists: whether a request may name several objects.

    One when all fits; else one for the series that go together, and for series whose instances are not
    alike some for their instances.
    """
    pairs = {pair: None for one in held for pair in one.pairs}
    if len(pairs) <= MOST_PAIRS:
        return [Portion(RetrieveRequest(level=level, keys=keys, contexts=list(pairs)), held)]
    return [
        Portion(
            RetrieveRequest(level=below, keys=narrower, contexts=contexts),
            [one for one in held if one.pairs in kinds and _named(one, narrower)],
        )
        for kinds, contexts in _groups(dict.fromkeys(one.pairs for one in held))
        for below, narrower in _narrowed(
            held, {one.uid for one in held if one.pairs in kinds}, _TOGETHER if uid_lists else 1
        )
    ]


def _named(one: Held, keys: Keys) -> bool:
    """Whether these keys name the instance."""
    uids = {
        "StudyInstanceUID": one.study,
        "SeriesInstanceUID": one.series,
        "SOPInstanceUID": one.uid,
    }
    return all(uids[key] in listed(value) for key, value in keys.items())


def unknown(likely: Iterable[str], only: str | None = None) -> list[Pair]:
    """Contexts for what could not be asked: these SOP classes as they may be stored, others uncompressed."""
    syntaxes = RECEIVABLE if only is None else (only,)
    plain = (EXPLICIT_LE, IMPLICIT_LE) if only is None else (only,)
    pairs = [(sop_class, syntax) for sop_class in likely for syntax in syntaxes]
    pairs += [(sop_class, syntax) for sop_class in storage_classes() for syntax in plain]
    return list(dict.fromkeys(pairs))[:MOST_PAIRS]


def _groups(
    kinds: Iterable[tuple[Pair, ...]],
) -> Iterator[tuple[set[tuple[Pair, ...]], list[Pair]]]:
    """Kinds of instances that fit into one association, with the contexts of all of them."""
    together: set[tuple[Pair, ...]] = set()
    contexts: dict[Pair, None] = {}
    for kind in kinds:
        more = dict.fromkeys((*contexts, *kind))
        if together and len(more) > MOST_PAIRS:
            yield together, list(contexts)
            together, more = set(), dict.fromkeys(kind)
        together.add(kind)
        contexts = dict.fromkeys(list(more)[:MOST_PAIRS])
    yield together, list(contexts)


def _narrowed(
    held: Iterable[Held], wanted: set[str], most: int, *, whole: bool = True
) -> Iterator[tuple[Level, Keys]]:
    """Requests for the instances of these UIDs and no others. most: objects in one of them.

    held: all that there is, or with ``whole`` False a part: no series is asked for as a whole then.
    """
    entire: dict[str, dict[str, None]] = {}
    for (study, series), members in _by_series(held).items():
        chosen = [one.uid for one in members if one.uid in wanted]
        if whole and len(chosen) == len(members):
            entire.setdefault(study, {})[series] = None
            continue
        for uids in _portions(chosen, most):
            yield (
                "image",
                {
                    "StudyInstanceUID": study,
                    "SeriesInstanceUID": series,
                    "SOPInstanceUID": uids,
                },
            )
    for study, several in entire.items():
        for uids in _portions(list(several), most):
            yield "series", {"StudyInstanceUID": study, "SeriesInstanceUID": uids}


def _by_series(held: Iterable[Held]) -> dict[tuple[str, str], list[Held]]:
    found: dict[tuple[str, str], list[Held]] = {}
    for one in held:
        found.setdefault((one.study, one.series), []).append(one)
    return found


def _portions(uids: Sequence[str], most: int) -> Iterator[str | list[str]]:
    for start in range(0, len(uids), most):
        portion = list(uids[start : start + most])
        yield portion if portion[1:] else portion[0]


def held_by(
    target: Target, keys: Keys, deadline: Deadline, only: str | None = None
) -> list[Held] | None:
    """What a target says it holds below these keys, asked level by level; None when it cannot be asked.

    A target that does not tell SOP classes is taken by the modality of its series. only: no other transfer
    syntax than this is wanted. Raises TargetError when the exchange itself breaks.
    """
    if "find" not in target.capabilities:
        return None
    try:
        return list(_asked(target, keys, deadline, only))
    except (OperationFailed, Unsupported):
        # The retrieval has the last word on whether it is there.
        return None


def _asked(target: Target, keys: Keys, deadline: Deadline, only: str | None) -> Iterator[Held]:
    if "PatientID" in keys:
        of_patient = FindRequest(level="study", match={**keys, "StudyInstanceUID": ""})
        studies = _uids(target.find(of_patient, deadline), "StudyInstanceUID")
    else:
        studies = listed(keys["StudyInstanceUID"])
    wanted = keys.get("SeriesInstanceUID", "")
    asked = [
        FindRequest(
            level="series",
            match={"StudyInstanceUID": uid, "SeriesInstanceUID": wanted},
            returned=("Modality",),
        )
        for uid in studies
    ]
    # Each once: some servers answer once for each patient or instance that has it.
    series = {
        (study, uid): str(match.get("Modality") or "")
        for study, matches in zip(studies, target.find_each(asked, deadline), strict=True)
        for match in matches
        for uid in _uids([match], "SeriesInstanceUID")
    }
    wanted = keys.get("SOPInstanceUID", "")
    requests = [
        FindRequest(
            level="image",
            match={"StudyInstanceUID": study, "SeriesInstanceUID": uid, "SOPInstanceUID": wanted},
            returned=("SOPClassUID", "AvailableTransferSyntaxUID"),
        )
        for study, uid in series
    ]
    answers = target.find_each(requests, deadline)
    for ((study, uid), modality), matches in zip(series.items(), answers, strict=True):
        for match in matches:
            sop_class, syntax = match.get("SOPClassUID"), match.get("AvailableTransferSyntaxUID")
            stored = syntax if isinstance(syntax, str) else None
            pairs = guessed(modality, only)
            if isinstance(sop_class, str) and sop_class:
                pairs = known(sop_class, stored, only)
            for instance in _uids([match], "SOPInstanceUID"):
                yield Held(study, uid, instance, pairs, stored)


def _uids(matches: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    return [uid for match in matches if isinstance(uid := match.get(key), str) and uid]
