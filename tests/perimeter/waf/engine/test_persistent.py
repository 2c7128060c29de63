from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.support.waf import ON, RECEIVED, Request, inspect, rule_set

from bartizan.perimeter.waf.engine.persistent import MAX_MEMBERS, Change, Collections, merge, storage_key, to_number

NOW = RECEIVED
COUNTING = rule_set(
    ON
    + """SecAction "id:1,phase:1,nolog,pass,initcol:ip=%{REMOTE_ADDR}"
SecRule IP:n "@ge 2" "id:2,phase:1,pass,logdata:'%{IP.n}'"
SecRule ARGS:hit "@rx ." "id:3,phase:2,nolog,pass,setvar:ip.n=+1,expirevar:ip.n=60"
SecRule ARGS:clear "@rx ." "id:4,phase:2,nolog,pass,setvar:!ip.n"
SecRule IP:n "@rx ." "id:5,phase:5,pass,logdata:'%{IP.n}'" """
)


def _visit(query: bytes, stored: bytes | None) -> tuple[dict[int, str], bytes | None]:
    seen = inspect(COUNTING, Request(b"/?" + query), stored=None if stored is None else {"IP": stored})
    changes = seen.transaction.persistent.changes.get("IP", [])
    return seen.data, merge(stored, changes, NOW) if changes else stored


def test_a_counter_lives_from_one_request_to_the_next() -> None:
    stored = None
    told = []
    for query in (b"hit=1", b"hit=1", b"", b"clear=1", b""):
        data, stored = _visit(query, stored)
        told.append(data)
    assert told == [{5: "1"}, {5: "2"}, {2: "2", 5: "2"}, {2: "2"}, {}]


def test_a_member_expires() -> None:
    _, stored = _visit(b"hit=1", None)
    collections = Collections(3600.0)
    collections.initialise("IP", b"k")
    collections.load("IP", stored, NOW + 59)
    assert collections.get("IP", b"n") == b"1"
    collections.load("IP", stored, NOW + 61)
    assert collections.members("IP") == []


def test_a_collection_is_kept_by_its_kind_and_key() -> None:
    assert storage_key("IP", b"192.0.2.7") == b"waf/ip/192.0.2.7"
    seen = inspect(COUNTING, Request(b"/?hit=1"))
    assert seen.transaction.persistent.keys == {"IP": b"192.0.2.7"}


def test_a_collection_is_known_by_the_first_key_it_was_given() -> None:
    collections = Collections(60.0)
    collections.initialise("SESSION", b"")
    assert collections.wanted == []
    collections.initialise("SESSION", b"one")
    collections.initialise("SESSION", b"two")
    assert (collections.wanted, collections.keys) == (["SESSION"], {"SESSION": b"one"})


def test_what_is_changed_before_it_was_loaded_counts_on_top_of_it() -> None:
    collections = Collections(60.0)
    collections.initialise("IP", b"k")
    collections.change("IP", Change("add", b"n", amount=2))
    collections.load("IP", merge(None, [Change("set", b"n", b"40")], NOW), NOW)
    assert collections.get("IP", b"n") == b"42"


def test_changes_of_a_collection_that_is_not_known_are_lost() -> None:
    collections = Collections(60.0)
    collections.change("IP", Change("set", b"n", b"1"))
    assert (collections.changes, collections.members("IP")) == ({}, [])


def test_setsid_and_setuid_name_session_and_user() -> None:
    rules = """SecRule ARGS:s "@rx ." "id:1,phase:1,nolog,pass,setsid:%{MATCHED_VAR},setuid:u"
        SecAction "id:2,phase:1,nolog,pass,setvar:session.n=+1,setvar:user.m=x"
        SecRule SESSIONID|USERID "@rx ." "id:3,phase:1,pass,logdata:'%{SESSIONID} %{USERID} %{SESSION.n} %{USER.m}'" """
    seen = inspect(rule_set(ON + rules), Request(b"/?s=abc"))
    assert seen.data == {3: "abc u 1 x"}
    assert seen.transaction.persistent.keys == {"SESSION": b"abc", "USER": b"u"}


def test_the_timeout_of_collections_is_what_the_rules_say() -> None:
    seen = inspect(rule_set(ON + "SecCollectionTimeout 7\n"))
    assert seen.transaction.persistent.timeout == 7.0


def test_a_collection_has_a_limited_number_of_members() -> None:
    stored = merge(None, [Change("set", b"%d" % number, b"x") for number in range(MAX_MEMBERS + 5)], NOW)
    collections = Collections(60.0)
    collections.load("IP", stored, NOW)
    assert len(collections.members("IP")) == MAX_MEMBERS


_names = st.sampled_from((b"a", b"b", b"c"))
_changes = st.lists(
    st.one_of(
        st.builds(Change, st.just("add"), _names, amount=st.integers(-5, 5)),
        st.builds(Change, st.just("set"), _names, st.sampled_from((b"", b"1", b"x", b"12a"))),
        st.builds(Change, st.just("unset"), _names),
        st.builds(Change, st.just("expire"), _names, expires=st.sampled_from((NOW - 1, NOW + 10))),
    )
)
_additions = st.lists(st.builds(Change, st.just("add"), _names, amount=st.integers(-5, 5)))


def _members(stored: bytes | None) -> dict[bytes, bytes]:
    collections = Collections(60.0)
    collections.load("IP", stored, NOW)
    return dict(collections.members("IP"))


@given(_changes, _changes)
def test_merging_twice_is_merging_all_at_once_where_nothing_expires(first: list[Change], second: list[Change]) -> None:
    kept = [change for change in first if not (change.kind == "expire" and change.expires < NOW)]
    assert _members(merge(merge(None, kept, NOW), second, NOW)) == _members(merge(None, [*kept, *second], NOW))


@given(_additions, _additions, _changes)
def test_counters_that_are_raised_at_once_lose_nothing(
    one: list[Change], other: list[Change], before: list[Change]
) -> None:
    stored = merge(None, before, NOW)
    assert _members(merge(merge(stored, one, NOW), other, NOW)) == _members(merge(merge(stored, other, NOW), one, NOW))


@given(_changes, _changes)
def test_a_transaction_sees_what_will_be_stored(before: list[Change], changes: list[Change]) -> None:
    stored = merge(None, before, NOW)
    collections = Collections(60.0)
    collections.initialise("IP", b"k")
    collections.load("IP", stored, NOW)
    for change in changes:
        collections.change("IP", change)
    living = [change for change in changes if not (change.kind == "expire" and change.expires < NOW)]
    if living == changes:
        assert dict(collections.members("IP")) == _members(merge(stored, changes, NOW))


@given(st.integers(-(10**18), 10**18), st.binary(max_size=3))
def test_numbers_are_read_as_far_as_they_go(number: int, rest: bytes) -> None:
    text = b"%d" % number
    if rest[:1].isdigit():
        return
    assert to_number(text + rest) == number
    assert to_number(b" \t" + text) == number


@given(st.binary())
def test_any_text_is_some_number(text: bytes) -> None:
    assert isinstance(to_number(text), int)
