"""The page of the faults that objects can be given on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.faults.registry import SUBJECTS
from scenario_runner.reference.tables import GENERATED, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.imaging.api import Fault
    from scenario_runner.planning.api import FaultFacts

_INTRODUCTION = f"""{GENERATED}

# Faults

`faults` of a series makes its objects wrong on purpose, to see what a PACS, a router or a validator makes
of them. Each fault breaks one thing of an object that is right in everything else, so that what happens
can be put down to it; [Negative tests](../guide/negative-tests.md) shows how to use them.

```yaml
patients:
  - studies:
      - series:
          - {{modality: CT, images: 3, faults: [bad-date]}}
          - {{modality: CT, images: 3, faults: [{{fault: truncated-pixels, images: [2]}}]}}
```

A fault is on every image of the series, or on the *last* where it is between images; `images` names
others. Several faults in one list are all on the same images. The plan, the record and the report name
the faults of a series, and an object says in ImageComments (PatientComments where it is no image)
`Negative test: …`.

The last column has the [rules](conformance.md) of our own validator: one of the first has to find the
fault, those in brackets can be broken as a consequence. `fabricate plan` and the plan of a run have the
SOPInstanceUID and SOPClassUID that the objects have, wrong ones too; whatever else a fault changes, the
plan has the value as it was meant.
"""

_END = """A plugin adds faults through the hook `fabricate_faults`.
"""


def faults_page() -> str:
    """``faults.md``: a table for each subject."""
    parts = [_INTRODUCTION]
    for subject, faults in SUBJECTS.items():
        parts.append(f"## {subject}\n")
        head = ("fault", "what is wrong", "on", "needs", "found by")
        parts.append(table(head, (_row(fault) for fault in faults)) + "\n")
    return "\n".join([*parts, _END])


def _row(fault: Fault) -> tuple[str, str, str, str, str]:
    facts = fault.facts
    found = ", ".join(f"`{rule}`" for rule in facts.rules)
    if facts.also:
        found += f" ({', '.join(f'`{rule}`' for rule in facts.also)})"
    return f"`{fault.name}`", facts.summary, facts.images, ", ".join(_needs(facts)), found


def _needs(facts: FaultFacts) -> Iterator[str]:
    if facts.modalities is not None:
        yield " ".join(sorted(facts.modalities))
    if facts.least > 1:
        yield f"{facts.least} images"
    if facts.native:
        yield "uncompressed pixels"
    elif facts.pixels:
        yield "pixels" if facts.pixels == "any" else "greyscale pixels"
    if facts.single:
        yield "no enhanced object"
    if facts.explicit:
        yield "an explicit VR"
    if not facts.on_the_wire:
        yield "a file: C-STORE does not send it"
