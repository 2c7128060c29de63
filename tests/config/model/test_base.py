from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bartizan.config.model import Config, Window
from bartizan.config.model.base import FROM_FILE, Cidr, Duration, format_duration, parse_duration, parse_size

LISTENERS = [{"address": "127.0.0.1:1"}]


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("5s", 5), ("1m30s", 90), ("2h", 7200), ("1d", 86400), ("0.5s", 0.5)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", ["", "5", "s", "5 s", "-5s", "5sec", "1e3s", "3651d", "9" * 400 + "s", 5, None, True])
def test_what_is_no_duration(value: Any) -> None:
    with pytest.raises(ValueError, match=r"write"):
        parse_duration(value)


@given(st.integers(0, 3650 * 86_400_000))
def test_durations_are_written_as_they_are_read(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


def test_durations_are_written_shortly() -> None:
    assert [format_duration(seconds) for seconds in (0, 0.25, 90, 7200, 129_600)] == [
        "0s",
        "250ms",
        "1m30s",
        "2h",
        "1d12h",
    ]


def test_seconds_without_a_unit_are_for_programs_only() -> None:
    adapter: TypeAdapter[float] = TypeAdapter(Duration)
    assert adapter.validate_python(1.5) == 1.5
    with pytest.raises(ValidationError):
        adapter.validate_python(1.5, context=FROM_FILE)


@pytest.mark.parametrize(
    ("value", "size"), [(0, 0), (512, 512), ("512", 512), ("64KiB", 65536), ("1KB", 1000), ("1GiB", 2**30), ("3B", 3)]
)
def test_sizes(value: Any, size: int) -> None:
    assert parse_size(value) == size


@pytest.mark.parametrize("value", [-1, True, 1.5, "1.5KiB", "KiB", "1 KiB", "1TiB", "9" * 18 + "GiB", 2**61, None])
def test_what_is_no_size(value: Any) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(value)


@given(st.text(max_size=12))
def test_forms_refuse_with_value_errors_only(text: str) -> None:
    for parse in (parse_duration, parse_size):
        with contextlib.suppress(ValueError):
            assert parse(text) >= 0


@pytest.mark.parametrize(
    ("text", "rate"), [("10/s", (10, 1)), ("600/m", (600, 60)), ("3/10s", (3, 10)), ("5/1h", (5, 3600))]
)
def test_rates(text: str, rate: tuple[int, float]) -> None:
    assert Window(rate=text).rate == rate  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["0/s", "1/0s", "1/", "/s", "1/s/s", "-1/s", "1/ms", 5, [5, 1.0], [5, 0], ["a", "b"]])
def test_what_is_no_rate_in_a_file(value: Any) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate({"rate": value}, context=FROM_FILE)


def test_a_network_with_host_bits_is_refused_with_what_was_meant() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(Cidr)
    assert adapter.validate_python("192.0.2.7") == "192.0.2.7/32"
    with pytest.raises(ValidationError, match=r"write 10\.0\.0\.0/8"):
        adapter.validate_python("10.0.0.1/8")


def test_a_loaded_configuration_survives_the_way_to_a_worker() -> None:
    config = Config.model_validate(
        {"listeners": LISTENERS, "guards": {"rate_limit": {"windows": [{"rate": "3/10s"}]}}}, context=FROM_FILE
    )
    assert Config.model_validate(config.model_dump()) == config


def test_models_show_no_values_and_do_not_change() -> None:
    config = Config.model_validate({"listeners": LISTENERS})
    assert repr(config) == str(config) == "Config(...)"
    assert copy.deepcopy(config) is config
    with pytest.raises(ValidationError, match="frozen"):
        config.workers = 3


def test_validation_errors_of_programs_show_no_values() -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"listeners": "pa55word"})
    assert "pa55word" not in str(caught.value)
