from bartizan.perimeter.waf.operators.native import library


def test_the_library_is_loaded_once_and_carries_libinjection_and_pcre2() -> None:
    assert library() is library()
    for name in ("libinjection_sqli", "libinjection_xss", "pcre2_match_8"):
        assert hasattr(library(), name)
