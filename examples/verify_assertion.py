"""How an upstream knows who sends a request: a `Bartizan-Assertion` that `verify` refuses, or none, is nobody."""

import json
import time
import urllib.request
import warnings

from joserfc import errors, jwt
from joserfc.jwk import KeySet

warnings.simplefilter("ignore", errors.SecurityWarning)  # joserfc prefers RFC 9864's new name for EdDSA


class Verifier:
    """`origin` is `access.origin`, `audience` the upstream's name or `access.assertion.audience`."""

    def __init__(self, origin: str, audience: str) -> None:
        self.url = origin + "/.well-known/bartizan/jwks.json"
        self.keys, self.fetched = KeySet([]), float("-inf")
        self.registry = jwt.JWTClaimsRegistry(
            leeway=5,
            iss={"essential": True, "value": origin},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def verify(self, assertion: str) -> dict[str, object]:
        """Return the claims; raises `joserfc.errors.JoseError` or `ValueError` for what is not to be trusted."""
        try:
            token = jwt.decode(assertion, self.keys, algorithms=["EdDSA", "ES256"])
        except errors.InvalidKeyIdError:  # the key is new to us: at most every 10 s we ask for it
            if time.monotonic() - self.fetched < 10:
                raise
            self.fetched = time.monotonic()
            with urllib.request.urlopen(self.url, timeout=5) as response:  # noqa: S310
                self.keys = KeySet.import_key_set(json.load(response))
            token = jwt.decode(assertion, self.keys, algorithms=["EdDSA", "ES256"])
        self.registry.validate(token.claims)
        return token.claims
