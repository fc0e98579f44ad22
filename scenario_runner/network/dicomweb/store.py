"""STOW-RS of many instances (PS3.18 10.5): every one gets a result of its own."""

from __future__ import annotations

import itertools
import queue
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from scenario_runner.answers import StatusClass, StoreStatus
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    FabricatorError,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.bulk.pace import Pace
from scenario_runner.network.bulk.stream import why
from scenario_runner.network.dicomweb import media_types, multipart, results
from scenario_runner.network.dicomweb.answer import Answer
from scenario_runner.network.dicomweb.batches import INSTANCES, Batch, gathered
from scenario_runner.network.dicomweb.media_types import multipart_related
from scenario_runner.network.dicomweb.results import NO_REASON, StoreResults
from scenario_runner.network.dicomweb.session import Session
from scenario_runner.sending import ONE_BY_ONE, Sending

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.peer import WebPeer

_MENDABLE = (AssociationAborted, ConnectionFailed, PeerTimeout)
"""What another connection may cure."""
_BROKEN = (AssociationAborted, PeerTimeout)
"""What befell a request that had begun."""
_DELAY, _LONGEST_DELAY = 0.25, 5.0


def store(
    peer: WebPeer,
    instances: Iterable[Storable],
    deadline: Deadline,
    how: Sending = ONE_BY_ONE,
) -> Generator[StoreStatus, None, None]:
    """Send instances in requests of bounded size, yielding each one's answer in their order.

    Every instance pulled gets exactly one answer. One that a request of several left without a
    result is sent again alone, so that the HTTP status is its own. When a connection breaks, whatever
    has no answer yet is yielded with status None, and then the error is raised: TargetError children,
    or what the deadline raises.

    how: with a rate, or where one at which the peer ends the connection is given up, each has a request of its own;
    what is broken and sent again is a request; the facts of each connection go on growing once they are told.
    """
    count = max(1, how.associations)
    work = _Work(peer, deadline, how)
    sessions = [Session(peer, deadline, how.opened) for _ in range(count)]
    for session in sessions:
        work.idle.put(session)
    pool = ThreadPoolExecutor(count, "stow")
    try:
        yield from _run(
            pool, work, gathered(instances, 1 if how.rate or how.skips else INSTANCES), count
        )
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for session in sessions:
            session.close()


_Outcome = tuple[list[StoreStatus], BaseException | None]


def _run(
    pool: ThreadPoolExecutor, work: _Work, batches: Iterator[Batch], count: int
) -> Iterator[StoreStatus]:
    """Answers in order. After a failure no more is pulled and what has not begun is called off."""
    under_way: deque[tuple[Batch, Future[_Outcome]]] = deque()
    failure: BaseException | None = None
    while failure is None:
        try:
            batch = next(batches, None)
        except BaseException as error:  # noqa: BLE001 - raised when what is under way has ended
            failure = error
            break
        if batch is None:
            break
        under_way.append((batch, pool.submit(work.answers, batch)))
        while len(under_way) > count and failure is None:
            answers, failure = under_way.popleft()[1].result()
            yield from answers
    for batch, future in under_way:
        if failure is not None and future.cancel():
            words = why(failure) if isinstance(failure, FabricatorError) else repr(failure)
            yield from (StoreStatus.unsent(one, f"not sent: {words}") for one in batch.instances)
            continue
        answers, trouble = future.result()
        failure = failure or trouble
        yield from answers
    if failure is not None:
        raise failure


@dataclass(frozen=True, slots=True)
class _Found:
    """One answer to a request: HTTP status, what it says of instances, and what of itself."""

    http: int
    words: str
    results: StoreResults
    explanation: str


class _Work:
    """What the threads of one ``store`` do."""

    def __init__(self, peer: WebPeer, deadline: Deadline, how: Sending) -> None:
        self._peer = peer
        self._deadline = deadline
        self._pace = Pace(how.rate)
        self._resumes = how.resumes
        self._skips = how.skips
        self.idle: queue.SimpleQueue[Session] = queue.SimpleQueue()

    def answers(self, batch: Batch) -> _Outcome:
        """Every instance's answer, and the error that leaves some of them unknown."""
        session = self.idle.get()
        done: dict[str, StoreStatus] = {}
        try:
            self._answer_all(session, batch, done)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            words = why(error) if isinstance(error, FabricatorError) else repr(error)
            comment = "; then ".join([*batch.troubles, words])
            for number, one in enumerate(batch.instances, start=1):
                if one.sop_instance_uid not in done:
                    # A refusal is an answer: then nothing is in doubt.
                    refused = isinstance(error, OperationFailed)
                    maybe = number <= batch.handed_over and not refused
                    done[one.sop_instance_uid] = StoreStatus.unsent(
                        one, comment, maybe_stored=maybe
                    )
            given_up = self._skips and isinstance(error, _BROKEN)
            return _in_order(batch, done), None if given_up else error
        finally:
            self.idle.put(session)
        return _in_order(batch, done), None

    def _answer_all(self, session: Session, batch: Batch, done: dict[str, StoreStatus]) -> None:
        found = self._post(session, batch)
        if len(batch.instances) == 1:
            done[batch.instances[0].sop_instance_uid] = _answer_alone(batch, found)
            return
        for instance in batch.instances:
            answer = _answer_of(batch, instance, found)
            if answer is not None:
                done[instance.sop_instance_uid] = answer
        for instance in batch.instances:
            if instance.sop_instance_uid not in done:
                silent = f"{found.words} to several instances, without a result for this one"
                one = Batch([instance], troubles=[*batch.troubles, silent])
                done[instance.sop_instance_uid] = _answer_alone(one, self._post(session, one))

    def _post(self, session: Session, batch: Batch) -> _Found:
        for failed in itertools.count():
            try:
                self._pace.wait(self._deadline)
                return self._post_once(session, batch)
            except _MENDABLE as error:
                if failed >= self._resumes:
                    raise
                batch.troubles.append(why(error))
                self._deadline.sleep(min(_DELAY * 2**failed, _LONGEST_DELAY))
        raise AssertionError

    def _post_once(self, session: Session, batch: Batch) -> _Found:
        boundary = multipart.new_boundary()
        kind = multipart_related(media_types.DICOM, boundary=boundary)
        headers = {"Content-Type": str(kind), "Content-Length": str(batch.length(boundary))}
        with session.exchange(
            "POST",
            ["studies"],
            accept=media_types.DICOM_JSON,
            content=batch.body(boundary),
            headers=headers,
        ) as answer:
            answer.admit()
            if answer.status in (404, 405, 501):
                answer.fail("STOW-RS")
            return self._read(answer)

    def _read(self, answer: Answer) -> _Found:
        body = answer.body() if answer.status < 500 else answer.beginning()
        try:
            found = results.read(body)
        except results.NoResultsError as error:
            if answer.status < 300:
                raise self._peer.error(
                    ProtocolViolation,
                    "this is not a DICOMweb service",
                    f"{answer.words} to STOW-RS with a body that is no DICOM JSON or XML",
                    hint="check the target's 'dicomweb' url in the site file",
                ) from error
            found = StoreResults()
        words = "" if found.said else answer.in_words(body)
        return _Found(answer.status, answer.words, found, words)


def _in_order(batch: Batch, done: Mapping[str, StoreStatus]) -> list[StoreStatus]:
    return [done[one.sop_instance_uid] for one in batch.instances]


def _answer_of(batch: Batch, instance: Storable, found: _Found) -> StoreStatus | None:
    """What a response says of one instance; None when it says nothing."""
    uid = instance.sop_instance_uid
    if uid in found.results.failed:
        words = _failure(found.words, found.results.failed[uid])
        if uid in found.results.stored:
            words += ", though it is named as stored as well"
        status = found.results.failed[uid] or statuses.PROCESSING_FAILURE
        return _told(batch, instance, found, status, words, "failure")
    if uid in found.results.stored and found.http >= 400:
        # Such a status says that nothing was stored (PS3.18 table 10.5.3-1).
        words = f"{found.words}, though it is named as stored"
        return _told(batch, instance, found, None, words)
    if uid in found.results.stored:
        status = found.results.stored[uid]
        if found.results.other and not status:
            words = _failure(found.words, found.results.other[0])
            words += " of something that it does not name, though this is named as stored"
            return _told(batch, instance, found, status, words, "warning")
        if (failed := _not_sent(batch, found.results.failed)) and not status:
            words = _failure(found.words, found.results.failed[failed])
            words += f" of {failed[:64]}, which was not sent"
            return _told(batch, instance, found, status, words, "warning")
        words = f"{found.words}, WarningReason {status:04X}" if status else ""
        if doubt := found.results.doubts.get(uid) or _as_another(instance, found.results):
            words = f"{words or found.words}, {doubt}"
        return _told(batch, instance, found, status, words, "warning" if words else "success")
    if found.http in (200, 201, 204) and not found.results.said:
        # 200: every instance was stored (PS3.18 10.5.3.1); that none is named is for who reads the record.
        words = f"{found.words}, and no instance is named in it"
        if found.results.names_none:
            # Which contradicts the status.
            words = f"{found.words}, and its sequence of what was stored is empty"
            return _told(batch, instance, found, statuses.SUCCESS, words, "warning")
        return _told(batch, instance, found, statuses.SUCCESS, words, "success")
    if found.http == 503 and not found.results.said:
        # Busy: to ask again for each alone would make it worse.
        return _told(batch, instance, found, statuses.OUT_OF_RESOURCES, found.words)
    return None


def _answer_alone(batch: Batch, found: _Found) -> StoreStatus:
    """What the response to a request with one instance means for it."""
    [instance] = batch.instances
    answer = _answer_of(batch, instance, found)
    if answer is not None:
        return answer
    words = f"{found.words}{found.explanation}"
    if found.results.other:
        words = _failure(words, found.results.other[0])
        status = found.results.other[0] or statuses.PROCESSING_FAILURE
        return _told(batch, instance, found, status, words, "failure")
    if found.http < 400:
        words += ", without a result for this instance"
        if other := _not_sent(batch, found.results.stored):
            words += f"; it names {other[:64]} as stored, which was not sent"
        return _told(batch, instance, found, None, words)
    status = statuses.OUT_OF_RESOURCES if found.http == 413 else statuses.PROCESSING_FAILURE
    return _told(batch, instance, found, status, words)


def _not_sent(batch: Batch, named: Iterable[str]) -> str:
    """The first UID of which a response speaks though the request had no such instance; empty without one."""
    sent = {one.sop_instance_uid for one in batch.instances}
    return next((uid for uid in named if uid not in sent), "")


def _as_another(instance: Storable, told: StoreResults) -> str:
    """Words for an instance that is named as one of another SOP class than it is."""
    named = told.classes.get(instance.sop_instance_uid, instance.sop_class_uid)
    if named == instance.sop_class_uid:
        return ""
    return f"named as stored as {uid_name(named)}, not as {uid_name(instance.sop_class_uid)}"


def _failure(words: str, reason: int) -> str:
    if reason == NO_REASON:
        return f"{words}, and the service gives no FailureReason"
    return f"{words}, FailureReason {reason:04X} ({reason})"


def _told(
    batch: Batch,
    instance: Storable,
    found: _Found,
    status: int | None,
    comment: str,
    verdict: StatusClass | None = None,
) -> StoreStatus:
    if batch.troubles:
        # An attempt that failed is part of the record, even when the next one did not.
        earlier = f"sent again after: {'; then '.join(batch.troubles)}"
        comment = f"{comment} ({earlier})" if comment else earlier
    return StoreStatus(
        sop_instance_uid=instance.sop_instance_uid,
        sop_class_uid=instance.sop_class_uid,
        status=status,
        comment=comment,
        seconds=time.monotonic() - batch.started,
        maybe_stored=status is None,
        http=found.http,
        retrieve_url=found.results.urls.get(instance.sop_instance_uid, ""),
        verdict=verdict,
    )
