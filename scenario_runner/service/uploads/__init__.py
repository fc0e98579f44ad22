"""Uploads: files taken in one by one, kept together, and what became of each."""
