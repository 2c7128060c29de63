"""What pages say about an error, by its status: what happened, why, and what somebody can do."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Explanation", "explanation"]


class Explanation(NamedTuple):
    """The texts of an error page."""

    heading: str
    detail: str
    advice: str


_BY_STATUS = {
    400: Explanation(
        "This request cannot be read",
        "Something in it has not the form that is expected here.",
        "Go back and try again. If it happens again, the link that brought you here is wrong.",
    ),
    401: Explanation(
        "You are not logged in",
        "What you asked for is only for people who are known here.",
        "Log in, then try again.",
    ),
    403: Explanation(
        "You may not do this",
        "You are known here, but what you asked for is not open to you, or not in this way.",
        "If you need it for your work, ask your administrator.",
    ),
    404: Explanation(
        "There is no such page",
        "Nothing is at this address.",
        "Check the address, or begin at the start.",
    ),
    405: Explanation(
        "This cannot be done here",
        "The address exists, but not for what was asked of it.",
        "Go back and use the page's own buttons.",
    ),
    413: Explanation("This is too large", "More was sent than is accepted here.", "Send less at once."),
    421: Explanation(
        "This is the wrong address",
        "These pages are shown under one name only, so that no other site can pose as this one.",
        "Use the address that your administrator gave you.",
    ),
    429: Explanation(
        "Too many attempts",
        "From here or for this account there were more attempts than a person makes.",
        "Wait a little, then try again. Your trusted devices are not affected by what strangers try.",
    ),
    503: Explanation(
        "Logging in does not work at the moment",
        "A part that is needed for it does not answer. Who is logged in stays so.",
        "Try again in a minute.",
    ),
}
_CLIENT = Explanation("This did not work", "The request was refused.", "Go back and try again.")
_SERVER = Explanation(
    "Something broke on our side",
    "It is not your fault, and nothing was let in because of it.",
    "Try again in a minute. If it stays so, tell your administrator the reference below.",
)


def explanation(status: int) -> Explanation:
    """Return the texts for an HTTP status of 400 or more."""
    return _BY_STATUS.get(status, _CLIENT if status < 500 else _SERVER)
