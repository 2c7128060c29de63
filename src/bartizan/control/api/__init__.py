"""The JSON API of pages and API clients: one module per group of endpoints, all of them in ``table.API``."""
