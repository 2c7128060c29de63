"""Values that fit the names of fields: ``email``, ``created_at``, ``iban``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.persona import Persona, iban, plain
from bartizan.detection.fakes.words import CAPITALS, NOTES, PRODUCT_WORDS, ROLES, TOPICS

__all__ = ["number_for", "text_for", "words_of"]


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a field's name in lower case: ``createdAt``, ``created_at`` are created, at."""
    spaced: list[str] = []
    before = ""
    for letter in name[:64]:
        if letter.isupper() and before.islower():
            spaced.append(" ")
        spaced.append(letter.lower() if letter.isalnum() else " ")
        before = letter
    return tuple("".join(spaced).split())


def text_for(words: tuple[str, ...], persona: Persona, keyed: Keyed, about: str = "") -> str | None:
    """Return a text for a field of these words, None if they say nothing; ``about`` is the name of what it is part of.

    The last words count: ``billing_email`` is an ``email``. A ``name`` is that of a product among products.
    """
    if words[-1:] == ("name",) and len(words) == 1:
        around = _OWN_NAMES.get((words_of(about) or ("",))[-1].removesuffix("s"))
        if around is not None:
            return around(persona, keyed)
    for size in (2, 1):
        maker = _TEXTS.get(" ".join(words[-size:])) if len(words) >= size else None
        if maker is not None:
            return maker(persona, keyed)
    return None


def number_for(words: tuple[str, ...], keyed: Keyed) -> float | None:
    """Return a number for a field of these words, None if they say nothing."""
    for word in reversed(words):
        span = _NUMBERS.get(word)
        if span is not None:
            low, high, digits = span
            if word in _PRICES:  # most things are cheap
                cheap = low * float((high / low) ** keyed.uniform())
                return round(round(cheap) - 0.01 * keyed.choice((1, 5, 10, 100)), 2)
            return round(low + (high - low) * keyed.uniform() ** 2, digits)
    return None


_PRICES = frozenset(("price", "amount", "total", "subtotal", "cost", "balance", "revenue", "fee"))
_NUMBERS: Mapping[str, tuple[float, float, int]] = {
    "price": (5, 900, 2),
    "amount": (5, 2500, 2),
    "total": (10, 2500, 2),
    "subtotal": (10, 2000, 2),
    "cost": (4, 700, 2),
    "balance": (10, 9000, 2),
    "revenue": (900, 90000, 2),
    "fee": (2, 40, 2),
    "tax": (1, 190, 2),
    "discount": (0, 30, 0),
    "quantity": (1, 12, 0),
    "qty": (1, 12, 0),
    "stock": (0, 480, 0),
    "count": (0, 60, 0),
    "age": (19, 82, 0),
    "year": (2024, 2015, 0),
    "rating": (5, 2.5, 1),
    "score": (0, 100, 1),
    "weight": (0.1, 30, 2),
    "percent": (0, 100, 1),
    "rate": (0, 25, 2),
    "latitude": (44, 58, 6),
    "lat": (44, 58, 6),
    "longitude": (-3, 15, 6),
    "lng": (-3, 15, 6),
    "lon": (-3, 15, 6),
    "size": (1200, 4_000_000, 0),
    "width": (2000, 320, 0),
    "height": (1600, 200, 0),
    "page": (1, 1, 0),
    "duration": (1, 900, 0),
    "version": (1, 9, 0),
    "priority": (1, 5, 0),
}


def _sku(persona: Persona, keyed: Keyed) -> str:
    return f"{plain(persona.product)[:3].upper()}-{keyed.digits(4)}-{keyed.text(CAPITALS, 2)}"


def _title(persona: Persona, keyed: Keyed) -> str:  # noqa: ARG001
    return f"{keyed.choice(TOPICS).capitalize()} {keyed.choice(TOPICS)}"


def _url(persona: Persona, keyed: Keyed) -> str:
    return f"https://www.{persona.domain}/{keyed.choice(TOPICS)}/{keyed.digits(5)}"


def _image(persona: Persona, keyed: Keyed) -> str:
    return f"https://static.{persona.domain}/i/{keyed.hex(16)}.jpg"


def _text(persona: Persona, keyed: Keyed) -> str:  # noqa: ARG001
    return keyed.choice(NOTES)


Maker = Callable[[Persona, Keyed], str]


def _of(attribute: str) -> Maker:
    return lambda persona, _keyed: str(getattr(persona, attribute))


def _one_of(*values: str) -> Maker:
    return lambda _persona, keyed: keyed.choice(values)


def _agent(persona: Persona, keyed: Keyed) -> str:  # noqa: ARG001
    major = keyed.between(124, 131)
    system = keyed.choice(("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"))
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"


def _masked(persona: Persona, keyed: Keyed) -> str:  # noqa: ARG001
    return f"{keyed.choice(('4', '5'))}{keyed.digits(5)}******{keyed.digits(4)}"


_OWN_NAMES: Mapping[str, Maker] = {
    "product": _of("product"),
    "item": _of("product"),
    "article": _of("product"),
    "company": _of("company"),
    "companie": _of("company"),
    "organization": _of("company"),
    "supplier": _of("company"),
    "vendor": _of("company"),
    "categorie": _title,
    "project": _title,
    "task": _title,
    "tag": _title,
    "file": _title,
    "countrie": lambda persona, _keyed: persona.country.name,
    "citie": _of("city"),
}
_FULL_NAME: Maker = lambda persona, _keyed: f"{persona.first} {persona.last}"  # noqa: E731
_STATUS = _one_of("active", "active", "active", "pending", "inactive")
_TEXTS: Mapping[str, Maker] = {
    "first name": _of("first"),
    "firstname": _of("first"),
    "given name": _of("first"),
    "forename": _of("first"),
    "last name": _of("last"),
    "lastname": _of("last"),
    "family name": _of("last"),
    "surname": _of("last"),
    "full name": _FULL_NAME,
    "fullname": _FULL_NAME,
    "display name": _FULL_NAME,
    "customer name": _FULL_NAME,
    "user name": _of("user"),
    "username": _of("user"),
    "login": _of("user"),
    "nickname": _of("user"),
    "handle": _of("user"),
    "author": _FULL_NAME,
    "owner": _FULL_NAME,
    "recipient": _FULL_NAME,
    "customer": _FULL_NAME,
    "company name": _of("company"),
    "company": _of("company"),
    "organization": _of("company"),
    "organisation": _of("company"),
    "vendor": _of("company"),
    "supplier": _of("company"),
    "manufacturer": _of("company"),
    "brand": lambda persona, _keyed: persona.company.partition(" ")[0],
    "product name": _of("product"),
    "product": _of("product"),
    "item name": _of("product"),
    "email": lambda persona, _keyed: f"{persona.user}@{persona.domain}",
    "mail": lambda persona, _keyed: f"{persona.user}@{persona.domain}",
    "email address": lambda persona, _keyed: f"{persona.user}@{persona.domain}",
    "phone": _of("phone"),
    "phone number": _of("phone"),
    "mobile": _of("phone"),
    "telephone": _of("phone"),
    "street": _of("street"),
    "address": lambda persona, _keyed: f"{persona.street}, {persona.postcode} {persona.city}",
    "street address": _of("street"),
    "address line1": _of("street"),
    "line1": _of("street"),
    "city": _of("city"),
    "town": _of("city"),
    "region": _of("region"),
    "state": _of("region"),
    "province": _of("region"),
    "zip": _of("postcode"),
    "zip code": _of("postcode"),
    "zipcode": _of("postcode"),
    "postcode": _of("postcode"),
    "postal code": _of("postcode"),
    "country": lambda persona, _keyed: persona.country.code,
    "country code": lambda persona, _keyed: persona.country.code,
    "country name": lambda persona, _keyed: persona.country.name,
    "currency": lambda persona, _keyed: persona.country.currency,
    "currency code": lambda persona, _keyed: persona.country.currency,
    "locale": lambda persona, _keyed: persona.country.locale,
    "language": lambda persona, _keyed: persona.country.locale[:2],
    "timezone": lambda persona, _keyed: persona.country.timezone,
    "time zone": lambda persona, _keyed: persona.country.timezone,
    "iban": lambda persona, keyed: iban(persona.country.code, keyed),
    "card number": _masked,
    "last4": lambda _persona, keyed: keyed.digits(4),
    "status": _STATUS,
    "order status": _one_of("paid", "shipped", "delivered", "pending"),
    "payment status": _one_of("paid", "paid", "pending", "refunded"),
    "role": lambda _persona, keyed: keyed.choice(ROLES),
    "gender": _one_of("female", "male"),
    "salutation": _one_of("Ms", "Mr"),
    "job title": _one_of("Account Manager", "Buyer", "Operations Lead", "Technician", "Controller"),
    "department": _one_of("Sales", "Finance", "Operations", "Support", "Logistics"),
    "payment method": _one_of("card", "invoice", "bank_transfer"),
    "carrier": _one_of("DHL", "UPS", "GLS", "DPD"),
    "color": _one_of("black", "navy", "grey", "olive", "white"),
    "colour": _one_of("black", "navy", "grey", "olive", "white"),
    "category": lambda _persona, keyed: keyed.choice(PRODUCT_WORDS),
    "tag": lambda _persona, keyed: keyed.choice(TOPICS),
    "tags": lambda _persona, keyed: keyed.choice(TOPICS),
    "type": _one_of("standard", "standard", "premium"),
    "kind": _one_of("standard", "default"),
    "plan": _one_of("basic", "standard", "business"),
    "sku": _sku,
    "code": _sku,
    "reference": lambda _persona, keyed: f"{keyed.text(CAPITALS, 2)}{keyed.digits(8)}",
    "order number": lambda _persona, keyed: f"{keyed.text(CAPITALS, 2)}-{keyed.digits(7)}",
    "tracking number": lambda _persona, keyed: f"{keyed.text(CAPITALS, 2)}{keyed.digits(10)}",
    "url": _url,
    "link": _url,
    "href": _url,
    "website": lambda persona, _keyed: f"https://www.{persona.domain}",
    "avatar": _image,
    "image": _image,
    "image url": _image,
    "avatar url": _image,
    "domain": _of("domain"),
    "host": lambda persona, keyed: f"{keyed.choice(TOPICS)}.{persona.domain}",
    "hostname": lambda persona, keyed: f"{keyed.choice(TOPICS)}.{persona.domain}",
    "slug": lambda persona, keyed: plain(persona.product) + "-" + keyed.digits(3),
    "user agent": _agent,
    "title": _title,
    "subject": _title,
    "name": _FULL_NAME,
    "label": _title,
    "summary": _text,
    "description": _text,
    "comment": _text,
    "note": _text,
    "notes": _text,
    "message": _text,
    "body": _text,
    "content": _text,
    "text": _text,
    "filename": lambda _persona, keyed: f"{keyed.choice(TOPICS)}-{keyed.digits(4)}.pdf",
    "file name": lambda _persona, keyed: f"{keyed.choice(TOPICS)}-{keyed.digits(4)}.pdf",
}
