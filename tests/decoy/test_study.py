from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.entry import Entry
from bartizan.decoy.study import Finding, Study, study


def entry(url: str = "/", time: float = 0.0, status: int = 200, agent: str = "curl/8", **more: object) -> Entry:
    plain: dict[str, object] = {
        "exchange": "1", "actor": "address:192.0.2.7", "time": time, "method": "GET", "url": f"https://shop.test{url}",
        "status": status, "fields": [("user-agent", agent)], "address": "192.0.2.7",
    }  # fmt: skip
    return Entry(**{**plain, **more})  # type: ignore[arg-type]


def told(*entries: Entry) -> Study:
    made = study(entries)
    assert made is not None
    return made


def named(findings: list[Finding], kind: str) -> list[str]:
    return [found.what for found in findings if found.kind == kind]


def test_an_empty_transcript_tells_nothing() -> None:
    assert study([]) is None


def test_tools_are_told_with_how_they_are_known() -> None:
    made = told(*[entry(agent="Fuzz Faster U Fool v2") for _ in range(3)], entry(agent="sqlmap/1.7"))
    assert [(tool.what, tool.count, tool.example) for tool in made.tools] == [
        ("ffuf", 3, "User-Agent: Fuzz Faster U Fool v2"), ("sqlmap", 1, "User-Agent: sqlmap/1.7"),
    ]  # fmt: skip


def test_a_word_list_is_seen_whatever_the_tool_says_it_is() -> None:
    made = told(*[entry(f"/word{number}", number, 404, "Mozilla/5.0") for number in range(25)])
    assert "a word list of paths" in named(made.tools, "tool")


def test_ids_that_were_counted_through_are_a_goal() -> None:
    made = told(*[entry(f"/orders/{number}") for number in range(40, 60)])
    assert named(made.goals, "ids") == ["20 of /orders/{id}, 40 to 59"]
    assert named(made.goals, "path") == ["GET /orders/{id}"]


def test_tables_columns_files_hosts_and_commands_are_goals() -> None:
    made = told(
        entry("/o?id=1%20UNION%20SELECT%20name,%20password%20FROM%20users--"),
        entry("/f?p=../../../../etc/passwd"),
        entry("/.git/config", status=404),
        entry("/fetch?url=http://169.254.169.254/latest"),
        entry("/ping", method="POST", body=b"host=1;cat+/etc/shadow", body_size=22),
    )
    assert named(made.goals, "table") == ["users"]
    assert named(made.goals, "column") == ["name, password"]
    assert {"/etc/passwd", "/.git/config", "/etc/shadow"} <= set(named(made.goals, "file"))
    assert named(made.goals, "host") == ["169.254.169.254"]
    assert named(made.goals, "command") == ["cat /etc/shadow"]


def test_payload_classes_are_counted_with_an_example() -> None:
    made = told(entry("/o?id=1'%20or%20'1'='1"), entry("/o?id=1'%20or%20'1'='1", payloads=["SQL injection"]))
    assert [(each.what, each.count) for each in made.payloads] == [("SQL injection", 2)]
    assert made.payloads[0].example == "GET /o?id=1'%20or%20'1'='1"


def test_what_was_seen_before_it_was_masked_counts() -> None:
    assert [each.what for each in told(entry("/login?password=***", payloads=["SQL injection"])).payloads] == [
        "SQL injection"
    ]


def test_the_timeline_tells_bouts_with_what_was_done_in_each() -> None:
    search = [entry(f"/w{number}", number, 404) for number in range(5)]
    later = [entry("/o?id=1;drop table x", 1000.0 + number, agent="sqlmap/1") for number in range(3)]
    made = told(*search, entry("/o", 5.0, method="POST"), *later)
    first, second = made.timeline
    assert (first.start, first.end, first.requests) == (0.0, 5.0, 6)
    assert first.doing == {"looking for paths": 5, "writing": 1}
    assert first.statuses == {"404": 5, "200": 1}
    assert (second.doing, second.tools) == ({"SQL injection": 3}, ["sqlmap"])
    assert (made.first, made.last, made.requests, made.addresses) == (0.0, 1002.0, 9, ["192.0.2.7"])


def test_a_long_transcript_takes_bounded_memory() -> None:
    made = told(*(entry(f"/{number}x?t=select a from t{number}", number * 100.0, 404) for number in range(3000)))
    assert made.requests == 3000
    assert len(made.timeline) == 500
    assert len(made.goals) <= 2000


@given(st.text(max_size=40), st.binary(max_size=40), st.lists(st.tuples(st.text(max_size=5), st.text(max_size=20))))
@settings(max_examples=50)
def test_any_entry_can_be_studied(url: str, body: bytes, fields: list[tuple[str, str]]) -> None:
    assert told(entry(url, body=body, fields=fields, method="PUT")).requests == 1
