"""Burned-in text: fonts, shaping, layout, and putting it into pixels."""
