"""What IOD builders share, one function per module of the Standard (PS3.3 annex C)."""
