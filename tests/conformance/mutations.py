"""Objects with one thing wrong: every attribute in turn left out, emptied or given a value it cannot have.

``python -m tests.conformance.mutations`` prints, for every kind of object that is made, in how many of them
our own rules find an error, and in which of the rest dciodvfy does.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import Standard
from tests.conformance import objects
from tests.imaging.planned import builders, factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.api import Validator
    from tests.conformance.objects import Object

WRONG = (b"ZZ", b"lower case", b"-1", b"9" * 26)
WRONG_VRS = frozenset({"AS", "CS", "DA", "DS", "IS", "TM", "UI"})
KEPT = frozenset(map(objects.tag, ("SOPClassUID", "SOPInstanceUID", "PixelData")))


def kinds() -> list[str]:
    """The keys of all kinds of object that are made."""
    return sorted(builders())


def whole(kind: str) -> Object:
    """An object of a kind with nothing wrong."""
    series = plan_series(kind, size=(64, 64), images=2)
    instance = factory().instance(series.images[0])
    stream = io.BytesIO(b"".join((instance.meta, *instance.buffers)))
    return objects.read_back(read_stream(stream).data)


def mutations(made: Object, path: str = "") -> Iterator[tuple[str, Object]]:
    """What was done, and the object with it done; in sequences to the first item."""
    for number, value in made.items():
        name = f"{path}{name_of(number)}"
        if number in KEPT and not path:
            continue
        yield f"without {name}", {tag: each for tag, each in made.items() if tag != number}
        if isinstance(value, list):
            if not value:
                continue
            yield f"empty {name}", {**made, number: []}
            for what, item in mutations(value[0], f"{name}."):
                yield what, {**made, number: [item, *value[1:]]}
        else:
            vr, raw = value
            if raw:
                yield f"empty {name}", {**made, number: (vr, b"")}
            if vr in WRONG_VRS and not path:
                for wrong in WRONG:
                    yield f"{name} {wrong!r}", {**made, number: (vr, wrong)}


def errs(validator: Validator, file: Path) -> bool:
    """Whether a validator finds an error."""
    return any(finding.severity == "error" for finding in validator.check(file))


def compared(kind: str, folder: Path) -> tuple[int, list[str]]:
    """In how many mutations our rules find an error, and in which of the rest dciodvfy finds one."""
    found, missed = 0, []
    file = folder / f"{kind.replace('/', '_')}.dcm"
    for what, made in mutations(whole(kind)):
        objects.write(file, made)
        # Ours first: it needs no process, and only where it is silent does the other's word matter.
        if errs(Standard(), file):
            found += 1
        elif errs(Dciodvfy(), file):
            missed.append(what)
    return found, missed


def main(chosen: list[str]) -> int:
    """Print the comparison."""
    total = silent = 0
    with TemporaryDirectory() as folder:
        for kind in chosen or kinds():
            found, missed = compared(kind, Path(folder))
            total, silent = total + found, silent + len(missed)
            sys.stdout.write(
                "\n    ".join([f"{kind}: {found} found, {len(missed)} missed", *missed])
            )
            sys.stdout.write("\n")
            sys.stdout.flush()
    sys.stdout.write(f"{total} found, {silent} missed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
