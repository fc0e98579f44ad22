"""One planned image becomes one DICOM instance: IOD, phantom, burned-in text, transfer syntax."""
