"""Studies that are kept: found, described, corrected, shown, packed and deleted."""
