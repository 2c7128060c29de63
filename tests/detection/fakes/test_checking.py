import time
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.fakes.schemas import schemas

from bartizan.detection.fakes.checking import fits
from bartizan.detection.fakes.plain import lookup_in

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-20, 20), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["id", "x"]), inner)),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(value=values, schema=schemas)
def test_it_judges_as_a_validator_does_where_there_is_no_pattern(value: Any, schema: dict[str, Any]) -> None:
    if "pattern" not in str(schema):
        assert fits(value, schema, lookup_in({})) == jsonschema.Draft202012Validator(schema).is_valid(value)


def test_null_fits_what_is_nullable() -> None:
    assert fits(None, {"type": "string", "nullable": True}, lookup_in({}))


def test_a_schema_of_schemas_of_itself_is_judged_in_bounded_time() -> None:
    root: dict[str, Any] = {"a": {"anyOf": [{"allOf": [{"$ref": "#/a"}] * 20}] * 20}}
    begun = time.process_time()
    assert fits("x", {"$ref": "#/a"}, lookup_in(root))
    assert time.process_time() - begun < 5
