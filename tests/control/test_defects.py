from __future__ import annotations

from bartizan.control.defects import told

SECRET = "hunter2"


def fails(password: str) -> None:
    try:
        int(password)
    except ValueError as error:
        raise KeyError(password) from error


def test_it_says_what_kind_and_where_and_no_value() -> None:
    try:
        fails(SECRET)
    except KeyError as error:
        said = told(error)
    assert (said["error"], said["after"]) == ("KeyError", "ValueError")
    assert "in fails" in said["where"]
    assert SECRET not in str(said)


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert told(ValueError(SECRET)) == {"error": "ValueError", "where": ""}
