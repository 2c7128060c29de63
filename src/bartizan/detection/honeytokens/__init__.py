"""Credentials that nobody was given: made as real ones are, remembered by where they were planted."""
