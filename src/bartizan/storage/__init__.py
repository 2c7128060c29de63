"""What Bartizan remembers: one interface each, an embedded engine and an outgrown one."""
