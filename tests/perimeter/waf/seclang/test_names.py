"""The variables of the language."""

from __future__ import annotations

import pytest

from bartizan.perimeter.waf.engine.variables import READERS
from bartizan.perimeter.waf.seclang.names import COLLECTIONS, PERSISTENT, SCALARS, is_collection, is_variable


def test_what_rules_may_name_is_what_the_engine_reads() -> None:
    assert READERS.keys() == COLLECTIONS | SCALARS
    assert not COLLECTIONS & SCALARS


def test_collections_have_members_and_scalars_have_none() -> None:
    assert all(is_variable(name) and is_collection(name) for name in COLLECTIONS)
    assert all(is_variable(name) and not is_collection(name) for name in SCALARS)
    assert PERSISTENT <= COLLECTIONS
    assert not is_variable("args")


CENSUS = (
    "XML TX ARGS ARGS_NAMES REQUEST_HEADERS REQUEST_COOKIES REQUEST_COOKIES_NAMES REQUEST_FILENAME RESPONSE_BODY "
    "REQUEST_BODY MATCHED_VARS FILES REQUEST_METHOD REQUEST_LINE REQUEST_URI_RAW RESPONSE_HEADERS REQBODY_PROCESSOR "
    "REQUEST_BASENAME MULTIPART_PART_HEADERS FILES_NAMES REQUEST_URI REQUEST_HEADERS_NAMES MATCHED_VAR REMOTE_ADDR "
    "REQUEST_PROTOCOL ARGS_GET RESPONSE_STATUS UNIQUE_ID ARGS_COMBINED_SIZE FILES_COMBINED_SIZE REQUEST_BODY_LENGTH "
    "ARGS_GET_NAMES QUERY_STRING MATCHED_VAR_NAME"
)


@pytest.mark.parametrize("name", CENSUS.split())
def test_variables_of_the_core_rule_set_4_are_known(name: str) -> None:
    assert is_variable(name)
