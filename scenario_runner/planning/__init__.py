"""A scenario becomes a plan: every patient, study, series and image with its identifiers fixed."""
