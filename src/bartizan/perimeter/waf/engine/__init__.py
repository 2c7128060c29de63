"""The engine: transactions, variables, and how rules run. It knows no sockets, files or clocks other than budgets."""

from bartizan.perimeter.waf.engine.match import Intervention, RequestHead, RuleMatch
from bartizan.perimeter.waf.engine.program import Program
from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["Intervention", "Program", "RequestHead", "RuleMatch", "Transaction"]
