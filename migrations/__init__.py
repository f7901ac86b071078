"""The schema's history: one revision per change, the same on SQLite and PostgreSQL."""
