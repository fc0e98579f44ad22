"""Where studies are kept: one interface, and a home for each kind of archive."""
