"""What ``fabricate pacs learn`` does: a PACS is asked what it does, and what it does becomes ``expects``."""
