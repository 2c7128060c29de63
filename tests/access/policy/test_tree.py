"""Syntax trees, read from what the library serialises."""

from __future__ import annotations

import contextlib

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.policy.tree import Node, Tree, read_tree


def tree_of(text: str) -> Tree:
    kinds = cel.Type
    variables = {"a.b": kinds.INT, "groups": kinds.List(kinds.STRING), "body": kinds.DYN}
    return read_tree(cel.NewEnv(variables=variables).compile(text).serialize())


def named(tree: Tree) -> set[str]:
    return {node.name for node in tree.root.walk() if node.kind == "name"}


def shape(node: Node) -> object:
    return (node.kind, node.name or node.value, *map(shape, node.parts))


def test_a_tree_has_all_that_was_written() -> None:
    root = tree_of('a.b >= 2 && body.x[0] in ["t", true, null, 1.5, -1]').root
    assert shape(root) == (
        "call", "_&&_",
        ("call", "_>=_", ("name", "a.b"), ("constant", 2)),
        ("call", "@in",
            ("call", "_[_]", ("select", "x", ("name", "body")), ("constant", 0)),
            ("list", None, ("constant", "t"), ("constant", True), ("constant", None), ("constant", 0.0),
                ("constant", 2**64 - 1))),
    )  # fmt: skip


def test_methods_have_their_target_first() -> None:
    root = tree_of('groups.exists(g, g.startsWith("x")) && {"k": body}.k == 1').root
    calls = {node.name: [part.kind for part in node.parts] for node in root.walk() if node.kind == "call"}
    assert calls["startsWith"] == ["name", "constant"]
    assert {node.kind for node in root.walk()} >= {"comprehension", "struct"}


@pytest.mark.parametrize(
    "text", ["a.b > 1", "a . b > 1", ".a.b > 1", "a.`b` > 1", "a// comment\n.b > 1", "[1].exists(x, x == a.b)"]
)
def test_names_are_found_however_they_are_written(text: str) -> None:
    assert "a.b" in named(tree_of(text))


def test_text_that_looks_like_a_name_is_none() -> None:
    assert named(tree_of('"a.b" == "a.b"')) == set()


def test_places_count_characters() -> None:
    tree = tree_of('"é𝒳" == "x"\n || a.b > 1')
    over = next(node for node in tree.root.walk() if node.name == "_>_")
    assert tree.offset(over) == 20


def test_it_is_known_what_is_true_or_false() -> None:
    tree = tree_of("has(body.x) && groups.exists(g, g == 'a') && a.b > 1")
    kinds = {(node.kind, node.name): node.number in tree.boolean for node in tree.root.walk()}
    assert kinds["has", "x"]
    assert kinds["comprehension", "g"]
    assert kinds["call", "_>_"]
    assert not kinds["name", "a.b"]


@given(st.binary(max_size=100))
def test_other_bytes_are_refused_or_read(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        read_tree(data)


@given(st.integers(0, 300), st.integers(0, 255))
def test_damaged_bytes_are_refused_or_read(at: int, byte: int) -> None:
    whole = bytearray(cel.NewEnv(variables={"a": cel.Type.INT}).compile('a > 1 && "x" in ["x"]').serialize())
    whole[at % len(whole)] = byte
    with contextlib.suppress(ValueError):
        read_tree(bytes(whole))
