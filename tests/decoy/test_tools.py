import pytest

from bartizan.decoy.entry import Entry
from bartizan.decoy.tools import AGENTS, SHAPES, tools_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


def named(agent: str | None, text: str = "", *fields: tuple[str, str]) -> list[str]:
    said = [*fields] if agent is None else [("user-agent", agent), *fields]
    entry = Entry(exchange="1", actor="address:192.0.2.7", time=1.0, method="GET", url="https://h/", fields=said)
    return [name for name, _ in tools_of(entry, text)]


@pytest.mark.parametrize(
    ("agent", "tool"),
    [
        ("sqlmap/1.7.2#stable (https://sqlmap.org)", "sqlmap"),
        ("Fuzz Faster U Fool v2.0.0-dev", "ffuf"),
        ("Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:map_codes)", "nikto"),
        ("Mozilla/5.0 - Nuclei - Open-source project (github.com/projectdiscovery/nuclei)", "nuclei"),
        ("gobuster/3.6", "gobuster"),
        ("curl/7.88.1", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "Nmap"),
    ],
)
def test_a_tool_is_known_by_its_name(agent: str, tool: str) -> None:
    assert named(agent) == [tool]


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("/o?id=1 AND 4821=4821", "sqlmap"),
        ("/o?id=1 UNION ALL SELECT NULL,NULL,NULL-- -", "sqlmap"),
        ("/x?u=http://cj1.oast.pro", "nuclei"),
        ("/x?u=http://abc.oastify.com", "Burp Suite"),
        ("/nmaplowercheck1700000000", "Nmap"),
        ("/FUZZ", "ffuf"),
    ],
)
def test_a_tool_is_known_by_its_requests_also_under_another_name(text: str, tool: str) -> None:
    assert tool in named(CHROME, text)


def test_a_browser_is_told_from_what_has_its_name_alone() -> None:
    assert named(CHROME, "", ("accept-language", "de")) == ["a browser"]
    assert named(CHROME) == ["a tool with a browser's name"]
    assert named(None) == ["a tool without a name"]


def test_names_are_in_lower_case_where_they_are_compared() -> None:
    assert all(part == part.lower() for _, part in AGENTS)
    assert {name for name, _ in SHAPES} <= {name for name, _ in AGENTS}
