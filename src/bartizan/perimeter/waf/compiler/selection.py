"""Selectors: which members of a collection a rule looks at, and which it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.engine.program import CompiledTarget
from bartizan.perimeter.waf.engine.variables import READERS, Pairs, Reader
from bartizan.perimeter.waf.operators.regex import compile_rx
from bartizan.perimeter.waf.seclang.model import Link, Selector, Target
from bartizan.perimeter.waf.seclang.names import is_collection

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["compile_target", "excludes"]

REMEMBERED = 1024  # names of a pattern
REMEMBERED_LENGTH = 128  # bytes of a name


def excludes(selector: Selector | None) -> Callable[[bytes], bool]:
    """Return the test whether a member of this name is what ``selector`` names (None: every member)."""
    if selector is None:
        return lambda _: True
    text = selector.text
    if selector.kind == "regex":
        return _remembering(compile_rx(text, ignore_case=True).test)
    return lambda name: name.lower() == text


def compile_target(target: Target, link: Link) -> CompiledTarget:
    """Return a target ready to read, with the exclusions of its rule applied. Raises ``ValueError``."""
    fetch = _fetch(target, link.namespaces)
    left_out = [exclusion for exclusion in link.excluded if exclusion.variable == target.variable]
    if left_out and not target.count:  # numbers are of all members, as in ModSecurity
        fetch = _without(fetch, target, left_out)
    if target.count:
        fetch = _counting(fetch)
    label = target.variable
    if target.count and target.selector is not None:
        label = f"{target.variable}:{target.selector.text.decode('latin-1')}"
    return CompiledTarget(target, label.encode("latin-1"), fetch, is_collection(target.variable) and not target.count)


def _fetch(target: Target, namespaces: Sequence[tuple[str, str]]) -> Reader:
    variable, selector = target.variable, target.selector
    if selector is None:
        return READERS[variable]
    text = selector.text
    if selector.kind == "xpath":
        return _by_xpath(text, tuple(namespaces))
    if selector.kind == "key":
        if variable == "REQUEST_HEADERS":
            return lambda transaction: transaction.headers.get(text, ())
        if variable == "TX":
            return lambda transaction: ((text, transaction.tx[text]),) if text in transaction.tx else ()
        return _by_key(READERS[variable], text)
    test = _remembering(compile_rx(text, ignore_case=True).test)
    return _tx_by_pattern(test) if variable == "TX" else _by_pattern(READERS[variable], test)


def _remembering(test: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """Remember the answers for the last names: the same few come again and again."""
    known: dict[bytes, bool] = {}

    def remembered(name: bytes) -> bool:
        answer = known.get(name)
        if answer is None:
            answer = test(name)
            if len(known) >= REMEMBERED:
                known.clear()
            if len(name) <= REMEMBERED_LENGTH:
                known[name] = answer
        return answer

    return remembered


def _by_key(reader: Reader, key: bytes) -> Reader:
    return lambda transaction: [pair for pair in reader(transaction) if pair[0].lower() == key]


def _tx_by_pattern(test: Callable[[bytes], bool]) -> Reader:
    """Read TX by a pattern on names: what a transaction begins with is looked through once, not each time."""
    known: list[tuple[Mapping[bytes, bytes], tuple[bytes, ...]]] = []

    def reader(transaction: Transaction) -> Pairs:
        tx, initial = transaction.tx, transaction.program.initial
        if transaction.tx_removed:
            return [pair for pair in tx.items() if test(pair[0])]
        if not known or known[0][0] is not initial:
            known[:] = [(initial, tuple(name for name in initial if test(name)))]
        first = [(name, tx[name]) for name in known[0][1]]
        return first + [pair for pair in islice(tx.items(), len(initial), None) if test(pair[0])]

    return reader


def _by_pattern(reader: Reader, test: Callable[[bytes], bool]) -> Reader:
    return lambda transaction: [pair for pair in reader(transaction) if test(pair[0])]


def _by_xpath(expression: bytes, namespaces: tuple[tuple[str, str], ...]) -> Reader:
    name = expression

    def reader(transaction: Transaction) -> Pairs:
        document = transaction.xml
        if document is None:
            return ()
        return [(name, text) for text in document.xpath(expression, namespaces)]

    return reader


def _without(reader: Reader, target: Target, left_out: Sequence[Target]) -> Reader:
    tests = [excludes(exclusion.selector) for exclusion in left_out if exclusion.selector != target.selector]
    whole = any(exclusion.selector is None or exclusion.selector == target.selector for exclusion in left_out)
    if whole:
        return lambda _: ()
    return lambda transaction: [pair for pair in reader(transaction) if not any(test(pair[0]) for test in tests)]


def _counting(reader: Reader) -> Reader:
    return lambda transaction: ((b"", b"%d" % len(reader(transaction))),)
