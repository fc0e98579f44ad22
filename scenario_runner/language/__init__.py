"""YAML text to a checked, typed scenario or site, with the line and column of every value."""
