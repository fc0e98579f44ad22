"""From events to evidence: the event log, the record of a run, and the reports made from it."""
