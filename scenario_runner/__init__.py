"""DICOM Fabricator: prove a PACS integration with synthetic DICOM and keep the evidence."""

__version__ = "0.1.0"
