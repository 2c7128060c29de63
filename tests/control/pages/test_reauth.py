"""Step-up, and the request that waits for it."""

from __future__ import annotations

import base64
import email
import email.policy
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page, expect
from tests.control.pages.canned import Body, Canned, Refusal
from tests.support.browser import Profile

FACTS: Body = {"available": ["password"], "proven": [], "needed": 1, "name": "ada", "why": "Your network has changed."}
DONE: Body = {"step": "done", "to": "/app/transfer?id=7"}
URL = "/.bartizan/reauth?next=/app/transfer%3Fid%3D7&factor=any&max_age=300"
FORM = "application/x-www-form-urlencoded"


def held(body: bytes, content_type: str = FORM) -> Body:
    encoded = base64.urlsafe_b64encode(body).decode().rstrip("=")
    return {"action": "/app/transfer?id=7", "content_type": content_type, "body": encoded}


def prove(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()


def test_what_is_asked_for_is_passed_on_and_it_leads_back(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"reauth/begin": FACTS, "factors/password": DONE}
    page = profile.open(URL)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    prove(page)
    page.wait_for_url(f"{canned.origin}/app/transfer?id=7")
    assert canned.called("reauth/begin") == [{"next": "/app/transfer?id=7", "factor": "any", "max_age": 300}]
    assert canned.posted == []


def test_why_is_told(profile: Profile, canned: Canned) -> None:
    canned.replies["reauth/begin"] = {**FACTS, "available": ["password", "totp"]}
    page = profile.open(URL)
    expect(page.get_by_text("Your network has changed.")).to_be_visible()


def test_where_it_was_proven_in_another_tab_it_goes_on_at_once(profile: Profile, canned: Canned) -> None:
    canned.replies["reauth/begin"] = DONE
    profile.page.goto(URL, wait_until="commit")
    profile.page.wait_for_url(f"{canned.origin}/app/transfer?id=7")


@pytest.mark.parametrize(
    "query", ["next=https://evil.example/&factor=%22%3E%3Cscript%3E&max_age=1e9&held=yes", "next=//evil.example/"]
)
def test_what_is_no_path_and_no_factor_is_not_passed_on(profile: Profile, canned: Canned, query: str) -> None:
    canned.replies["reauth/begin"] = FACTS
    page = profile.open(f"/.bartizan/reauth?{query}")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert canned.called("reauth/begin") == [{"next": "/"}]


def test_a_form_that_waited_is_sent_as_it_was(profile: Profile, canned: Canned) -> None:
    body = b"amount=2000&to=Zo%C3%AB+%26+Co&note=one%0D%0Atwo&to=again&submit=yes&action=x&empty="
    canned.replies |= {"reauth/begin": FACTS, "factors/password": {**DONE, "held": True}, "held": held(body)}
    page = profile.open(URL + "&held=1")
    prove(page)
    page.wait_for_url(f"{canned.origin}/app/transfer?id=7")
    ((path, content_type, sent),) = canned.posted
    assert (path, content_type) == ("/app/transfer", FORM)
    assert parse_qsl(sent.decode(), keep_blank_values=True) == parse_qsl(body.decode(), keep_blank_values=True)
    assert canned.called("reauth/begin")[0]["held"] is True


def test_a_form_with_files_keeps_their_names_types_and_bytes(profile: Profile, canned: Canned) -> None:
    parts = [
        b'name="amount"\r\n\r\n2000',
        b'name="receipt"; filename="caf\xc3\xa9.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\x00\xff\r\nend',
        b'name="receipt"; filename="b.txt"\r\nContent-Type: text/plain\r\n\r\nsecond',
        b'name="none"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n',
    ]
    body = b"".join(b"--xyz\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--xyz--\r\n"
    waiting = held(body, "multipart/form-data; boundary=xyz")
    canned.replies |= {"reauth/begin": FACTS, "factors/password": {**DONE, "held": True}, "held": waiting}
    page = profile.open(URL + "&held=1")
    prove(page)
    page.wait_for_url(f"{canned.origin}/app/transfer?id=7")
    ((_, content_type, sent),) = canned.posted
    message = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + sent, policy=email.policy.HTTP
    )
    got = [
        (part.get_param("name", header="content-disposition"), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]
    assert got == [
        ("amount", "text/plain", b"2000"),
        ("receipt", "application/pdf", b"%PDF\x00\xff\r\nend"),
        ("receipt", "text/plain", b"second"),
        ("none", "application/octet-stream", b""),
    ]
    assert b'filename="caf\xc3\xa9.pdf"' in sent
    assert b'name="none"; filename=""' in sent


@pytest.mark.parametrize(
    "waiting",
    [
        Refusal(410, "held_gone", "What you sent could not be kept."),
        held(b'{"amount": 2000}', "application/json"),
        held(b"amount=1", "multipart/form-data; boundary=xyz"),
        held(b"amount=1", "text/plain"),
    ],
    ids=["gone", "json", "malformed", "text"],
)
def test_what_cannot_be_sent_again_is_told_and_there_is_a_way_on(
    profile: Profile, canned: Canned, waiting: Body | Refusal
) -> None:
    profile.expect.append("status of 410")
    canned.replies |= {"reauth/begin": FACTS, "factors/password": {**DONE, "held": True}, "held": waiting}
    page = profile.open(URL + "&held=1")
    prove(page)
    expect(page.get_by_role("alert")).to_contain_text("could not be kept")
    page.get_by_role("link", name="Go on without it").click()
    page.wait_for_url(f"{canned.origin}/app/transfer?id=7")
    assert canned.posted == []


def test_a_form_cannot_be_sent_to_another_origin(profile: Profile, canned: Canned) -> None:
    waiting = {**held(b"amount=1"), "action": "https://evil.example/take"}
    canned.replies |= {"reauth/begin": FACTS, "factors/password": {**DONE, "held": True}, "held": waiting}
    page = profile.open(URL + "&held=1")
    prove(page)
    page.wait_for_url(f"{canned.origin}/")
