"""How the service does, for those who keep it running: health, readiness, numbers."""
