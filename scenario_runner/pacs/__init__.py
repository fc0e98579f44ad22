"""The embedded PACS: the archive served over DIMSE, with faults that can be switched on."""
