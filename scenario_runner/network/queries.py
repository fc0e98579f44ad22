"""Query/Retrieve information models and their identifiers (PS3.4 annex C)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.sop_classes import (
    MODALITY_WORKLIST,
    PATIENT_ROOT,
    STUDY_ROOT,
    InformationModel,
)
from scenario_runner.dicom.syntaxes import encoding_of
from scenario_runner.errors import ProtocolViolation

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.dicom.retrieve_keys import Level, QueryLevel
    from scenario_runner.ul.peer import Peer


def find_class(level: QueryLevel) -> str:
    """The SOP class in which a level is asked."""
    return MODALITY_WORKLIST if level == "worklist" else model_for(level).find


def model_for(level: Level) -> InformationModel:
    """Study root, but for the patient level, which only patient root has (PS3.4 C.6.2)."""
    return PATIENT_ROOT if level == "patient" else STUDY_ROOT


def encode(identifier: Dataset, transfer_syntax: str) -> bytes:
    """An identifier in one of IDENTIFIER_SYNTAXES. Raises ValueError for what cannot be encoded."""
    from pydicom.filewriter import correct_ambiguous_vr

    from scenario_runner.dicom.datasets import character_sets, encode_dataset

    plain = correct_ambiguous_vr(identifier, is_little_endian=True)
    return encode_dataset(plain, encoding_of(transfer_syntax), character_sets(plain))


def decode(data: bytes | bytearray, transfer_syntax: str, peer: Peer) -> Dataset:
    """A peer's identifier, its values not yet looked at. Raises ProtocolViolation."""
    from scenario_runner.dicom.datasets import raw_dataset
    from scenario_runner.dicom.elements import (
        DamagedDatasetError,
        check_sequences,
        read_elements,
    )

    encoding = encoding_of(transfer_syntax)
    try:
        found = raw_dataset(bytes(data), encoding)
        if any((raw.VR or vr_of(raw.tag)) == "SQ" for raw in map(found.get_item, found.keys())):
            # Of what is no item pydicom makes one all the same, of one that ends too soon a shorter one.
            check_sequences(read_elements(bytes(data), encoding))
        return found
    except DamagedDatasetError as error:
        raise peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent an identifier that cannot be decoded: {error}",
        ) from error
    except Exception as error:  # the decoder raises whatever hostile bytes lead it into
        raise peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent an identifier that cannot be decoded ({type(error).__name__})",
        ) from error
