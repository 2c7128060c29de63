"""What Bartizan remembers: state (hot, shared, expiring). One interface each, an embedded engine and an outgrown one."""
