"""Revisions of the tables, for Alembic; ``storage/records/migrate.py`` runs them."""
