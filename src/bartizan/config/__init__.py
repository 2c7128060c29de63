"""The model of bartizan.yaml, loading it, and reloading it."""
