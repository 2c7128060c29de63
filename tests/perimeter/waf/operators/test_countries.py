from bartizan.perimeter.waf.operators.countries import three_letter_code


def test_codes_are_those_of_iso_3166() -> None:
    assert [three_letter_code(code) for code in ("AT", "DE", "GB", "US", "ZW")] == ["AUT", "DEU", "GBR", "USA", "ZWE"]


def test_an_unknown_code_has_none() -> None:
    assert three_letter_code("XX") == ""
