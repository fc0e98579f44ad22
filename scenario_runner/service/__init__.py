"""The imaging service without HTTP: studies taken in, matched, corrected, shown, given out and deleted."""
