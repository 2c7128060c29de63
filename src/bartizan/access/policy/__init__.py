"""Access policies of routes in CEL."""
