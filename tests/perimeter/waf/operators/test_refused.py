import pytest

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.refused import REFUSED


@pytest.mark.parametrize("name", ["rbl", "gsblookup", "fuzzyhash", "inspectfile", "rsub", "validatehash"])
def test_what_leaves_the_process_is_refused_with_its_name_and_the_reason(name: str) -> None:
    with pytest.raises(OperatorError, match=f"(?i)the operator @{name} is not available: it "):
        REFUSED[name](b"x", Context())
