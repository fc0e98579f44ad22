"""Studies at rest: files plus an SQL index; atomic, crash-safe."""
