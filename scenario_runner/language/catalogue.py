"""Every diagnostic code with its title. Codes are stable: one that is gone is never used again."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLES: Mapping[str, str] = MappingProxyType(
    {
        # The file and its YAML
        "FAB001": "the file is missing or cannot be read",
        "FAB002": "a folder was given as a file",
        "FAB003": "the file is not UTF-8 text",
        "FAB004": "a character that text files do not have",
        "FAB005": "the file is empty",
        "FAB006": "the file is too large",
        "FAB007": "nested too deeply",
        "FAB008": "too many values",
        "FAB009": "an alias that leads nowhere or to itself",
        "FAB010": "a key twice",
        "FAB011": "a tab used for indentation",
        "FAB012": "a key that is not text",
        "FAB013": "a YAML tag",
        "FAB014": "several documents in one file",
        "FAB015": "not YAML",
        "FAB016": "a merge of something that is no mapping",
        "FAB017": "a template without quotes",
        # Structure
        "FAB101": "not a scenario or site file",
        "FAB102": "a value of the wrong type",
        "FAB103": "a required key is missing",
        "FAB104": "an unknown key",
        "FAB105": "a value that is not one of those allowed",
        "FAB106": "a value of the wrong form",
        "FAB107": "a number out of range",
        "FAB108": "too short or too long",
        "FAB109": "an unknown step",
        "FAB110": "an entry without a step",
        "FAB111": "two steps in one entry",
        "FAB112": "an unknown check",
        "FAB113": "not exactly one check in an entry",
        "FAB114": "a step id twice",
        "FAB115": "a saved name that is taken",
        "FAB116": "an unknown target",
        "FAB117": "an unknown DICOM attribute",
        "FAB118": "values that do not make sense together",
        "FAB119": "a name that nothing before gives",
        "FAB120": "a file that is not there",
        "FAB121": "a way that the target does not have",
        "FAB122": "messages that the site has no receiver for",
        "FAB123": "something that cannot run side by side",
        # Templates
        "FAB201": "not an expression",
        "FAB202": "a statement or comment in a template",
        "FAB203": "an unknown name",
        "FAB204": "an unknown key, or no such element",
        "FAB205": "an unknown filter or test, or a call",
        "FAB206": "a name that starts with an underscore",
        "FAB207": "an expression without a value",
        "FAB208": "an expression or value that is too large",
        "FAB209": "a variable that needs itself",
        "FAB210": "something inside text that is not text",
        "FAB211": "env outside a site file",
        # Planning
        "FAB301": "a malformed identifier pattern",
        "FAB302": "a value too long for its VR",
        "FAB303": "a counter without enough numbers",
        "FAB304": "an identifier that cannot be unique",
        "FAB305": "a value that its VR does not allow",
        "FAB306": "an unknown or missing modality",
        "FAB307": "age, birth date and study date contradict",
        "FAB308": "an unknown locale",
        "FAB309": "a matrix that makes no sense",
        "FAB310": "an unknown transfer syntax or SOP class",
        "FAB311": "tags that cannot be set",
        "FAB312": "more than one case can hold",
        "FAB313": "an unknown phantom",
        "FAB314": "a character set that cannot hold the text",
        "FAB315": "a transfer syntax that cannot hold the pixels",
        "FAB316": "an unknown fault, or one that the series cannot have",
        "FAB317": "a source of patients is unknown, or cannot give them",
        "FAB318": "rows that cannot be read",
        # Site files
        "FAB401": "a target without a service",
        "FAB402": "an environment variable that is not set",
        "FAB403": "a template where none is rendered",
        "FAB404": "a plugin folder that is not there",
        # Libraries
        "FAB601": "a library that is not found",
        "FAB602": "a step list or scenario that the library does not have",
        "FAB603": "no version that fits",
        "FAB604": "not a reference to a library",
        "FAB605": "lists that use each other",
        "FAB606": "a parameter without a value",
        "FAB607": "an unknown parameter",
        "FAB608": "a parameter of the wrong type",
        "FAB609": "something that cannot stand beside a use",
        "FAB610": "a library that is not as it was locked",
        "FAB611": "libraries that do not go together",
        "FAB612": "a library that needs another version of the program",
        "FAB613": "an archive that is not sound",
        "FAB614": "a git repository that is not to be had",
        "FAB615": "not the address of a git repository",
        # Warnings
        "FAB901": "a variable that is not used",
        "FAB902": "a step that never runs",
        "FAB903": "a scenario that checks nothing",
        "FAB904": "a secret in the file",
        "FAB905": "text that others read as something else",
        "FAB906": "a key that will go away",
        # Messages
        "FAB501": "not a message that can be read",
        "FAB502": "a field of a message that no attribute can hold",
    }
)
"""Code to title; ``docs/reference/diagnostics.md`` says more about each."""
