"""Scenarios that are kept in the data folder, to be read, changed and run."""
