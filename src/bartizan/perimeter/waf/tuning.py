"""What the journal says of rules that match honest traffic: a survey in one pass, in bounded memory.

An address is *clean* if, over the time that is looked at, nothing but the WAF refused it, all that the WAF found of it
comes from at most three rules and two kinds of attack, and it was not taken for a scanner. Honest clients meet a rule
that does not fit them, and that one again and again; attackers try one thing after the other. IPv6 addresses count by
their /64, since one client has all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_network

from bartizan.evidence.journal import DetectionFinding, HttpActivity, Record
from bartizan.perimeter.waf.exclusions import without_numbers
from bartizan.perimeter.waf.findings import SIGNAL, is_sum

__all__ = ["MAX_CLEAN_KINDS", "MAX_CLEAN_RULES", "Candidate", "Survey"]

MAX_CLEAN_RULES = 3
MAX_CLEAN_KINDS = 2
MAX_ADDRESSES = 50_000
MAX_GROUPS = 5_000
MAX_MEMBERSHIPS = 500_000  # of addresses in groups, in total
MAX_RECENT = 4_096  # exchanges whose findings may still come
MAX_SPOTS = 32  # pairs of variable and path of a group
MAX_SAMPLES = 8
_MALFORMED = 400
_REFUSED, _DIVERTED = 2, 4  # OCSF's action_id
_SCANNER = "attack-reputation-scanner"
_SIGNS = (
    "union select", "union all select", "information_schema", "' or '", "' or 1", "\" or \"", "or 1=1", "sleep(",
    "benchmark(", "waitfor delay", "xp_cmdshell", "<script", "javascript:", "onerror=", "onload=", "../../", "..\\..\\",
    "/etc/passwd", "/etc/shadow", "/bin/sh", "/bin/bash", "cmd.exe", "powershell", "${jndi", "php://", "<?php",
    "() {", "; cat ", "| cat ", "; id", "; wget ", "; curl ", "$(", "{{", "169.254.169.254",
)  # fmt: skip
"""What honest clients hardly ever send."""


@dataclass(slots=True)
class _Address:
    refused: bool = False
    scanner: bool = False
    rules: set[int] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)

    @property
    def clean(self) -> bool:
        return (
            not (self.refused or self.scanner)
            and len(self.rules) <= MAX_CLEAN_RULES
            and len(self.kinds) <= MAX_CLEAN_KINDS
        )


@dataclass(frozen=True, slots=True)
class _Exchange:
    route: str | None
    path: str
    refused: bool


@dataclass(slots=True)
class _Group:
    """Matches of one rule on one variable of one route."""

    rule: int
    route: str | None
    message: str
    tags: tuple[str, ...]
    count: int = 0
    refused: int = 0
    last: int = 0
    addresses: set[int] = field(default_factory=set)
    spots: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    many_spots: bool = False
    samples: dict[int, str] = field(default_factory=dict)
    """What matched, once for each of a few addresses."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that seems not to fit. ``count`` matches, of which ``refused`` were in requests that the WAF refused.

    ``variables`` and ``paths`` are those that clean addresses used (paths None: many); ``last`` is in Unix seconds.
    ``suspicion`` says why this looks like an attack all the same, and is empty if it does not.
    """

    rule: int
    message: str
    tags: tuple[str, ...]
    route: str | None
    variable: str
    variables: tuple[str, ...]
    paths: tuple[str, ...] | None
    count: int
    refused: int
    clean: int
    addresses: int
    last: float
    samples: tuple[str, ...]
    suspicion: str


class Survey:
    """Takes records in the order of the journal. ``route`` leaves all others out."""

    def __init__(self, route: str | None = None) -> None:
        self.exchanges = 0
        self.matched = 0
        """Matches that were looked at."""
        self.overflow = False
        """Whether there were more addresses, or rules and variables, than can be kept."""
        self._route = route
        self._recent: dict[str, _Exchange] = {}
        self._numbers: dict[str, int] = {}
        self._addresses: list[_Address] = []
        self._groups: dict[tuple[int, str, str | None], _Group] = {}
        self._memberships = 0

    @property
    def addresses(self) -> tuple[int, int]:
        """How many addresses the WAF found something of, and how many of them are clean."""
        found = [address for address in self._addresses if address.rules]
        return len(found), sum(address.clean for address in found)

    def add(self, record: Record) -> None:
        """Take in a record: an exchange, or what was found of one that came shortly before."""
        if isinstance(record, HttpActivity):
            self._exchange(record)
        elif record.finding_info.title == SIGNAL and record.evidences:
            self._finding(record)

    def _exchange(self, record: HttpActivity) -> None:
        self.exchanges += 1
        notes = record.unmapped
        verdict = None if notes is None else notes.verdict
        by_waf = verdict is not None and verdict.guard == "waf"
        if _refused_otherwise(record, by_waf=by_waf):
            number = self._number(record.src_endpoint.ip)
            if number is not None:
                self._addresses[number].refused = True
        if len(self._recent) >= MAX_RECENT:
            del self._recent[next(iter(self._recent))]
        self._recent[record.metadata.uid] = _Exchange(
            None if notes is None else notes.route,
            record.http_request.url.path,
            by_waf and record.action_id == _REFUSED,
        )

    def _finding(self, record: DetectionFinding) -> None:
        exchange = self._recent.get(record.metadata.correlation_uid or "")
        data = record.evidences[0].data
        rule, variable = data.get("rule"), data.get("variable")
        if exchange is None or not isinstance(rule, int) or not isinstance(variable, str) or is_sum(rule):
            return
        address = self._number(_observed(record))
        tags = tuple(str(data.get("tags", "")).split())
        if address is not None:
            self._remember(self._addresses[address], rule, tags)
        if self._route is not None and exchange.route != self._route:
            return
        self.matched += 1
        group = self._group(rule, variable, exchange.route, str(data.get("message", "")), tags)
        group.count += 1
        group.refused += exchange.refused
        group.last = max(group.last, record.time)
        if address is not None:
            self._place(group, address, variable, exchange.path, str(data.get("data", "")))

    def _remember(self, address: _Address, rule: int, tags: Sequence[str]) -> None:
        if len(address.rules) <= MAX_CLEAN_RULES:
            address.rules.add(rule)
        kinds = [tag for tag in tags if tag.startswith("attack-")]
        if _SCANNER in kinds:
            address.scanner = True
        if len(address.kinds) <= MAX_CLEAN_KINDS:
            address.kinds.update(kinds[:1])

    def _place(self, group: _Group, address: int, variable: str, path: str, sample: str) -> None:
        if address not in group.addresses:
            if self._memberships >= MAX_MEMBERSHIPS:
                self.overflow = True
                return
            group.addresses.add(address)
            self._memberships += 1
        spot = (variable, path)
        known = group.spots.get(spot)
        if known is None:
            if len(group.spots) >= MAX_SPOTS:
                group.many_spots = True
                return
            known = group.spots[spot] = set()
        if len(known) < MAX_SAMPLES:
            known.add(address)
        if len(group.samples) < MAX_SAMPLES and sample:
            group.samples.setdefault(address, sample)

    def _number(self, ip: str | None) -> int | None:
        """Return the number of an address; None if it has none, or there are too many."""
        actor = _actor(ip)
        if not actor:
            return None
        number = self._numbers.get(actor)
        if number is None:
            if len(self._numbers) >= MAX_ADDRESSES:
                self.overflow = True
                return None
            number = self._numbers[actor] = len(self._addresses)
            self._addresses.append(_Address())
        return number

    def _group(self, rule: int, variable: str, route: str | None, message: str, tags: tuple[str, ...]) -> _Group:
        key = (rule, without_numbers(variable), route)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= MAX_GROUPS:
                self._forget_groups()
            group = self._groups[key] = _Group(rule, route, message, tags)
        return group

    def _forget_groups(self) -> None:
        """Make room: names of parameters are up to clients, and what few of them sent is not missed."""
        self.overflow = True
        ranked = sorted(self._groups.items(), key=lambda item: (len(item[1].addresses), item[1].count), reverse=True)
        self._groups = dict(ranked[: MAX_GROUPS // 2])
        self._memberships = sum(len(group.addresses) for group in self._groups.values())

    def candidates(self, min_clean: int = 1) -> list[Candidate]:
        """Return what at least so many clean addresses met: that of most of them first, what is suspicious last."""
        found = []
        for (_, variable, _), group in self._groups.items():
            clean = {number for number in group.addresses if self._addresses[number].clean}
            if len(clean) >= min_clean:
                found.append(_candidate(variable, group, clean))
        return sorted(found, key=_rank)


def _rank(each: Candidate) -> tuple[bool, int, int, int, str]:
    return bool(each.suspicion), -each.clean, -each.count, each.rule, each.variable


def _candidate(variable: str, group: _Group, clean: set[int]) -> Candidate:
    spots = [spot for spot, addresses in group.spots.items() if addresses & clean]
    samples = tuple(dict.fromkeys(data for number, data in group.samples.items() if number in clean))
    return Candidate(
        group.rule,
        group.message,
        group.tags,
        group.route,
        variable,
        tuple(dict.fromkeys(name for name, _ in spots)),
        None if group.many_spots else tuple(dict.fromkeys(path for _, path in spots)),
        group.count,
        group.refused,
        len(clean),
        len(group.addresses),
        group.last / 1000,
        samples,
        _suspicion(len(clean), len(group.addresses), samples),
    )


def _suspicion(clean: int, addresses: int, samples: Sequence[str]) -> str:
    if clean * 2 < addresses:
        return f"{addresses - clean} of {addresses} addresses that met it did other things that attackers do"
    signs = [sign for sample in samples if (sign := _sign(sample))]
    if signs and len(signs) * 2 >= len(samples):
        return f"what matched has «{signs[0]}» in {len(signs)} of {len(samples)} samples"
    return ""


def _sign(sample: str) -> str:
    text = " ".join(sample.lower().split())
    return next((sign for sign in _SIGNS if sign in text), "")


def _refused_otherwise(record: HttpActivity, *, by_waf: bool) -> bool:
    """Tell whether something other than the WAF refused an exchange, or the request was malformed."""
    if by_waf or record.action_id not in (_REFUSED, _DIVERTED):
        return False
    if record.unmapped is not None and record.unmapped.verdict is not None:
        return True
    return record.http_response is not None and record.http_response.code == _MALFORMED


def _observed(record: DetectionFinding) -> str | None:
    return next((each.value for each in record.observables if each.name == "address"), None)


def _actor(ip: str | None) -> str:
    """Return what stands for a client: its IPv4 address, or the /64 of its IPv6 address."""
    if ip is None or ":" not in ip:
        return ip or ""
    try:
        return str(ip_network((IPv6Address(ip).packed, 64), strict=False))
    except ValueError:
        return ip
