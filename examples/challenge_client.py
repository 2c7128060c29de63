"""An API client that does the work of a challenge when it is asked to, and goes on.

python examples/challenge_client.py https://localhost:8443/orders

Needs httpx and nothing else.
"""

import hashlib
import sys
import time
from itertools import count
from typing import Any

import httpx

MAX_DIFFICULTY = 24  # bits; whoever asks for more is not a gateway that wants to be answered


class Client:
    """Sends requests; the pass that it gets for its work is a cookie, kept in `http`."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request; where the answer is a challenge, solve it and send the request again."""
        answer = self.http.request(method, url, **options)
        if answer.headers.get("bartizan-code") != "challenge_required":
            return answer
        self.solve(answer)
        return self.http.request(method, url, **options)

    def solve(self, challenged: httpx.Response) -> None:
        """Do the work that an answer asks for and take the pass to `http`; raises `httpx.HTTPStatusError`."""
        task = challenged.json()["challenge"]
        counter = work(task["salt"], task["difficulty"])
        headers = {task["answer_in"]: f"{task['token']}.{counter}"}
        self.http.post(challenged.url.join(task["answer_to"]), headers=headers).raise_for_status()


def work(salt: str, difficulty: int) -> int:
    """Return a counter for which SHA-256 of salt and counter, both as text, begins with `difficulty` bits of zeros."""
    if difficulty > MAX_DIFFICULTY:
        raise ValueError(f"{difficulty} bits are too much work")
    begun, bound = hashlib.sha256(salt.encode()), 1 << (256 - difficulty)
    for counter in count():
        attempt = begun.copy()
        attempt.update(b"%d" % counter)
        if int.from_bytes(attempt.digest(), "big") < bound:
            return counter
    raise AssertionError


def main() -> None:
    """Ask for one URL."""
    began = time.perf_counter()
    with httpx.Client(timeout=30) as http:
        answer = Client(http).request("GET", sys.argv[1])
    print(answer.status_code, f"after {time.perf_counter() - began:.2f} s")  # noqa: T201
    print(answer.text)  # noqa: T201


if __name__ == "__main__":
    main()
