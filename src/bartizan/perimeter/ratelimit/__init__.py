"""How much one client may ask for: windows (GCRA) and concurrency, exact over all edge processes."""

from bartizan.perimeter.ratelimit.guard import RateLimit

__all__ = ["RateLimit"]
