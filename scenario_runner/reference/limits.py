"""``docs/reference/limits.md``: what is bounded, by the constants that bound it."""

from __future__ import annotations

from scenario_runner.decoding import workers
from scenario_runner.decoding.worker import MEMORY, MOST, TIMES
from scenario_runner.dicom.elements import MOST_INFLATED
from scenario_runner.engine import bounded, bounds, given_back
from scenario_runner.errors import MOST_DIAGNOSTICS
from scenario_runner.fields import types as fields
from scenario_runner.language import loader, sandbox, searching, template_limits
from scenario_runner.pacs.dicomweb import shelf
from scenario_runner.planning import matrix, pictures, prepare, sources
from scenario_runner.reference.tables import GENERATED, table
from scenario_runner.showing import strips

_HEAD = """# Limits

{generated}

Nothing out of a file, a plugin or a PACS may stop a run, fill the machine or keep it waiting. What goes past a limit
is refused in words, with its place where it has one; nothing is cut without saying so.

"""
_TAIL = """
The DICOMweb service of the embedded PACS holds no image as a whole that is larger than some MiB: what is inflated, decoded or
converted for an answer goes into a file beside the archive or of the system's temporary ones, and from there out.

A step that ends neither at its `timeout` nor at Ctrl-C is left behind: the run goes on without it, and it
can use no PACS and say nothing any more, but for what a PACS has acknowledged to it meanwhile. The memory of decoders
is bounded where the system can, which is Linux; their time is everywhere.

A plugin is code of whoever wrote it, and is run with all rights of the user: `fabricate validate --site FILE` loads the
plugins that the site file names, as `run` does, before it can know what their steps take. Validate a site file of
somebody else only as far as you would run it.
"""


def limits_page() -> str:
    """The whole page."""
    return (
        _HEAD.format(generated=GENERATED)
        + table(("what", "at most", "otherwise"), _ROWS)
        + "\n"
        + _TAIL
    )


def _mib(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


_ROWS = [
    ("a scenario, site or library file", _mib(loader.MAX_BYTES), "FAB006"),
    ("a file that a source of patients reads", _mib(sources.MAX_BYTES), "FAB317"),
    ("diagnostics told of one file", f"{MOST_DIAGNOSTICS}", "the first are told"),
    ("cases of a matrix, or of a load of cases", f"{matrix.MAX_CASES:,}", "a diagnostic"),
    ("patients, studies, series and images of a plan", f"{prepare.MAX_ENTITIES:,}", "a diagnostic"),
    (
        "an expression",
        f"{sandbox.MAX_EXPRESSION:,} characters, {sandbox.MAX_NESTING} levels",
        "FAB208",
    ),
    ("all templates of a file", f"{sandbox.MAX_IN_FILE:,} characters", "FAB208"),
    (
        "the work of an expression",
        f"{template_limits.MAX_WORK:,} elements, or 16 characters each",
        "FAB208",
    ),
    (
        "the work of all expressions while a file is checked, and while it is planned",
        f"{template_limits.MAX_WORK_IN_FILE:,} of the same",
        "FAB208",
    ),
    ("a text that an expression makes", f"{template_limits.MAX_TEXT:,} characters", "FAB208"),
    ("a list that an expression walks", f"{template_limits.MAX_LIST:,} elements", "FAB208"),
    (
        "a regular expression",
        f"{searching.MAX_PATTERN:,} characters, {searching.MAX_PARTS:,} parts with its repeats written out",
        "a diagnostic",
    ),
    (
        "a text that one is searched for in",
        f"{searching.MAX_SEARCHED:,} characters",
        "the check fails",
    ),
    ("a search", f"{searching.MAX_SECONDS:g} s of the processor", "the check fails"),
    (
        "a step that does not end when its time is over, or at Ctrl-C",
        f"{bounded.GRACE:g} s more, at Ctrl-C {bounded.GRACE_WHEN_STOPPED:g} s",
        "it is left behind",
    ),
    ("a name of a folder in the run folder", f"{fields.MAX_FILE_NAME} bytes", "a diagnostic"),
    ("a picture of a scenario", f"{pictures.MOST_PIXELS:,} pixels", "a diagnostic"),
    ("a text in the evidence", f"{bounds.MAX_TEXT:,} characters", "cut, its length said"),
    (
        "a value of a plugin in the evidence",
        f"100 levels; {given_back.MOST_PARTS:,} parts of lists that stand in it more than once",
        "`…` in its place",
    ),
    ("a deflated data set", f"{_mib(MOST_INFLATED)} inflated", "refused whole"),
    (
        "inflated data sets that the embedded PACS keeps for the next request, in files",
        _mib(shelf.KEPT_INFLATED),
        "the oldest goes",
    ),
    (
        "an image that the embedded PACS shows",
        f"{_mib(strips.MOST_SHOWN)} in 8 bits",
        "406; a larger one through a viewport",
    ),
    (
        "decoding compressed pixels",
        f"{workers.SECONDS:g} s, and as long again for each {_mib(workers.SLICE)} they become",
        "cannot be decoded",
    ),
    (
        "memory of a decode (Linux)",
        f"{_mib(MEMORY)} and {TIMES} times what it gives",
        "cannot be decoded",
    ),
    ("pixels decoded at once", f"{MOST >> 30} GiB", "cannot be decoded"),
    (
        "processes that decode",
        f"{workers.AT_ONCE}, each for {workers.DECODES_OF_ONE} decodes",
        "others wait",
    ),
]
