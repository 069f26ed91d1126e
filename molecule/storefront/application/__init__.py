"""A small web shop with four services: users, products, orders and payments."""
