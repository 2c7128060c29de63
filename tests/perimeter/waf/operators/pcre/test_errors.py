from bartizan.errors import BartizanError
from bartizan.perimeter.waf.operators import OperatorError
from bartizan.perimeter.waf.operators.pcre import PatternError
from bartizan.perimeter.waf.operators.pcre.errors import NotLinearError


def test_an_error_tells_what_and_where() -> None:
    error = NotLinearError("a look-ahead", 7)
    assert str(error) == "a look-ahead at byte 7 of the regular expression"
    assert (error.problem, error.position) == ("a look-ahead", 7)
    assert isinstance(error, PatternError)
    assert isinstance(error, OperatorError)
    assert isinstance(error, BartizanError)
