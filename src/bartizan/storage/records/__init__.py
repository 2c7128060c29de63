"""Relational records: people, credentials, devices, approvals, audit; SQLite or PostgreSQL."""
