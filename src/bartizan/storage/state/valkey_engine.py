"""The shared state on a Valkey or Redis server: several machines, one set of counters and bans.

What has to be one step is a script that runs on the server, with the server's clock, so that machines whose clocks
differ still agree. Keys of one call may lie in different slots, so a Valkey Cluster needs ``key_prefix`` to hold a hash
tag (``{bartizan}``); a single server or a replicated one does not.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from bartizan.errors import StateError
from bartizan.storage.state.interface import Entry, FeedItem, GcraLimit, GcraResult

__all__ = ["ValkeyState"]

_SCAN_PIECE = 500
_CONNECTIONS = 64
_SCHEMES = {"valkey": "redis", "valkeys": "rediss", "redis": "redis", "rediss": "rediss", "unix": "unix"}

_CLOCK = """
local now = tonumber(ARGV[1])
if now < 0 then local t = redis.call('TIME'); now = t[1] + t[2] / 1000000 end
"""
_GCRA = (
    _CLOCK
    + """
local refused, states = false, {}
for i, key in ipairs(KEYS) do
  local rate, period, burst = tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i]), tonumber(ARGV[3*i+1])
  local interval, tat = period / rate, tonumber(redis.call('GET', key) or now)
  local new = math.max(tat, now) + interval
  local wait = new - interval * burst - now
  if wait > 0.000001 then refused = true end
  states[i] = {tat, new, wait, period}
end
local answer = {}
for i, key in ipairs(KEYS) do
  local tat, new, wait, period = unpack(states[i])
  if not refused then
    redis.call('SET', key, string.format('%.6f', new), 'PX', math.ceil((new - now + period) * 1000))
    tat = new
  end
  answer[i] = {wait > 0.000001 and 0 or 1, string.format('%.6f', math.max(0, tat - now)),
               string.format('%.6f', refused and math.max(0, wait) or 0)}
end
return answer
"""
)
_COMPARE_AND_SET = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if tonumber(ARGV[3]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
"""
_INCREMENT = """
local new = redis.call('EXISTS', KEYS[1]) == 0
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if new and tonumber(ARGV[2]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return count
"""
_ACQUIRE = (
    _CLOCK
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) and not redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[4]), ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[4]) * 1000) + 1000)
return 1
"""
)
_PUBLISH = """
local t = redis.call('TIME')
local oldest = (t[1] - math.ceil(tonumber(ARGV[2]))) * 1000
redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', oldest), '*', 'p', ARGV[1])
redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2])) + 60)
return 1
"""


class ValkeyState:
    """Implements ``State``. ``timeout`` in seconds bounds every operation; errors never show the URL's password."""

    def __init__(self, url: str, *, timeout: float, key_prefix: str) -> None:
        scheme, separator, rest = url.partition("://")
        if scheme not in _SCHEMES or not separator:
            schemes = ", ".join(f"{name}://" for name in _SCHEMES)
            raise StateError(f"storage.state.url has the scheme {scheme!r}; use one of {schemes}")
        self._where = re.sub(r"^[^@/]*@", "", rest)
        self._prefix = key_prefix.encode() + b":"
        pool = BlockingConnectionPool.from_url(  # more operations at once than connections wait their turn
            f"{_SCHEMES[scheme]}://{rest}",
            max_connections=_CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
        )
        self._redis: Redis = Redis.from_pool(pool)
        script = self._redis.register_script
        self._gcra = script(_GCRA)
        self._compare_and_set = script(_COMPARE_AND_SET)
        self._increment = script(_INCREMENT)
        self._acquire = script(_ACQUIRE)
        self._publish = script(_PUBLISH)

    async def get(self, key: bytes) -> bytes | None:
        """See ``State``."""
        found: bytes | None = await self._do(self._redis.get(self._key(key)))
        return found

    async def put(self, key: bytes, value: bytes, ttl: float | None = None) -> None:
        """See ``State``."""
        await self._do(self._redis.set(self._key(key), value, px=_milliseconds(ttl)))

    async def add(self, key: bytes, value: bytes, ttl: float | None = None) -> bool:
        """See ``State``."""
        return bool(await self._do(self._redis.set(self._key(key), value, px=_milliseconds(ttl), nx=True)))

    async def compare_and_set(self, key: bytes, expected: bytes, value: bytes, ttl: float | None = None) -> bool:
        """See ``State``."""
        arguments: list[bytes | int] = [expected, value, _milliseconds(ttl) or 0]
        return bool(await self._do(self._compare_and_set(keys=[self._key(key)], args=arguments)))

    async def delete(self, key: bytes) -> bool:
        """See ``State``."""
        return bool(await self._do(self._redis.delete(self._key(key))))

    async def increment(self, key: bytes, by: int = 1, ttl: float | None = None) -> int:
        """See ``State``."""
        return int(await self._do(self._increment(keys=[self._key(key)], args=[by, _milliseconds(ttl) or 0])))

    async def scan(self, prefix: bytes) -> AsyncIterator[Entry]:
        """See ``State``."""
        cursor, start = 0, self._key(prefix)
        pattern = re.sub(rb"([*?\[\]\\])", rb"\\\1", start) + b"*"
        while True:
            cursor, keys = await self._do(self._redis.scan(cursor, match=pattern, count=_SCAN_PIECE))
            for entry in await self._entries(keys):
                yield entry
            if cursor == 0:
                return

    async def gcra(self, limits: Sequence[GcraLimit], now: float | None = None) -> list[GcraResult]:
        """See ``State``."""
        arguments: list[float] = [-1.0 if now is None else now]
        for limit in limits:
            arguments += [limit.rate, limit.period, limit.burst]
        keys = [self._key(limit.key) for limit in limits]
        answers = await self._do(self._gcra(keys=keys, args=arguments))
        return [_result(limit, *answer) for limit, answer in zip(limits, answers, strict=True)]

    async def acquire(self, key: bytes, holder: bytes, limit: int, lease: float) -> bool:
        """See ``State``."""
        return bool(await self._do(self._acquire(keys=[self._slots(key)], args=[-1, holder, limit, lease])))

    async def release(self, key: bytes, holder: bytes) -> None:
        """See ``State``."""
        await self._do(self._redis.zrem(self._slots(key), holder))

    async def publish(self, topic: bytes, payload: bytes, keep: float) -> None:
        """See ``State``."""
        await self._do(self._publish(keys=[self._feed(topic)], args=[payload, keep]))

    async def read(self, topic: bytes, after: bytes | None, limit: int = 1000) -> list[FeedItem]:
        """See ``State``."""
        begin = b"-" if after is None else b"(" + after
        items = await self._do(self._redis.xrange(self._feed(topic), min=begin, count=limit))
        return [FeedItem(cursor, fields[b"p"]) for cursor, fields in items]

    async def sweep(self, limit: int = 1000) -> int:  # noqa: ARG002 - the server expires by itself
        """See ``State``."""
        return 0

    async def close(self) -> None:
        """See ``State``."""
        await self._redis.aclose()

    def _key(self, key: bytes) -> bytes:
        return self._prefix + b"v:" + key

    def _slots(self, key: bytes) -> bytes:
        return self._prefix + b"s:" + key

    def _feed(self, topic: bytes) -> bytes:
        return self._prefix + b"f:" + topic

    async def _entries(self, keys: Sequence[bytes]) -> list[Entry]:
        if not keys:
            return []
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.get(key)
            pipeline.execute_command("PEXPIRETIME", key)
        answers = await self._do(pipeline.execute())
        strip = len(self._prefix) + 2
        return [
            Entry(key[strip:], value, None if expires < 0 else expires / 1000)
            for key, value, expires in zip(keys, answers[::2], answers[1::2], strict=True)
            if value is not None
        ]

    async def _do(self, operation: Any) -> Any:
        """Await an operation of redis-py, whose annotations cannot tell its clients apart."""
        try:
            return await operation
        except (RedisError, OSError, TimeoutError) as error:
            raise StateError(f"the state server at {self._where} failed: {type(error).__name__}: {error}") from None


def _milliseconds(ttl: float | None) -> int | None:
    return None if ttl is None else max(1, round(ttl * 1000))


def _result(limit: GcraLimit, allowed: int, ahead: bytes, retry_after: bytes) -> GcraResult:
    interval, filled = limit.period / limit.rate, float(ahead)
    remaining = max(0, int((interval * limit.burst - filled) / interval + 1e-4))
    return GcraResult(bool(allowed), remaining, float(retry_after), filled)
