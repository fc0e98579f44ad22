"""How long operations took, as ``run.json`` has it."""

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(
        defer_build=True, json_schema_serialization_defaults_required=True, allow_inf_nan=False
    )


class QuantilesRecord(_Part):
    """A distribution of times in a few numbers, in seconds."""

    count: int = 0
    failed: int = 0
    """How many of them were refused or not answered."""
    min_s: float = 0.0
    mean_s: float = 0.0
    p50_s: float = 0.0
    """What half of them did not exceed; right within 0.4 %."""
    p95_s: float = 0.0
    p99_s: float = 0.0
    max_s: float = 0.0


class GroupRecord(QuantilesRecord):
    """The operations that have something in common."""

    by: str
    """What they have in common: modality, association."""
    name: str


class SliceRecord(_Part):
    """The operations that ended in one slice of the time."""

    at_s: float
    """When the slice begins, in seconds since the first operation did."""
    count: int = 0
    failed: int = 0
    p50_s: float = 0.0
    p95_s: float = 0.0
    p99_s: float = 0.0
    max_s: float = 0.0


class LatencyRecord(QuantilesRecord):
    """How long one kind of operation took in a step, from its beginning to its answer.

    It begins when it was to begin, where that was planned (``load`` with a rate), and else with its request.
    """

    operation: str
    """C-STORE, C-FIND, QIDO-RS, …"""
    unanswered: int = 0
    """How many got no answer, or could not be asked, for an error; in neither of the other numbers."""
    per_second: float = 0.0
    """How many were done a second, between the first request and the last answer; those that failed left out."""
    first_s: float = 0.0
    """When the first of them began, in seconds since the first operation of the step did."""
    last_s: float = 0.0
    """When the last of them ended."""
    service: QuantilesRecord | None = None
    """The same from the request itself, where it was planned when each was to begin."""
    late: QuantilesRecord | None = None
    """By how much they began late, where that was planned."""
    histogram: list[tuple[int, int]] = []
    """Microseconds and count of each bucket of the distribution; 128 buckets to a doubling."""
    every_s: int = 1
    """Seconds of one of the slices."""
    over_time: list[SliceRecord] = []
    """Slices in which something ended, 120 at the most."""
    groups: list[GroupRecord] = []
    """By modality and by association, where these are told apart."""
