#!/usr/bin/env bash
# The slices of a reconstructed SPECT lie one behind another from the first one's Image Position, and the sign of Spacing Between Slices says
# in which direction: along the normal of the first image when it is positive, against it when it is negative (PS3.3 C.8.4.15, the one
# place where a spacing has a sign). dcm2niix v1.0.20260724, vtk-dicom 0.8.14 and medcon 0.23.0 of Debian pass over it: the four
# slices of two objects, one the other's mirror image, lie alike, and head and feet of one have changed places. SimpleITK 2.5.7 and plastimatch
# 1.9.4 of Debian have both where they are. (vtk-dicom and medcon also leave the position out.)
set -euo pipefail
for tool in dicomtonifti medcon plastimatch; do
  command -v $tool >/dev/null || { echo "needs vtk-dicom-tools, medcon, plastimatch: apt-get install"; exit 2; }
done
dpkg-query -W vtk-dicom-tools medcon plastimatch
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env
env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6 nibabel==5.4.2 SimpleITK==2.5.7 dcm2niix==1.0.20260724
cat >look.py <<'PY'
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage


def write(name, spacing):
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 100], [1, 0, 0, 0, 1, 0]
    detector.CollimatorType, detector.FocalDistance = "PARA", 0
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = NuclearMedicineImageStorage, "2.25.1", "NM"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
    ds.PatientID, ds.PatientName, ds.StudyDate, ds.StudyTime, ds.Manufacturer = "1", "TEST^NM", "20260101", "120000", "Nobody"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.StudyID = ""
    ds.PositionReferenceIndicator, ds.CountsAccumulated, ds.NumberOfEnergyWindows, ds.NumberOfDetectors = "", "", 1, 1
    ds.EnergyWindowInformationSequence = ds.RadiopharmaceuticalInformationSequence = []
    ds.PatientOrientationCodeSequence = ds.PatientGantryRelationshipCodeSequence = ds.RotationInformationSequence = []
    ds.SeriesNumber, ds.InstanceNumber, ds.NumberOfRotations = 1, 1, 1
    ds.ImageType, ds.DetectorInformationSequence = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], [detector]
    ds.NumberOfFrames, ds.FrameIncrementPointer, ds.SliceVector, ds.NumberOfSlices = 4, 0x00540080, [1, 2, 3, 4], 4
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [2, 2], 5, spacing
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 4, 4
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.repeat([100, 200, 300, 400], 16).astype("<u2").tobytes()
    Path(name).mkdir()
    ds.save_as(f"{name}/nm.dcm", enforce_file_format=True)


def told(places):
    return ", ".join(f"{int(value)} at {place:g}" for place, value in sorted(places, reverse=True))


for name, spacing in (("towards the head", 5), ("towards the feet", -5)):
    write(name, spacing)
    image = sitk.ReadImage(f"{name}/nm.dcm")
    values = sitk.GetArrayFromImage(image)[:, 0, 0]
    places = [image.TransformIndexToPhysicalPoint((0, 0, index))[2] for index in range(4)]
    print(f"{name}, SimpleITK:", told(zip(places, values)))
    for tool, call in (
        ("plastimatch", ("plastimatch", "convert", "--input", f"{name}/nm.dcm", "--output-img", f"{name}/plastimatch.nii")),
        ("dcm2niix", ("env/bin/dcm2niix", "-b", "n", "-o", name, "-f", "dcm2niix", name)),
        ("vtk-dicom", ("dicomtonifti", "-o", f"{name}/vtk-dicom.nii", f"{name}/nm.dcm")),
        ("medcon", ("medcon", "-f", f"{name}/nm.dcm", "-c", "nifti", "-o", f"{name}/medcon", "-qs")),
    ):
        subprocess.run(call, check=True, capture_output=True)
        volume = nibabel.load(f"{name}/{tool}.nii")
        values = np.asarray(volume.dataobj)[0, 0]
        places = [(volume.affine @ [0, 0, index, 1])[2] for index in range(4)]
        print(f"{name}, {tool}:", told(zip(places, values)))
PY
PATH=/usr/local/bin:/usr/bin:/bin env/bin/python look.py 2>&1 | tee said.txt
diff said.txt - <<'TXT'
towards the head, SimpleITK: 400 at 115, 300 at 110, 200 at 105, 100 at 100
towards the head, plastimatch: 400 at 115, 300 at 110, 200 at 105, 100 at 100
towards the head, dcm2niix: 400 at 115, 300 at 110, 200 at 105, 100 at 100
towards the head, vtk-dicom: 400 at 15, 300 at 10, 200 at 5, 100 at 0
towards the head, medcon: 400 at 7.5, 300 at 2.5, 200 at -2.5, 100 at -7.5
towards the feet, SimpleITK: 100 at 100, 200 at 95, 300 at 90, 400 at 85
towards the feet, plastimatch: 100 at 100, 200 at 95, 300 at 90, 400 at 85
towards the feet, dcm2niix: 400 at 115, 300 at 110, 200 at 105, 100 at 100
towards the feet, vtk-dicom: 400 at 15, 300 at 10, 200 at 5, 100 at 0
towards the feet, medcon: 400 at 7.5, 300 at 2.5, 200 at -2.5, 100 at -7.5
TXT
