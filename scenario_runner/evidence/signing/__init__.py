"""Signatures of people under a run: made, shown, and held against what was signed."""
