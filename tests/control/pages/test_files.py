"""What is true of all files of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import bartizan.control
from bartizan.control.assets import Assets
from bartizan.control.pages import PAGES, Page, Site, routes

ROOT = Path(bartizan.control.__file__).parent
SCRIPTS = sorted((ROOT / "static").glob("*.js"))
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))
KIB = 1024


def imports(name: str, seen: set[str]) -> set[str]:
    """Return a module and all that it imports, also later."""
    if name not in seen:
        seen.add(name)
        for other in re.findall(r"""(?:from|import|import\()\s*"\./([\w.]+)""", (ROOT / "static" / name).read_text()):
            imports(other, seen)
    return seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_is_light(page: Page) -> None:
    script = page.script
    names = {"pages.css", "mark.svg", *(imports(script, set()) if script else ())}
    assert sum((ROOT / "static" / name).stat().st_size for name in names) < 48 * KIB


def test_all_of_it_is_light() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "static").iterdir()) < 68 * KIB


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_text_or_keeps_secrets(path: Path) -> None:
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|document\.cookie"
    stores = r"localStorage(?!\.\w+\(DUE)|sessionStorage"
    assert re.findall(f"{unsafe}|{stores}", path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_scripts_styles_or_foreign_addresses(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://|\|\s*safe", text) == []
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", text))


async def get(path: str, title: str = "Example", **query: str) -> httpx.Response:
    app = Starlette(routes=routes(Site(title, lambda: "nonce-1", Assets.load())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://a.example") as client:
        return await client.get(path, params=query)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
async def test_a_page_with_a_script_has_a_nonce_and_says_what_it_needs(page: Page) -> None:
    script, path = page.script, page.path
    answer = await get("/.bartizan" + path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert ('name="bartizan-nonce" content="nonce-1"' in answer.text) == bool(script)
    assert ("JavaScript is off" in answer.text) == bool(script)


async def test_a_title_is_text() -> None:
    answer = await get("/.bartizan/login", "<b>&")
    assert "<b>&" not in answer.text
    assert "&lt;b&gt;&amp;" in answer.text


@pytest.mark.parametrize("path", ["/.bartizan/login", "/.bartizan/reauth", "/.bartizan/prove"])
@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "/%2Fevil.example", "x"]
)
async def test_no_page_goes_on_to_another_origin(path: str, there: str) -> None:
    answer = await get(path, next=there)
    assert 'data-next="/"' in answer.text
    assert "evil" not in answer.text


async def test_what_is_in_an_address_is_text() -> None:
    answer = await get("/.bartizan/reauth", next='/a"><script>', factor='"><script>', max_age="1e3")
    assert "<script>" not in answer.text
    assert 'data-factor="" data-max-age=""' in answer.text


async def test_the_start_leads_to_the_account() -> None:
    answer = await get("/.bartizan/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/.bartizan/account")


async def test_applications_include_one_address_over_updates() -> None:
    answer = await get("/.bartizan/session.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == f'import "{Assets.load().url("session.js")}";\n'


@pytest.mark.parametrize(
    ("status", "heading"), [(404, "There is no such page"), (418, "This did not work"), (502, "Something broke")]
)
def test_an_error_says_what_happened_and_what_to_ask_about(status: int, heading: str) -> None:
    answer = Site("Example", lambda: "", Assets.load()).error(status, "It was <b>so</b>.", reference="0001-abc")
    text = bytes(answer.body).decode()
    assert answer.status_code == status
    assert heading in text
    assert "It was &lt;b&gt;so&lt;/b&gt;." in text
    assert "0001-abc" in text
