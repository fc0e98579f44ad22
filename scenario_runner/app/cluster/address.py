"""What ``--on`` takes: ``local:N`` or the address of a Dask scheduler."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from scenario_runner.authority import authority
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass

MOST_LOCAL: Final = 256
"""Processes on this machine."""
_LOCAL = re.compile(r"local:(\d{1,4})", re.ASCII)
_SCHEMES: Final = {"dask": "tcp", "dask+tls": "tls", "tcp": "tcp", "tls": "tls"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a run is carried out. scheduler: its address for Dask; empty for processes of our own."""

    text: str
    scheduler: str = ""
    processes: int = 0


def cluster_of(text: str) -> Cluster:
    """``local:4``, ``dask://HOST:PORT``, or ``dask+tls://HOST:PORT``. Raises UsageError."""
    if match := _LOCAL.fullmatch(text):
        number = int(match[1])
        if not 1 <= number <= MOST_LOCAL:
            raise UsageError(f"--on {text}: from 1 to {MOST_LOCAL} processes")
        return Cluster(text, processes=number)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts_of_no_use(text) or host is None or port is None or parts.scheme not in _SCHEMES:
        raise UsageError(
            f"--on '{text}' is no cluster",
            hint="write local:4 for processes on this machine, or dask://HOST:PORT for a Dask scheduler",
        )
    return Cluster(text, scheduler=f"{_SCHEMES[parts.scheme]}://{authority(host, port)}")


def parts_of_no_use(text: str) -> bool:
    """Whether an address has what a scheduler's has not: a user, a path, a query."""
    rest = text.partition("://")[2]
    return not rest or any(sign in rest.rstrip("/") for sign in "@/?#")


def ready(text: str, workers: int) -> Cluster:
    """The cluster, if something can be carried out there. workers: threads that were asked for as well.

    Raises UsageError, also where Dask is not installed.
    """
    cluster = cluster_of(text)
    if workers != 1:
        raise UsageError(
            "--workers and --on do not go together",
            hint="--workers are threads of this process; --on local:N are processes",
        )
    if find_spec("distributed") is None:
        raise UsageError("for --on Dask is missing", hint="pip install 'dicom-fabricator[scale]'")
    return cluster
