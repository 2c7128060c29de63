"""Sessions: what one is, where it is kept, when it still stands, how it ends."""
