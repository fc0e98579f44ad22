"""Objects that are wrong on purpose: each fault breaks one thing of an object that was right."""
