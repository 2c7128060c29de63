"""Keys of our own: what signs (assertions, push), and what seals small secrets at rest."""
