"""Who is let in at all: sets of networks, bans made at run time, and the guard that looks at both."""

from bartizan.perimeter.denylist.bans import Ban, BanList, Bans, Target, parse_target
from bartizan.perimeter.denylist.guard import Denylist
from bartizan.perimeter.denylist.lists import PrefixStore, Rejected
from bartizan.perimeter.denylist.prefixes import PrefixSet

__all__ = ["Ban", "BanList", "Bans", "Denylist", "PrefixSet", "PrefixStore", "Rejected", "Target", "parse_target"]
