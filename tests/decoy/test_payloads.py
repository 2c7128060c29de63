import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.payloads import CLASSES, classes_of

EXAMPLES = {
    "SQL injection": ["/o?id=1' OR '1'='1", "/o?id=1%20UNION%20ALL%20SELECT%20NULL--", "/o?id=1;DROP%20TABLE%20x",
                      "/o?id=1%2527%2520AND%25201%253D1", "/o?id=1 AND SLEEP(5)"],
    "NoSQL injection": ["/o?user[$ne]=x", '{"user": {"$gt": ""}}'],
    "cross-site scripting": ["/s?q=%3Cscript%3Ealert(1)", '<img src=x onerror="a">'],
    "path traversal": ["/f?p=../../etc/passwd", "/f?p=%252e%252e%252fx"],
    "command injection": ["/ping?h=127.0.0.1;id", "x=$(whoami)"],
    "server-side request forgery": ["/f?url=http://169.254.169.254/latest", "u=gopher://x"],
    "template injection": ["/x?q={{7*7}}", "${7*7}"],
    "XML external entity": ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///x">]>'],
    "JNDI lookup": ["${jndi:ldap://x/a}", "${${lower:j}ndi:x}"],
    "deserialisation": ["rO0ABXNy", 'O:8:"stdClass"'],
    "prototype pollution": ['{"__proto__": {}}'],
    "response splitting": ["/x?q=%0d%0aSet-Cookie:a=b"],
    "open redirect": ["/login?next=//evil.test"],
    "GraphQL introspection": ["{__schema{types{name}}}"],
    "unsigned token": ["eyJhbGciOiJub25lIn0.e30."],
    "out-of-band probe": ["http://abc.oast.pro/", "x.interact.sh"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "texts"), EXAMPLES.items(), ids=EXAMPLES)
def test_a_class_is_known_by_its_payloads(name: str, texts: list[str]) -> None:
    for text in texts:
        assert name in classes_of([text]), text


def test_each_class_has_its_examples() -> None:
    assert {name for name, _ in CLASSES} == set(EXAMPLES)


@pytest.mark.parametrize("text", ["/orders?page=2&sort=-created", '{"name": "O\'Neill and sons", "total": 12.5}', ""])
def test_what_honest_clients_send_is_no_attack(text: str) -> None:
    assert classes_of([text]) == []


@given(st.text(max_size=300))
@settings(max_examples=60)
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(classes_of([text, "%" + text]), list)
