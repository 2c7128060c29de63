"""Header fields of responses: their names in order, and their values as far as they are not somebody's."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from bartizan.detection.fakes.forms import form_of, make, moment, moment_of
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.candidates import MANY, Candidates
from bartizan.detection.profile.texts import Texts

__all__ = ["Fields"]

MAX_FIELDS = 64
MAX_VALUE = 512  # bytes
MAX_COOKIES = 8
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"trailer", b"upgrade"))
_HARMLESS = frozenset(
    b"server content-type cache-control vary x-powered-by strict-transport-security via allow accept-ranges pragma "
    b"content-encoding content-language x-frame-options x-content-type-options x-xss-protection referrer-policy "
    b"permissions-policy access-control-allow-origin access-control-allow-methods access-control-allow-headers "
    b"access-control-allow-credentials access-control-expose-headers access-control-max-age x-aspnet-version "
    b"x-aspnetmvc-version cross-origin-opener-policy cross-origin-resource-policy cross-origin-embedder-policy "
    b"x-permitted-cross-domain-policies x-download-options x-dns-prefetch-control origin-agent-cluster".split()
)
"""Fields that say something of the software alone: their values are kept as they are."""
_SENSITIVE = (b"auth", b"token", b"user", b"session", b"account", b"email", b"customer", b"secret", b"key", b"cookie",
              b"csrf", b"xsrf", b"principal", b"tenant", b"client", b"location", b"link", b"disposition", b"id",
              b"address", b"name", b"forwarded", b"real-ip")  # fmt: skip
DAY = 86400.0  # seconds
_NGINX = "file"
_TAGS_OF_FILES = (_NGINX, f"weak {_NGINX}")
"""Forms of tags that are the time of a file's change and its length, in hexadecimal."""
_OF_BODY = frozenset((b"etag", b"last-modified", b"content-md5", b"digest", b"content-digest", b"repr-digest"))
"""Fields that change with the content, and do not from visit to visit."""


class Cookie(msgspec.Struct, array_like=True):
    """A cookie that is set: the form of its value, and its attributes without their values but those of syntax."""

    form: str
    attributes: str
    count: int = 1


class Fields(msgspec.Struct, omit_defaults=True):
    """Header fields of responses of one status and media type."""

    count: int = 0
    fields: dict[bytes, Texts] = {}
    cookies: dict[str, Cookie] = {}

    def learn(
        self,
        items: Iterable[tuple[bytes, bytes]],
        place: str,
        identity: int,
        candidates: Candidates,
        length: int | None = None,
    ) -> None:
        """Take in a response's fields, names in lower case; ``place`` is the kind of response, ``length`` its own."""
        self.count += 1
        before: bytes | None = None
        done: set[bytes] = set()
        items = list(items)
        tagged = _tag_of_file(dict(items), length)
        for name, raw in items:
            if name in _FRAMING or len(done) >= MAX_FIELDS:
                continue
            if name == b"set-cookie":
                self._learn_cookie(raw)
            texts = self._field(name, before)
            before = name
            if texts is None or name in done:
                continue
            done.add(name)
            sensitive = any(part in name for part in _SENSITIVE)
            value = raw[:MAX_VALUE].decode("latin-1")
            if name == b"date" or sensitive or name in _OF_BODY:
                form = tagged if name == b"etag" else ""
                texts.learn(value, "", identity, candidates, keepable=False, form=form)
            else:
                many = 1 if name in _HARMLESS else MANY
                texts.learn(value, f"{place} {name!r}", identity, candidates, keepable=True, many=many)

    def merge(self, other: Fields) -> None:
        """Take in what was learned elsewhere."""
        self.count += other.count
        before: bytes | None = None
        for name, texts in other.fields.items():
            own = self._field(name, before)
            before = name
            if own is not None:
                own.merge(texts)
        for title, cookie in other.cookies.items():
            known = self.cookies.get(title)
            if known is not None:
                known.count += cookie.count
            elif len(self.cookies) < MAX_COOKIES:
                self.cookies[title] = cookie
        if self.count > 2**20:
            self.count //= 2
            for texts in self.fields.values():
                texts.halve()

    def make(self, media_type: str, body: bytes, keyed: Keyed, now: float) -> list[tuple[bytes, bytes]]:
        """Return fields for a fake response, in order, without framing; ``keyed`` is a row of the visit's own."""
        out: list[tuple[bytes, bytes]] = []
        content = keyed.root("content", body.hex()[:256], len(body))
        for name, texts in self.fields.items():
            if texts.count * 2 < self.count or not texts.count:
                continue
            if name == b"content-type":
                if media_type:
                    out.append((name, _typed(media_type, texts)))
            elif name == b"set-cookie":
                out.extend(self._made_cookies(keyed, now))
            elif name == b"date":
                out.append((name, moment("http-date", now).encode("ascii")))
            else:
                if name == b"etag" and texts.form in _TAGS_OF_FILES:
                    value = f'"{int(self._modified(content, now)):x}-{len(body):x}"'
                    value = value if texts.form == _NGINX else f"W/{value}"
                elif name == b"last-modified" and texts.form.startswith("http-date"):
                    value = moment(texts.form, self._modified(content, now))
                else:
                    own = content if name in _OF_BODY else keyed
                    value = _value(texts, own.sub("field", name.decode("latin-1")), now)
                out.append((name, value.encode("latin-1", "replace")))
        if media_type and not any(name == b"content-type" for name, _ in out):
            out.append((b"content-type", media_type.encode("latin-1", "replace")))
        return out

    def _modified(self, content: Keyed, now: float) -> float:
        """Return when a content was changed last, in Unix seconds: between the oldest and the newest that were seen.

        The limits move in steps of a tenth of their distance or so, so that what is made stays as it is.
        """
        texts = self.fields.get(b"last-modified")
        latest = min(now, texts.latest) if texts is not None and texts.latest else now - 400 * DAY
        span = latest - texts.earliest if texts is not None and texts.earliest else 0.0
        step = max(DAY, 10.0 ** math.floor(math.log10(max(span, DAY))) / 4)
        return math.floor(latest / step) * step - max(span, 3 * DAY) // step * step * content.sub("modified").uniform()

    def _field(self, name: bytes, before: bytes | None) -> Texts | None:
        """Return what is known of a field; a new one gets its place behind the one that came before it."""
        texts = self.fields.get(name)
        if texts is not None or len(self.fields) >= MAX_FIELDS or len(name) > 64:
            return texts
        texts = Texts()
        if before is None or before not in self.fields or next(reversed(self.fields)) == before:
            self.fields[name] = texts
            return texts
        ordered: dict[bytes, Texts] = {}
        for known, value in self.fields.items():
            ordered[known] = value
            if known == before:
                ordered[name] = texts
        self.fields = ordered
        return texts

    def _learn_cookie(self, raw: bytes) -> None:
        pair, _, rest = raw[:MAX_VALUE].decode("latin-1").partition(";")
        name, _, value = pair.strip().partition("=")
        known = self.cookies.get(name)
        if known is not None:
            known.count += 1
        elif len(self.cookies) < MAX_COOKIES and len(name) <= 64 and "{" not in form_of(name):
            self.cookies[name] = Cookie(form_of(value), _attributes(rest))

    def _made_cookies(self, keyed: Keyed, now: float) -> Iterable[tuple[bytes, bytes]]:
        for name, cookie in self.cookies.items():
            if cookie.count * 2 >= self.count:
                value = make(cookie.form, keyed.sub("cookie", name))
                attributes = cookie.attributes.replace("{date}", moment("http-date", now + 86400 * 7))
                yield b"set-cookie", f"{name}={value}{attributes}".encode("latin-1", "replace")


def _tag_of_file(fields: dict[bytes, bytes], length: int | None) -> str:
    """Return the form of an ETag that tells when a file was changed and how long it is, "" for any other one."""
    tag, modified = fields.get(b"etag", b""), fields.get(b"last-modified", b"")
    weak = tag.startswith(b"W/")
    at = moment_of(modified.decode("latin-1")) if tag and modified else None
    if at is None:
        return ""
    opaque = tag.removeprefix(b"W/").strip(b'"')
    told, _, size = opaque.partition(b"-")
    if told != b"%x" % int(at) or not (weak or (length is not None and size == b"%x" % length)):
        return ""  # a weak tag is that of a compressed body: its length is the file's
    return f"weak {_NGINX}" if weak else _NGINX


def _attributes(text: str) -> str:
    """Return the attributes of a cookie; those that may be somebody's are left out (RFC 6265 section 4.1)."""
    out = ""
    for attribute in text.split(";")[:12]:
        name, _, value = attribute.strip().partition("=")
        lower = name.lower()
        if lower == "expires":
            out += f"; {name}={{date}}"
        elif lower in ("samesite", "max-age") or (lower in ("path", "domain") and len(value) <= 64):
            out += f"; {name}={value}"
        elif lower in ("secure", "httponly", "partitioned"):
            out += f"; {name}"
    return out


def _typed(media_type: str, texts: Texts) -> bytes:
    """Return a media type with the parameters that the upstream writes."""
    for value in texts.values:
        if value.partition(";")[0].strip().lower() == media_type.partition(";")[0].strip().lower():
            return value.encode("latin-1", "replace")
    return media_type.encode("latin-1", "replace")


def _value(texts: Texts, keyed: Keyed, now: float) -> str:
    few = texts.few
    if few:
        return few[0]
    form = texts.form
    if form in ("text", "word", "slug"):
        return make("word", keyed, shortest=max(texts.low, 1), longest=max(texts.high, 1))
    return make(form, keyed, until=now)
