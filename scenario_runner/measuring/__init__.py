"""How long things took, counted so that a million of them take no more room than a thousand."""
