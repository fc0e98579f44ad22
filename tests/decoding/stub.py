"""A decoder that does what it is told: the harmless stand-in for those that end a process or hang."""

from __future__ import annotations

import os
import time
from typing import Any

from scenario_runner.decoding.worker import main


class Panic(BaseException):
    """What a compiled decoder throws when it gives up; no Exception."""


def answer(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Do what is asked."""
    what = head["what"]
    if what == "sleep":
        time.sleep(60)
    elif what == "die":
        os._exit(3)
    elif what == "panic":
        raise Panic("index out of bounds")
    elif what == "exit":
        raise SystemExit(1)
    elif what == "fill":
        return {}, bytes(4 << 30)
    elif what == "print":
        print("a decoder that talks")  # noqa: T201 - that is what it does
    elif what == "who":
        return {"pid": os.getpid()}, data
    return {}, data


if __name__ == "__main__":
    main(answer)
