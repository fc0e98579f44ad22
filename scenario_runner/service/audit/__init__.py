"""The audit trail: who did what to which study, when and from where, in a chain that only grows."""
