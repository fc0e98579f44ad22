"""Our own rules: small functions by subject, all listed in ``table``."""
