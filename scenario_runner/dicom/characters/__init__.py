"""Text between characters and bytes: the one codec for Specific Character Set (PS3.5 6.1, PS3.3 C.12.1.1.2).

``sets`` has the registered graphic sets, ``terms`` the defined terms and what a list of them declares,
``reading`` and ``writing`` the two directions, ``choosing`` what to declare,
``alphabetic`` what a name's first component group may have. No other room knows codecs.
"""

from scenario_runner.dicom.characters.alphabetic import alphabetic_fault
from scenario_runner.dicom.characters.choosing import choose, fitting
from scenario_runner.dicom.characters.reading import (
    UndecodableError,
    decode,
    decode_strictly,
)
from scenario_runner.dicom.characters.terms import (
    ALONE,
    SPECIFIC_CHARACTER_SET,
    TERMS,
    UTF8,
    faults,
    is_declared,
    parse,
)
from scenario_runner.dicom.characters.undeclared import Terms, UndeclaredText, UndeclaredTexts
from scenario_runner.dicom.characters.writing import UnencodableError, encode, named, unencodable

__all__ = [
    "ALONE",
    "SPECIFIC_CHARACTER_SET",
    "TERMS",
    "UTF8",
    "Terms",
    "UndeclaredText",
    "UndeclaredTexts",
    "UndecodableError",
    "UnencodableError",
    "alphabetic_fault",
    "choose",
    "decode",
    "decode_strictly",
    "encode",
    "faults",
    "fitting",
    "is_declared",
    "named",
    "parse",
    "unencodable",
]
