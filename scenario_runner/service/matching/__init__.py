"""Whose a study is, and which order it answers: by number, else by likeness, with reasons."""
