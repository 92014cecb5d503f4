"""PostgreSQL: connections, and the schema that the sink writes to."""
