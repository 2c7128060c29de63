from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.writes import GONE, MAX_BYTES, MAX_OBJECTS, Writes

A, B = "address:192.0.2.7", "session:s1"


def test_what_was_written_is_read_back_by_the_same_actor_alone() -> None:
    writes = Writes(10)
    writes.put(A, "/orders/1", b"one")
    assert writes.get(A, "/orders/1") == b"one"
    assert writes.get(B, "/orders/1") is None
    assert writes.get(A, "/orders/2") is None


def test_what_was_deleted_is_gone_until_it_is_written_again() -> None:
    writes = Writes(10)
    writes.put(A, "/orders/1", b"one")
    writes.delete(A, "/orders/1")
    assert writes.get(A, "/orders/1") is GONE
    writes.put(A, "/orders/1", b"two")
    assert writes.get(A, "/orders/1") == b"two"


def test_a_collection_knows_what_is_directly_below_it() -> None:
    writes = Writes(10)
    for path in ("/orders/1", "/orders/2", "/orders/2/lines", "/orders", "/orders2/3"):
        writes.put(A, path, b"x")
    writes.delete(A, "/orders/1")
    assert list(writes.below(A, "/orders")) == [("2", b"x"), ("1", GONE)]
    assert list(writes.below(A, "/orders/")) == [("2", b"x"), ("1", GONE)]
    assert list(writes.below(B, "/orders")) == []


def test_objects_and_bytes_of_an_actor_are_bounded_and_the_oldest_go() -> None:
    writes = Writes(10)
    for number in range(MAX_OBJECTS + 5):
        writes.put(A, f"/o/{number}", b"x")
    assert writes.get(A, "/o/4") is None
    assert writes.get(A, "/o/5") == b"x"
    writes.put(A, "/large", b"x" * (MAX_BYTES - 100))
    assert len(list(writes.below(A, "/o"))) < 20
    writes.put(A, "/too-large", b"x" * (MAX_BYTES + 1))
    assert writes.get(A, "/too-large") is None


def test_actors_are_bounded_and_who_was_seen_longest_ago_is_forgotten() -> None:
    writes = Writes(2)
    for actor in (A, B, A, "ja4:x"):
        writes.put(actor, "/o", b"x")
    assert writes.get(B, "/o") is None
    assert writes.get(A, "/o") == b"x"


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 400), st.integers(0, 3000))))
@settings(max_examples=40)
def test_bounds_hold_whatever_is_written(steps: list[tuple[str, int, int]]) -> None:
    writes = Writes(2)
    for actor, number, size in steps:
        writes.put(actor, f"/o/{number}", b"x" * size)
    for written in writes._written.values():
        assert len(written.objects) <= MAX_OBJECTS
        assert written.size == sum(len(path) + len(each) for path, each in written.objects.items()) <= MAX_BYTES  # type: ignore[arg-type]
