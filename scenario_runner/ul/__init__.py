"""The upper layer for both roles: PDUs, associations, transport, command sets and TLS (PS3.7, PS3.8)."""
