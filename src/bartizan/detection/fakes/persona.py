"""Whom or what one fake object is about: what belongs to one object fits together.

Mail address and name agree, the city lies in the country, and nothing was changed before it was made.
"""

from __future__ import annotations

import unicodedata
from functools import cached_property

from bartizan.detection.fakes.forms import SPAN, UNTIL
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.words import (
    ADJECTIVES,
    CAPITALS,
    COMPANY_FORMS,
    COMPANY_HEADS,
    COMPANY_TAILS,
    COUNTRIES,
    PRODUCTS,
    Country,
)

__all__ = ["Persona", "filled", "iban", "plain"]

_ADDED = frozenset(
    ("created", "registered", "added", "joined", "opened", "issued", "ordered", "placed", "start", "born")
)


class Persona:
    """Whom or what one object is about. ``until`` is the moment before which it was made and changed (Unix seconds)."""

    def __init__(self, keyed: Keyed, until: float = UNTIL) -> None:
        self._keyed = keyed
        self._until = until

    @cached_property
    def country(self) -> Country:
        """Where it is."""
        return self._keyed.sub("country").choice(COUNTRIES)

    @cached_property
    def first(self) -> str:
        """The first name."""
        return self._keyed.sub("first").choice(self.country.first_names)

    @cached_property
    def last(self) -> str:
        """The last name."""
        return self._keyed.sub("last").choice(self.country.last_names)

    @cached_property
    def user(self) -> str:
        """The name that they log in by, which is that of the mail address, too."""
        first, last, own = plain(self.first), plain(self.last), self._keyed.sub("user")
        return own.choice((f"{first}.{last}", f"{first[0]}.{last}", f"{first}{own.between(1, 99)}"))

    @cached_property
    def _firm(self) -> tuple[str, str]:
        own = self._keyed.sub("company")
        return own.choice(COMPANY_HEADS), own.choice(COMPANY_TAILS)

    @property
    def company(self) -> str:
        """The company with its legal form."""
        form = self._keyed.sub("legal form").choice(COMPANY_FORMS[self.country.code])
        return f"{' '.join(self._firm)} {form}"

    @property
    def domain(self) -> str:
        """The company's domain."""
        return f"{'-'.join(self._firm).lower()}.{self.country.domain}"

    @cached_property
    def _place(self) -> tuple[str, str, str]:
        own = self._keyed.sub("place")
        city, region, postcode = own.choice(self.country.cities)
        return city, region, filled(postcode, own)

    @property
    def city(self) -> str:
        """A city of the country."""
        return self._place[0]

    @property
    def region(self) -> str:
        """What the city lies in."""
        return self._place[1]

    @property
    def postcode(self) -> str:
        """A post code of the city."""
        return self._place[2]

    @cached_property
    def street(self) -> str:
        """Street and number, in the country's order."""
        own = self._keyed.sub("street")
        number, street = own.between(1, 180), own.choice(self.country.streets)
        return f"{number} {street}" if self.country.number_first else f"{street} {number}"

    @cached_property
    def phone(self) -> str:
        """A number that nobody has."""
        own = self._keyed.sub("phone")
        return filled(own.choice(self.country.phones), own)

    @cached_property
    def product(self) -> str:
        """A thing that is sold."""
        own = self._keyed.sub("product")
        return f"{own.choice(ADJECTIVES)} {own.choice(PRODUCTS)}"

    @cached_property
    def created(self) -> float:
        """When it was made, in Unix seconds."""
        return self._until - SPAN * self._keyed.sub("created").uniform()

    @cached_property
    def updated(self) -> float:
        """When it was changed last, in Unix seconds."""
        return self.created + (self._until - self.created) * self._keyed.sub("updated").uniform() ** 3

    def when(self, words: tuple[str, ...]) -> float:
        """Return the moment for a field of these words: the making, the last change, or one between."""
        if _ADDED.intersection(words):
            return self.created
        if "expires" in words or "expiry" in words or "until" in words:
            return self.updated + 30 * 86400
        return self.updated


def filled(form: str, keyed: Keyed) -> str:
    """Return a form with a digit for each # and a capital letter for each @."""
    return "".join(
        [
            keyed.text("0123456789", 1) if sign == "#" else keyed.text(CAPITALS, 1) if sign == "@" else sign
            for sign in form
        ]
    )


def plain(name: str) -> str:
    """Return a name as it stands in mail addresses: ASCII letters in lower case."""
    spelt = name.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("å", "a")
    letters = unicodedata.normalize("NFKD", spelt)
    return "".join([letter for letter in letters if "a" <= letter <= "z"])


def iban(country: str, keyed: Keyed) -> str:
    """Return an account number with right check digits (ISO 13616, ISO 7064 MOD 97-10)."""
    if country == "GB":
        account = keyed.text(CAPITALS, 4) + keyed.digits(14)
    elif country == "FR":
        bank, branch, number = keyed.digits(5), keyed.digits(5), keyed.digits(11)
        key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(number)) % 97  # the RIB's own
        account = f"{bank}{branch}{number}{key:02}"
    elif country == "SE":
        account = keyed.digits(20)
    else:
        country, account = "DE", keyed.digits(18)
    digits = "".join([str(int(sign, 36)) for sign in account + country + "00"])
    return f"{country}{98 - int(digits) % 97:02}{account}"
