"""Changing bodies of responses so that nothing else of a response tells."""
