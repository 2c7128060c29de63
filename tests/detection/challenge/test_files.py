from __future__ import annotations

from bartizan.detection.challenge.files import ANSWERS, SCRIPT, STYLE, Files

FILES = Files.load()


def test_a_file_that_is_asked_for_by_its_version_is_kept_for_ever() -> None:
    path, _, query = FILES.url(SCRIPT).partition("?")
    response = FILES.response(path, query.encode())
    assert response is not None
    assert response.headers.get(b"content-type") == b"text/javascript; charset=utf-8"
    assert b"immutable" in (response.headers.get(b"cache-control") or b"")
    assert len(response.body.take()) == response.length


def test_one_of_another_version_is_asked_for_anew() -> None:
    for query in (None, b"", b"0000000000000000"):
        response = FILES.response(STYLE, query)
        assert response is not None
        assert response.headers.get(b"cache-control") == b"no-cache"


def test_there_is_nothing_else() -> None:
    assert FILES.response(ANSWERS, None) is None
    assert FILES.response(f"{ANSWERS}.js/../page.html", None) is None


def test_the_script_is_no_program_for_others() -> None:
    response = FILES.response(SCRIPT, None)
    assert response is not None
    assert response.headers.get(b"cross-origin-resource-policy") == b"same-origin"
    assert b"eval" not in response.body.take()
