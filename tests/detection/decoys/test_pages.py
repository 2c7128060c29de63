from __future__ import annotations

import json

import pytest
from lxml import html
from tests.detection.decoys.test_files import made

from bartizan.detection.decoys import pages
from bartizan.detection.decoys.model import Writer

LOGINS = [pages.admin_login, pages.admin_refusal, pages.wp_login, pages.wp_refusal]


@pytest.mark.parametrize("writer", LOGINS, ids=lambda writer: writer.__name__)
def test_a_login_has_a_form_that_posts_a_password_and_no_word_of_ours(writer: Writer) -> None:
    content, _ = made(writer)
    page = html.fromstring(content.body.decode())
    form = page.forms[0]
    assert form.method == "POST"
    assert [field.type for field in form.inputs if field.tag == "input"][:2] == ["text", "password"]
    assert b"artizan" not in content.body


def test_pages_have_what_tools_look_for() -> None:
    assert b'id="wp-submit"' in made(pages.wp_login)[0].body
    for text in (b"PHP Version 8.", b"PHP Extension", b"phpinfo()"):
        assert text in made(pages.phpinfo)[0].body
    assert b"Server Version: Apache/2.4." in made(pages.server_status)[0].body


def test_refusals_say_so_as_the_real_ones_do() -> None:
    assert made(pages.admin_refusal)[0].status == 401
    assert made(pages.wp_refusal)[0].status == 200
    assert b"incorrect" in made(pages.wp_refusal)[0].body
    assert made(pages.token_refusal)[0].status == 401
    assert json.loads(made(pages.token_refusal)[0].body)["error"] == "invalid_client"
    assert json.loads(made(pages.token_usage)[0].body)["error"] == "invalid_request"


def test_pages_that_tell_too_much_have_honeytokens() -> None:
    for writer in (pages.phpinfo, pages.actuator_env, pages.users):
        content, tokens = made(writer)
        assert tokens
        assert content == made(writer)[0]
    assert b"/internal/users" in made(pages.server_status)[0].body


def test_an_internal_list_has_people_of_ascending_ids() -> None:
    users = json.loads(made(pages.users)[0].body)["users"]
    assert [user["id"] for user in users] == list(range(users[0]["id"], users[0]["id"] + 8))
    assert all("@" in user["email"] and user["name"] for user in users)
