"""DICOMweb of the service, where it is more than that of the archive: uploads, and studies on another PACS."""
