"""Evidence for people outside: whoever a run was about has a pseudonym, everything else is as it was."""
