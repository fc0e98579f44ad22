"""What outlives a run: the counters that identifiers are numbered by."""
