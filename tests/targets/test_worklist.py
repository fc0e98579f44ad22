"""A modality asks the worklist and gets what is scheduled for it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from scenario_runner.api import FindRequest
from scenario_runner.deadline import Deadline
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.site_services import DicomService
from scenario_runner.plugins import Plugins
from scenario_runner.targets.open import Opening
from tests.peers.processes import orthanc

if TYPE_CHECKING:
    from pathlib import Path


def write_item(path: Path, accession: str, modality: str, date: str) -> None:
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = modality, "FABRICATE"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = date, "0900"
    step.ScheduledProcedureStepID = f"SPS{accession}"
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.AccessionNumber, item.PatientName, item.PatientID = accession, "MÜLLER^ÅSA", "PID7"
    item.StudyInstanceUID = f"1.2.3.{int(accession)}"
    item.ScheduledProcedureStepSequence = [step]
    item.file_meta = FileMetaDataset()
    item.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
    item.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(path, item, enforce_file_format=True)


@pytest.mark.peer
def test_orthancs_worklist_is_filtered_by_the_scheduled_step(tmp_path: Path) -> None:
    items = tmp_path / "worklist"
    items.mkdir()
    write_item(items / "1.wl", "1", "CT", "20260131")
    write_item(items / "2.wl", "2", "MR", "20260131")
    write_item(items / "3.wl", "3", "CT", "20260201")
    configuration = {"Worklists": {"Enable": True, "Database": str(items)}}
    plugins = ["libModalityWorklists.so"]
    with orthanc(tmp_path, plugins=plugins, configuration=configuration) as server:
        service = DicomService(host=server.host, port=server.port, ae_title="ORTHANC")
        spec = TargetSpec(dicom=service)
        site = Site(schema_="site/v1", name="north", targets={"pacs": spec})
        kinds = Plugins(outside=False).named("fabricate_target_kinds")
        target = Opening(site=site, kinds=kinds).target("pacs", spec, tmp_path)

        def ask(**step: str) -> list[dict[str, Any]]:
            match = {"AccessionNumber": "", "ScheduledProcedureStepSequence": step}
            request = FindRequest(level="worklist", match=match, returned=["PatientName"])
            return target.find(request, Deadline(20))

        found = ask(Modality="CT", ScheduledProcedureStepStartDate="20260131")
        assert len(ask(Modality="", ScheduledProcedureStepStartDate="20260131")) == 2
    [item] = found
    assert item["AccessionNumber"] == "1"
    assert item["PatientName"] == "MÜLLER^ÅSA"
    assert item["ScheduledProcedureStepSequence"][0]["Modality"] == "CT"
