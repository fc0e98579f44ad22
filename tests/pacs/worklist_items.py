"""Items for worklists that are folders of files: the embedded PACS's, Orthanc's and DCMTK's."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID


def write_item(folder: Path, name: str, item: Dataset) -> Path:
    """Put an item on the worklist, all at once. name: of the file, without its suffix."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # DCMTK's worklist files carry this class, which stands for no storage at all.
    meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    meta.MediaStorageSOPInstanceUID = UID("2.25.1")
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    item.file_meta = meta
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{name}.part"
    item.save_as(half, enforce_file_format=True)
    return half.replace(folder / f"{name}.wl")
