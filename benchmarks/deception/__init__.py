"""Whether a client can tell decoys from real responses."""
