"""The log of the service: lines for people or JSON for programs, with nothing of a patient or a study.

What is logged are facts of the service. Where other software speaks, in an exception, only its kind and place are kept,
for what it says may quote a data set; and whatever looks like a UID becomes a short digest, the same each time, by
which lines about one study are found without naming it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Literal

from scenario_runner.errors import FabricatorError, MachineError, TargetError

_UID: Final = re.compile(r"(?<![0-9.])[0-2](?:\.[0-9]+){3,}(?![0-9])")
_FIELDS: Final = (
    "request",
    "method",
    "route",
    "status",
    "seconds",
    "code",
    "caller",
    "arrival",
)
_LONGEST: Final = 2_000
_Format = Literal["text", "json"]


class LogFormatter(logging.Formatter):
    """One line for each record."""

    def __init__(self, style: _Format) -> None:
        super().__init__()
        self._is_json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        """A line without a line end."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name.removeprefix("scenario_runner."),
            "message": _without_uids(_message(record)),
        }
        for name in _FIELDS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = _without_uids(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _kinds(record.exc_info[1])
            line["where"] = _frames(record.exc_info[2])
        if self._is_json:
            return json.dumps(line, ensure_ascii=False)
        rest = " ".join(f"{name}={value}" for name, value in list(line.items())[4:])
        return " ".join(filter(None, (line["at"], line["level"], line["message"], rest)))


def to_stream(stream: Any, style: _Format, level: int) -> logging.Handler:
    """A handler for the program's own loggers, added to them; whoever calls takes it away again."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogFormatter(style))
    logger = logging.getLogger("scenario_runner")
    logger.addHandler(handler)
    logger.setLevel(level)
    return handler


def _message(record: logging.LogRecord) -> str:
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(map(_argument, arguments))
    elif isinstance(arguments, Mapping):
        arguments = {name: _argument(value) for name, value in arguments.items()}
    try:
        said = str(record.msg) % arguments if arguments else str(record.msg)
    except (TypeError, ValueError):
        said = str(record.msg)
    return " ".join(said[:_LONGEST].split())


def _argument(value: object) -> object:
    """What our own errors say of machines and peers is kept; what others say may quote anything."""
    if isinstance(value, TargetError | MachineError):
        return str(value)
    return type(value).__name__ if isinstance(value, BaseException) else value


def _kinds(error: BaseException) -> str:
    """The kinds of an error and of what led to it, the first cause last."""
    kinds: list[str] = []
    at: BaseException | None = error
    while at is not None and len(kinds) < 10:
        code = getattr(at, "code", "") if isinstance(at, FabricatorError) else ""
        kinds.append(f"{type(at).__name__}({code})" if code else type(at).__name__)
        at = at.__cause__ or at.__context__
    return " < ".join(kinds)


def _frames(trace: TracebackType | None) -> str:
    return " > ".join(
        f"{one.filename.rpartition('/')[2]}:{one.lineno}"
        for one in traceback.extract_tb(trace)[-12:]
    )


def _without_uids(text: str) -> str:
    return _UID.sub(lambda match: "uid:" + hashlib.sha256(match[0].encode()).hexdigest()[:10], text)
