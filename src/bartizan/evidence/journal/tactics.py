"""From ATT&CK techniques to tactics, for those that signals name (ATT&CK 18.1, attack.mitre.org).

A technique that serves several tactics has the one here that it serves in front of an API.
"""

from __future__ import annotations

from functools import lru_cache

from bartizan.evidence.journal.records import Attack, Tactic, Technique

__all__ = ["TACTICS", "attack_of"]

_ACCESS = Tactic("TA0001", "Initial Access")
_EXECUTION = Tactic("TA0002", "Execution")
_PERSISTENCE = Tactic("TA0003", "Persistence")
_CREDENTIALS = Tactic("TA0006", "Credential Access")
_DISCOVERY = Tactic("TA0007", "Discovery")
_MOVEMENT = Tactic("TA0008", "Lateral Movement")
_COLLECTION = Tactic("TA0009", "Collection")
_CONTROL = Tactic("TA0011", "Command and Control")
_IMPACT = Tactic("TA0040", "Impact")
_RECONNAISSANCE = Tactic("TA0043", "Reconnaissance")

TACTICS = {
    "T1059": _EXECUTION,
    "T1078": _ACCESS,
    "T1083": _DISCOVERY,
    "T1087": _DISCOVERY,
    "T1098": _PERSISTENCE,
    "T1105": _CONTROL,
    "T1110": _CREDENTIALS,
    "T1111": _CREDENTIALS,
    "T1119": _COLLECTION,
    "T1189": _ACCESS,
    "T1190": _ACCESS,
    "T1213": _COLLECTION,
    "T1499": _IMPACT,
    "T1528": _CREDENTIALS,
    "T1530": _COLLECTION,
    "T1539": _CREDENTIALS,
    "T1550": _MOVEMENT,
    "T1552": _CREDENTIALS,
    "T1563": _MOVEMENT,
    "T1580": _DISCOVERY,
    "T1592": _RECONNAISSANCE,
    "T1594": _RECONNAISSANCE,
    "T1595": _RECONNAISSANCE,
    "T1606": _CREDENTIALS,
    "T1619": _DISCOVERY,
    "T1621": _CREDENTIALS,
}
"""By technique; sub-techniques have that of theirs."""


@lru_cache(maxsize=256)
def attack_of(technique: str) -> Attack:
    """Return a technique as records have it, with its tactic where that is known."""
    return Attack(Technique(technique), TACTICS.get(technique.partition(".")[0]))
