from bartizan.perimeter.waf.operators import OPERATORS

_MANUAL = """
beginsWith contains containsWord detectSQLi detectXSS endsWith fuzzyHash eq ge geoLookup gsbLookup gt inspectFile
ipMatch ipMatchF ipMatchFromFile le lt noMatch pm pmf pmFromFile rbl rsub rx rxGlobal streq strmatch unconditionalMatch
validateByteRange validateDTD validateHash validateSchema validateUrlEncoding validateUtf8Encoding verifyCC verifyCPF
verifySSN verifySVNR within
"""


def test_each_operator_of_the_reference_manual_is_there() -> None:
    assert set(OPERATORS) == {name.lower() for name in _MANUAL.split()}
