"""The facts of the DICOM Standard, each once: what every other room shares and none may say again."""
