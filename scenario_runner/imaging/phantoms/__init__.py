"""Sources of pixels: what a radiographer recognises, and test patterns."""
