"""Who is let in at all: sets of networks, bans made at run time, and the guard that looks at both."""

from bartizan.perimeter.denylist.bans import BanList, Bans
from bartizan.perimeter.denylist.guard import Denylist
from bartizan.perimeter.denylist.lists import parse_network
from bartizan.perimeter.denylist.prefixes import Match, PrefixSet
from bartizan.perimeter.denylist.replica import Ban
from bartizan.perimeter.denylist.store import PrefixStore

__all__ = ["Ban", "BanList", "Bans", "Denylist", "Match", "PrefixSet", "PrefixStore", "parse_network"]
