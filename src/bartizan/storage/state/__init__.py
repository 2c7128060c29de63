"""The shared state: the interface, LMDB (embedded) and Valkey/Redis (outgrown)."""
