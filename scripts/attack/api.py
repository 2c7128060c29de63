"""The API that is attacked in the demo: orders, customers and products in SQLite, with an OpenAPI document.

``granian --interface asgi scripts.attack.api:app`` serves it. It is an ordinary application: it does not know that
anything is in front of it.
"""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["app"]

ORDERS, CUSTOMERS, PRODUCTS = 400, 120, 40
PAGE = 20
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_FIRST = ["Amina", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaori", "Lena"]
_LAST = ["Adler", "Bianchi", "Costa", "Duarte", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova", "Jansen"]
_THINGS = ["Lamp", "Chair", "Desk", "Shelf", "Clock", "Rug", "Mirror", "Stool", "Vase", "Kettle"]
_KINDS = ["oak", "steel", "linen", "glass"]
_STATES = ["paid", "packed", "shipped", "delivered", "returned"]


@cache
def _database() -> sqlite3.Connection:
    """Return the data, the same in each process: it is made from a fixed seed."""
    made = random.Random(2026)
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.executescript(
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, email TEXT, city TEXT);"
        "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, price REAL);"
        "CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, product INTEGER, quantity INTEGER, "
        "state TEXT, placed TEXT);"
    )
    for number in range(1, CUSTOMERS + 1):
        first, last = made.choice(_FIRST), made.choice(_LAST)
        mail = f"{first}.{last}{number}@example.org".lower()
        city = made.choice(["Lyon", "Porto", "Gdansk", "Turin", "Ghent"])
        database.execute("INSERT INTO customer VALUES (?, ?, ?, ?)", (number, f"{first} {last}", mail, city))
    for number in range(1, PRODUCTS + 1):
        name = f"{_THINGS[number % len(_THINGS)]}, {made.choice(_KINDS)}"
        database.execute("INSERT INTO product VALUES (?, ?, ?)", (number, name, round(made.uniform(9, 400), 2)))
    for number in range(1, ORDERS + 1):
        placed = (_BEGIN + timedelta(hours=number * 3 + made.randrange(3))).isoformat()
        row = (number, made.randint(1, CUSTOMERS), made.randint(1, PRODUCTS), made.randint(1, 5), made.choice(_STATES))
        database.execute("INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?)", (*row, placed))
    database.row_factory = sqlite3.Row
    return database


_ORDER = (
    "SELECT p.id, p.customer AS customer_id, c.name AS customer, d.name AS product, p.quantity, "
    "round(p.quantity * d.price, 2) AS total, p.state, p.placed AS placed_at "
    "FROM purchase p JOIN customer c ON c.id = p.customer JOIN product d ON d.id = p.product"
)


async def orders(request: Request) -> Response:
    """A page of orders, or a new one."""
    if request.method == "POST":
        return await _order(request)
    page = _number(request.query_params.get("page", "1"))
    rows = _rows(f"{_ORDER} ORDER BY p.id LIMIT ? OFFSET ?", PAGE, (page - 1) * PAGE)
    return JSONResponse({"page": page, "items": rows})


async def _order(request: Request) -> Response:
    try:
        wanted: Any = json.loads(await request.body())
        row = (int(wanted["customer_id"]), int(wanted["product_id"]), int(wanted.get("quantity", 1)))
    except (ValueError, KeyError, TypeError):
        raise HTTPException(422, "customer_id and product_id are needed") from None
    at = datetime.now(UTC).isoformat(timespec="seconds")
    done = _database().execute(
        "INSERT INTO purchase (customer, product, quantity, state, placed) VALUES (?, ?, ?, 'paid', ?)", (*row, at)
    )
    return JSONResponse(_one(f"{_ORDER} WHERE p.id = ?", done.lastrowid or 0), 201)


async def order(request: Request) -> Response:
    """One order."""
    return JSONResponse(_one(f"{_ORDER} WHERE p.id = ?", _number(request.path_params["id"])))


async def customers(request: Request) -> Response:
    """A page of customers."""
    page = _number(request.query_params.get("page", "1"))
    rows = _rows("SELECT * FROM customer ORDER BY id LIMIT ? OFFSET ?", PAGE, (page - 1) * PAGE)
    return JSONResponse({"page": page, "items": rows})


async def customer(request: Request) -> Response:
    """One customer."""
    return JSONResponse(_one("SELECT * FROM customer WHERE id = ?", _number(request.path_params["id"])))


async def products(request: Request) -> Response:
    """Products whose name has something in it."""
    wanted = f"%{request.query_params.get('q', '')}%"
    return JSONResponse({"items": _rows("SELECT * FROM product WHERE name LIKE ? ORDER BY id LIMIT 20", wanted)})


async def document(request: Request) -> Response:  # noqa: ARG001 - the signature is Starlette's
    """The OpenAPI document."""
    return JSONResponse(openapi())


async def _error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "Error")
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"detail": detail}, status, headers=headers)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= len(text) <= 9:
        raise HTTPException(404, "Not Found")
    return int(text)


def _rows(query: str, *values: object) -> list[dict[str, Any]]:
    return [dict(row) for row in _database().execute(query, values)]


def _one(query: str, number: int) -> dict[str, Any]:
    rows = _rows(query, number)
    if not rows:
        raise HTTPException(404, "Not Found")
    return rows[0]


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document (3.1)."""
    text, whole, number = {"type": "string"}, {"type": "integer", "minimum": 1}, {"type": "number", "minimum": 0}
    time = {"type": "string", "format": "date-time"}
    shapes = {
        "Customer": {"id": whole, "name": text, "email": {"type": "string", "format": "email"}, "city": text},
        "Product": {"id": whole, "name": text, "price": number},
        "Order": {
            "id": whole,
            "customer_id": whole,
            "customer": text,
            "product": text,
            "quantity": whole,
            "total": number,
            "state": {"type": "string", "enum": _STATES},
            "placed_at": time,
        },
    }
    schemas = {
        name: {"type": "object", "required": list(fields), "properties": fields} for name, fields in shapes.items()
    }
    page = {"name": "page", "in": "query", "schema": whole}
    key = {"name": "id", "in": "path", "required": True, "schema": whole}
    paths: dict[str, Any] = {
        "/api/orders": {
            "get": _operation("Order", [page], many=True, paged=True),
            "post": {"responses": {"201": _operation("Order", [])["responses"]["200"]}},
        },
        "/api/orders/{id}": {"get": _operation("Order", [key])},
        "/api/customers": {"get": _operation("Customer", [page], many=True, paged=True)},
        "/api/customers/{id}": {"get": _operation("Customer", [key])},
        "/api/products": {
            "get": _operation("Product", [{"name": "q", "in": "query", "schema": text}], many=True, paged=False)
        },
    }
    info = {"title": "Shop", "version": "1.4.2"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _operation(
    name: str, parameters: list[dict[str, Any]], *, many: bool = False, paged: bool = False
) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
    if many:
        fields: dict[str, Any] = {"page": {"type": "integer", "minimum": 1}} if paged else {}
        fields["items"] = {"type": "array", "items": schema}
        schema = {"type": "object", "required": list(fields), "properties": fields}
    answer = {"description": name, "content": {"application/json": {"schema": schema}}}
    return {"parameters": parameters, "responses": {"200": answer}}


app = Starlette(
    routes=[
        Route("/api/orders", orders, methods=["GET", "POST"]),
        Route("/api/orders/{id}", order),
        Route("/api/customers", customers),
        Route("/api/customers/{id}", customer),
        Route("/api/products", products),
        Route("/openapi.json", document),
    ],
    exception_handlers={HTTPException: _error, 500: _error},
)
