"""One IOD builder per modality, and what a series of it is by default."""
