"""Decoys: paths in the real namespace that no honest client asks for."""
