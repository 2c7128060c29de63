"""``make demo-attack``: a scripted intruder, and honest people beside it."""
