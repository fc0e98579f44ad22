"""A series encoded once: the bytes its images share, and the few elements that differ."""
