"""What the four services do, without a word of HTTP but the status."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from storefront.application.database import Database

Answer = tuple[int, dict[str, Any]]

# One statement places the order or finds the one that was placed before under the same id.
PLACE_ORDER = """
WITH placed AS (
    INSERT INTO orders (id, product_id, quantity, site)
    SELECT %(id)s, products.id, %(quantity)s, %(site)s FROM products WHERE products.id = %(product_id)s
    ON CONFLICT (id) DO NOTHING
    RETURNING id, product_id, quantity, site, taken_at
)
SELECT true, id, product_id, quantity, site, taken_at FROM placed
UNION ALL
SELECT false, id, product_id, quantity, site, taken_at FROM orders
WHERE id = %(id)s AND NOT EXISTS (SELECT FROM placed)
"""
READ_ORDER = """
SELECT orders.id, product_id, quantity, orders.site, taken_at, paid_at
FROM orders LEFT JOIN payments ON payments.order_id = orders.id WHERE orders.id = %(id)s
"""
PAY_ORDER = """
WITH paid AS (
    INSERT INTO payments (order_id, amount_cents, site)
    SELECT orders.id, orders.quantity * products.price_cents, %(site)s
    FROM orders JOIN products ON products.id = orders.product_id WHERE orders.id = %(id)s
    ON CONFLICT (order_id) DO NOTHING
    RETURNING order_id, amount_cents, site, paid_at
)
SELECT true, order_id, amount_cents, site, paid_at FROM paid
UNION ALL
SELECT false, order_id, amount_cents, site, paid_at FROM payments
WHERE order_id = %(id)s AND NOT EXISTS (SELECT FROM paid)
"""


class BadRequest(Exception):
    """The request cannot be understood; the text names the field."""


class Shop:
    """The services of one site."""

    def __init__(self, site: str, database: Database) -> None:
        self.site = site
        self._database = database

    def health(self, service: str) -> Answer:
        """Users and products answer for themselves; orders and payments are of no use without the database."""
        if service in {"orders", "payments"}:
            self._database.run("SELECT 1")
        return 200, {"service": service, "status": "ok", "site": self.site}

    def users(self) -> Answer:
        rows = self._database.run("SELECT id, name FROM users ORDER BY id")
        return 200, {"users": [{"id": key, "name": name} for key, name in rows]}

    def products(self) -> Answer:
        rows = self._database.run("SELECT id, name, price_cents FROM products ORDER BY id")
        return 200, {"products": [{"id": key, "name": name, "price_cents": price} for key, name, price in rows]}

    def place_order(self, body: Mapping[str, Any]) -> Answer:
        """201 for a new order, 200 for the same one again, 409 for another one under a used id."""
        wanted = {
            "id": identity(body, "id"),
            "product_id": whole_number(body, "product_id"),
            "quantity": whole_number(body, "quantity"),
            "site": self.site,
        }
        rows = self._database.run(PLACE_ORDER, wanted)
        if not rows:
            # Either there is no such product, or the same order was placed at this very moment.
            rows = self._database.run(PLACE_ORDER, wanted)
        if not rows:
            return 404, {"error": f"There is no product {wanted['product_id']}."}
        created, key, product_id, quantity, site, taken_at = rows[0]
        if (product_id, quantity) != (wanted["product_id"], wanted["quantity"]):
            return 409, {"error": f"Order {key} exists already with other contents."}
        order = {"id": key, "product_id": product_id, "quantity": quantity, "site": site}
        return 201 if created else 200, order | {"taken_at": taken_at.isoformat()}

    def order(self, key: str) -> Answer:
        rows = self._database.run(READ_ORDER, {"id": identity({"id": key}, "id")})
        if not rows:
            return 404, {"error": f"There is no order {key}."}
        found, product_id, quantity, site, taken_at, paid_at = rows[0]
        return 200, {
            "id": found,
            "product_id": product_id,
            "quantity": quantity,
            "site": site,
            "taken_at": taken_at.isoformat(),
            "paid_at": paid_at.isoformat() if paid_at else None,
        }

    def pay_order(self, body: Mapping[str, Any]) -> Answer:
        """201 for a new payment, 200 when the order was paid before."""
        key = identity(body, "order_id")
        rows = self._database.run(PAY_ORDER, {"id": key, "site": self.site})
        if not rows:
            return 404, {"error": f"There is no order {key}."}
        created, order_id, amount_cents, site, paid_at = rows[0]
        payment = {"order_id": order_id, "amount_cents": amount_cents, "site": site}
        return 201 if created else 200, payment | {"paid_at": paid_at.isoformat()}


def identity(body: Mapping[str, Any], field: str) -> str:
    try:
        return str(uuid.UUID(str(body[field])))
    except (KeyError, ValueError):
        raise BadRequest(f"{field} must be a UUID that the client made.") from None


def whole_number(body: Mapping[str, Any], field: str) -> int:
    value = body.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
        raise BadRequest(f"{field} must be a whole number above 0.")
    return value
