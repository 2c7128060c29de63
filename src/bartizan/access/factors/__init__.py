"""Factors besides the password: one module each."""
