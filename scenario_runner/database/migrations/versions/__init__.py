"""The steps, one a file, each with the number it brings the tables to."""
