"""The validator over HTTP: ``POST /upload`` and ``GET /status/{study_id}``."""
