"""Libraries: where they lie, which version is meant, what was locked, what lies in an archive."""
