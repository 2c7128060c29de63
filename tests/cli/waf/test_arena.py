from bartizan.cli.waf.arena import GatewayArena
from bartizan.perimeter.waf.testing import Generation


async def test_a_request_goes_through_the_gateway_to_the_backend_and_back() -> None:
    document = b'{"status": 418, "headers": {"X-A": "b"}, "body": "tea"}'
    async with GatewayArena({}) as arena:
        outcome = await arena.send(
            b"POST /reflect HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(document) + document
        )
    assert (outcome.status, outcome.error, outcome.rule_ids) == (418, None, ())
    assert outcome.response.lower().startswith(b"http/1.1 418 ")
    assert outcome.response.endswith(b"\r\n\r\ntea")


async def test_what_the_gateway_refuses_has_a_status_too() -> None:
    async with GatewayArena({}) as arena:
        assert (await arena.send(b"GET /\r\n\r\n")).status == 400


async def test_responses_without_a_body_are_whole_at_once() -> None:
    async with GatewayArena({}, timeout=60) as arena:
        outcome = await arena.send(b"HEAD /anything HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (outcome.status, outcome.error) == (200, None)


async def test_a_request_that_is_not_answered_is_an_error() -> None:
    async with GatewayArena({}, timeout=0.05) as arena:
        outcome = await arena.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nshort")
    assert (outcome.status, outcome.error) == (None, "nothing came within 0.05 s")


async def test_the_backend_is_that_of_the_suite() -> None:
    async with GatewayArena({}, Generation.V3) as arena:
        assert (await arena.send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")).status == 404
