-- The storefront's tables. Safe to run again: what exists stays as it is.
CREATE TABLE IF NOT EXISTS users (
    id    integer PRIMARY KEY,
    name  text NOT NULL,
    email text NOT NULL UNIQUE
);

CREATE TABLE IF NOT EXISTS products (
    id          integer PRIMARY KEY,
    name        text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents > 0)
);

-- The client makes the id, so that what was acknowledged and what is present can be compared;
-- site is the one whose application took the write.
CREATE TABLE IF NOT EXISTS orders (
    id         uuid PRIMARY KEY,
    product_id integer NOT NULL REFERENCES products,
    quantity   integer NOT NULL CHECK (quantity > 0),
    site       text NOT NULL,
    taken_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS orders_taken_at ON orders (taken_at);

CREATE TABLE IF NOT EXISTS payments (
    order_id     uuid PRIMARY KEY REFERENCES orders,
    amount_cents integer NOT NULL,
    site         text NOT NULL,
    paid_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO users (id, name, email) VALUES
    (1, 'Ada', 'ada@storefront.example'),
    (2, 'Grace', 'grace@storefront.example'),
    (3, 'Edsger', 'edsger@storefront.example')
ON CONFLICT DO NOTHING;

INSERT INTO products (id, name, price_cents) VALUES
    (1, 'Teapot', 2400),
    (2, 'Lantern', 3900),
    (3, 'Umbrella', 1850),
    (4, 'Notebook', 650),
    (5, 'Lifebuoy', 5200)
ON CONFLICT DO NOTHING;
