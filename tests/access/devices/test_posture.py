"""What browsers say that they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.devices.posture import Posture, read_posture

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
AGENTS = [
    (CHROME, ("Linux", "Chrome", "156.0.0.0")),
    (CHROME.replace("Chrome/", "HeadlessChrome/"), ("Linux", "Chrome", "156.0.0.0")),
    (CHROME + " Edg/156.0.1.2", ("Linux", "Edge", "156.0.1.2")),
    (CHROME + " OPR/120.0.0.0", ("Linux", "Opera", "120.0.0.0")),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ("Windows", "Firefox", "145.0"),
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/",
        ("macOS", "Safari", "19.0"),
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0.1",
        ("iOS", "Chrome", "156.0.1"),
    ),
    (
        "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/150.0.0",
        ("Android", "Samsung Internet", "29.0"),
    ),
    ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/156.0.0.0 Safari/537.36", ("ChromeOS", "Chrome", "156.0.0.0")),
    ("curl/8.5.0", ("", "curl", "8.5.0")),
    ("python-httpx/0.28.1", ("", "python-httpx", "0.28.1")),
    ("Mozilla/5.0", ("", "", "")),
    ("", ("", "", "")),
]


@pytest.mark.parametrize(("agent", "posture"), AGENTS, ids=[f"{posture[1]}-{posture[0]}" for _, posture in AGENTS])
def test_a_user_agent_is_read(agent: str, posture: tuple[str, str, str]) -> None:
    assert read_posture(agent, {}) == Posture(*posture)


@pytest.mark.parametrize(
    ("brands", "browser", "version"),
    [
        ('"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="99"', "Chrome", "156"),
        ('"Not/A)Brand";v="8", "Chromium";v="156", "Microsoft Edge";v="156"', "Edge", "156"),
        ('"Not A(Brand";v="8", "Chromium";v="156"', "Chromium", "156"),
        ('" Not;A Brand";v="99", "Brave";v="156", "Chromium";v="155"', "Brave", "156"),
        ('"Chromium";v="156.0.8078.108"', "Chromium", "156.0.8078.108"),
    ],
)
def test_client_hints_come_first(brands: str, browser: str, version: str) -> None:
    hints = {"sec-ch-ua": brands, "sec-ch-ua-platform": '"Chrome OS"', "sec-ch-ua-mobile": "?0"}
    assert read_posture(CHROME, hints) == Posture("ChromeOS", browser, version)


@pytest.mark.parametrize("brands", ["", "?1", '"Not A;Brand";v="99"', '"Chromium"', '"Chromium";v=""'])
def test_hints_that_say_nothing_leave_the_user_agent(brands: str) -> None:
    assert read_posture(CHROME, {"sec-ch-ua": brands}) == Posture("Linux", "Chrome", "156.0.0.0")


TEXT = st.text(max_size=2000)
PIECES = st.lists(
    st.sampled_from(['"', ";", 'v="', "Not", "Brand", "Chrome/", "1.2", "\n", "\0", "é", "Mozilla/", "("])
)


@given(TEXT | PIECES.map("".join), TEXT | PIECES.map("".join), TEXT)
def test_whatever_is_said_is_bounded_and_printable(agent: str, brands: str, platform: str) -> None:
    for word in read_posture(agent, {"sec-ch-ua": brands, "sec-ch-ua-platform": platform}):
        assert len(word) <= 60
        assert word.isprintable()
