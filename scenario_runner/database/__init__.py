"""What is kept in a database: a file of SQLite or a PostgreSQL, opened, and brought to today's tables."""
