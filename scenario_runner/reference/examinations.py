"""``docs/reference/examinations.md``: what a study can be of that does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.planning.tables import table as rows_of
from scenario_runner.reference.tables import GENERATED, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# Examinations

{generated}

A study whose scenario does not say what was examined is of one of these: of its modality, and of its body part where that
is given. Its patient has the sex and the age of somebody who has it. *Often* is how many times it comes up beside
the others of its modality. A study of several projection radiographs has their views, one a series. The code is in
ProcedureCodeSequence, with the scheme `99FABRICATOR`. Descriptions are in the language of the patient's locale:
English, German, French, Spanish, Italian, Dutch, Portuguese, Japanese, Chinese, Korean, Russian, Ukrainian, Turkish,
Swedish, Danish, Norwegian, Finnish and Polish;
for others in English.
[0020](../decisions/0020-people-and-examinations.md) says why.

"""
_SIDES = {"LR": "right or left", "L": "left", "B": "both"}
_SEXES = {"MF": "", "M": "men", "F": "women"}


def examinations_page() -> str:
    """The whole page."""
    head = ("code", "modality", "body part", "sex", "age", "side", "often", "description")
    return _HEAD.format(generated=GENERATED) + table(head, _rows()) + "\n"


def _rows() -> Iterator[tuple[str, ...]]:
    for row in rows_of("examinations"):
        words = row["en"].translate(str.maketrans("", "", "[]"))
        yield (
            f"`{row['code']}`",
            row["modality"].replace(",", ", "),
            row["body_part"],
            _SEXES[row["sex"]],
            row["ages"].replace("-", " to ").replace("m", " months"),
            _SIDES.get(row["side"], ""),
            row["weight"],
            words.replace("{right/left}", "right"),
        )
