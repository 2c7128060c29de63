"""The shared state: the interface, LMDB (embedded) and Valkey/Redis (outgrown)."""

from bartizan.storage.state.interface import Entry, FeedItem, GcraLimit, GcraResult, State
from bartizan.storage.state.open import StateOpener, open_state

__all__ = ["Entry", "FeedItem", "GcraLimit", "GcraResult", "State", "StateOpener", "open_state"]
