from bartizan.perimeter.waf.testing import Expectation, Generation, Outcome, Request, Result, Stage, Test, run_test

FINE = Outcome(200, b"HTTP/1.1 200 OK\r\n\r\n")


class Script:
    """An arena that answers what the test says, in order, and keeps what it was sent."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[bytes] = []

    async def send(self, stage: bytes) -> Outcome:
        self.sent.append(stage)
        return self.outcomes.pop(0)


async def run(script: Script, *stages: Stage) -> Result:
    return await run_test(script, Test("1-1", "f", 1, "", Generation.V4, stages))


async def test_all_stages_are_sent_and_failures_name_theirs() -> None:
    script = Script(FINE, FINE)
    result = await run(script, Stage(Request(), Expectation()), Stage(Request(uri="/b"), Expectation(statuses=(403,))))
    assert not result.passed
    assert result.failures == (("status", "stage 2: 403 was expected, and the answer was 200"),)
    assert [sent.split(b" ")[1] for sent in script.sent] == [b"/", b"/b"]


async def test_cookies_of_a_stage_that_saves_them_are_sent_by_the_next() -> None:
    script = Script(Outcome(200, b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\n\r\n"), FINE)
    await run(script, Stage(Request(save_cookie=True), Expectation()), Stage(Request(), Expectation()))
    assert b"cookie: a=1; b=2\r\n" in script.sent[1]


async def test_a_redirect_is_followed_to_its_place() -> None:
    script = Script(Outcome(302, b"HTTP/1.1 302 Found\r\nLocation: http://h:81/x?y=1\r\n\r\n"), FINE)
    following = Stage(Request(follow_redirect=True, headers=(("Host", "old"),)), Expectation())
    result = await run(script, Stage(Request(), Expectation()), following)
    assert result.passed
    assert script.sent[1].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: h:81\r\n")


async def test_there_has_to_be_a_redirect_to_follow() -> None:
    following = Stage(Request(follow_redirect=True), Expectation())
    assert not (await run(Script(FINE), Stage(Request(), Expectation()), following)).passed
    assert not (await run(Script(Outcome(302)), Stage(Request(), Expectation()), following)).passed


async def test_a_stage_may_be_tried_once_more() -> None:
    stage = Stage(Request(), Expectation(statuses=(200,), retry_once=True))
    assert (await run(Script(Outcome(500), FINE), stage)).passed
    assert not (await run(Script(Outcome(500), Outcome(500)), stage)).passed
