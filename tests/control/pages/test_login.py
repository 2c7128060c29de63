"""The login page."""

from __future__ import annotations

from tests.control.pages.canned import Canned
from tests.support.browser import Profile


def test_name_and_password_are_sent_with_a_proof_and_the_path_to_go_on_to(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 404")
    canned.replies["login"] = {"step": "done", "to": "/app/reports?week=7"}
    page = profile.open("/.bartizan/login?next=/app/reports%3Fweek%3D7")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/app/reports?week=7")
    call = next(call for call in canned.calls if call.name == "login")
    assert call.body == {"name": "ada", "password": "correct horse battery", "next": "/app/reports?week=7"}
    assert call.claims["htm"] == "POST"
    assert call.claims["htu"] == f"{canned.origin}/.bartizan/api/login"
    assert sorted(call.jwk) == ["crv", "kty", "x", "y"]
