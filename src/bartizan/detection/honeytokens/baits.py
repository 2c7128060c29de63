"""Honeytokens in decoys: made of a keyed hash, so that each machine knows them without having stored anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.honeytokens.forms import FORMS, KeyForm
from bartizan.detection.honeytokens.makers import JwtMaker, make_cookie, quarter
from bartizan.detection.honeytokens.tokens import Honeytoken, Kind, digest_of_jti, digest_of_secret

__all__ = ["Baits"]


class Baits:
    """Makes the tokens of decoys; ``tokens`` are those made so far, by digest.

    All have to be made when a configuration is built: one that is not known then is not recognised.
    """

    def __init__(self, key: bytes, forms: Mapping[str, str], jwt: JwtMaker | None, now: float) -> None:
        """``key`` is of honeytokens alone; ``jwt`` None where there are no JWTs of ours; ``now`` in Unix seconds.

        Raises ``ValueError`` for what is no form.
        """
        self._key = key
        self._forms = {name: KeyForm.parse(text) for name, text in {**FORMS, **forms}.items()}
        self._jwt = jwt
        self._now = now
        self._made: dict[tuple[str, str], str] = {}
        self.tokens: dict[bytes, Honeytoken] = {}

    def names(self) -> list[str]:
        """Return what ``secret`` may be asked for."""
        return ["cookie", "jwt", *self._forms]

    def secret(self, name: str, place: str) -> str:
        """Return the token of a name at a place, the same each time.

        ``name`` is ``cookie``, ``jwt`` or that of a form; where there are no JWTs of ours, an API key stands for one.
        Raises ``ValueError`` for any other.
        """
        made = self._made.get((name, place))
        if made is None:
            made = self._made[name, place] = self._make(name, place)
        return made

    def _make(self, name: str, place: str) -> str:
        keyed = Keyed(self._key, name, place)
        if name == "cookie":
            return self._keep(make_cookie(keyed.draw), "cookie", place)
        if name == "jwt" and self._jwt is not None:
            secret, jti = self._jwt.make(keyed.draw, quarter(self._now, Keyed(self._key, "issued", place)))
            self._remember(digest_of_jti(jti), "jwt", place)
            return secret
        form = self._forms.get("api_key" if name == "jwt" else name)
        if form is None:
            raise ValueError(f"there is no honeytoken {name!r}; known are {', '.join(self.names())}")
        return self._keep(form.make(keyed.draw), "api_key", place, name)

    def _keep(self, secret: str, kind: Kind, place: str, form: str = "") -> str:
        self._remember(digest_of_secret(secret.encode("ascii")), kind, place, form)
        return secret

    def _remember(self, digest: bytes, kind: Literal["jwt", "cookie", "api_key"], place: str, form: str = "") -> None:
        self.tokens[digest] = Honeytoken(digest[:6].hex(), kind, place, digest, form=form)
