"""The page of the scenario file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import SUPPORTED, TRANSFER_SYNTAXES
from scenario_runner.language.schema import make_scenario_schema
from scenario_runner.reference.tables import GENERATED, keys, table
from scenario_runner.reference.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.plugins import Plugins

_INTRODUCTION = f"""{GENERATED}

# The scenario file

[Writing scenarios](../guide/writing-scenarios.md) explains; this page lists. Keys of patients, studies, series and `load` take
[templates](templates.md), and of the file itself `title`, `description`, `vars`, `matrix` and `skip` do. What is left out is generated from
the seed.

## The file
"""

_MATRIX = """## matrix

Every key but `exclude` and `include` is an axis: a name with a list of values. There is one case for each
combination, 1000 at most, as in GitHub Actions: `exclude` goes first and drops the combinations that have
all the values of one of its entries. An entry of `include` is added to every combination of the axes whose
own values it does not change (what an entry before it added, it may); one that fits none is a case of its
own, which may lack an axis: `{{ matrix.size | default(512) }}`.

## patients

Each entry is one patient, or `count` alike.
"""

_PATTERNS = """## Identifier patterns

`id` of a patient and `accession` of a study, and the rules of the site, are literal text with fields in
single braces. The number before a name is a width.
"""

_COUNTERS = """
A counter belongs to the site's name and the pattern, lives in the registry and never hands out a number
twice. The long form is read too: `YYYY{two letters}{seven digits starting from 0000001}`.

## tags

| key and value | does |
|---|---|
| `StationName: CR1` | sets the attribute; the value must fit its VR |
| `OtherPatientNames: [A^B, C^D]` | several values |
| `RequestAttributesSequence: [{RequestedProcedureID: P1}]` | a sequence: a list of mappings |
| `MilitaryRank: null` | leaves the attribute out |
| `PatientSex: {raw: X}` | writes a value that the Standard forbids, for a negative test |
| `Rows: {raw: 0}` | a number in the bytes of its VR; `raw: '0'` is the character, `raw: 'hex:FFFF'` bytes |
| `"(0009,xx01) CREATOR": {vr: LO, value: text}` | a private attribute; the creator's block is made |

The tags of a series win over those of its study, and those over the patient's.
"""

_FIELDS = (
    ("`{YYYY}` `{YY}` `{MM}` `{DD}` `{HH}` `{mm}` `{SS}`", "a part of the study's date and time; in a patient's `id`, of the day of the run"),
    ("`{6letters}`", "random letters A–Z"),
    ("`{4hex}` `{5alnum}` `{3random}`", "random hexadecimal digits, digits and letters, digits"),
    ("`{7digits}`", "the next number of a counter, with leading zeros"),
    ("`{7digits:start=100,step=5}`", "the same, from 100 in steps of 5"),
    ("`{modality}` `{site}`", "the modality of the study's first series; the name of the site"),
    ("`{mod10}`", "a check digit (Luhn) over the digits before it"),
)  # fmt: skip


def scenario_page(plugins: Plugins) -> str:
    """``scenario.md``: the file, patients, studies, series, and what their values can be."""
    schema = make_scenario_schema(plugins)
    defs = schema["$defs"]
    links = {
        "patient": "[patients](#patients)",
        "patient.StudySpec": "[studies](#studies)",
        "patient.SeriesSpec": "[series](#series)",
        "step": "[steps](steps.md)",
    }
    words = Words(defs, links)
    parts = [
        _INTRODUCTION,
        keys(schema, words),
        "",
        _MATRIX,
        keys(defs["patient"], words),
        "\n## studies\n",
        keys(defs["patient.StudySpec"], words),
        "\n## series\n",
        keys(defs["patient.SeriesSpec"], words),
        "\n### Modalities\n",
        table(
            ("modality", "SOP class", "images", "rows × columns", "usual body part"),
            _modalities(plugins),
        ),
        "\nOther body parts come up too where nothing is said of a study: [examinations](examinations.md).",
        "\n`XR` is read as `DX`.\n",
        "### Phantoms\n",
        ", ".join(f"`{name}`" for name in plugins.named("fabricate_phantoms")) + ".\n",
        "### Transfer syntaxes\n",
        ", ".join(f"`{name}`" for name, uid in TRANSFER_SYNTAXES.items() if uid in SUPPORTED)
        + ", or the UID of one of these.\n",
        _PATTERNS,
        table(("field", "becomes"), _FIELDS),
        _COUNTERS,
    ]
    return "\n".join(parts)


def _modalities(plugins: Plugins) -> Iterator[tuple[str, str, str, str, str]]:
    from pydicom.uid import UID

    for builder in plugins.named("fabricate_iod_builders").values():
        known = builder.defaults
        size = f"{known.rows} × {known.columns}" if known.has_pixels else "no pixels"
        sop_class = UID(known.sop_class_uid)
        says = f"`{known.modality}`"
        if known.by_sop_class:
            says += f", `sop_class: {sop_class.keyword}`"
        images = str(known.images or "one for each series")
        yield says, sop_class.name, images, size, known.body_part
