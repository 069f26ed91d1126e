"""The shop that the lab carries from site to site, and the client that shops there."""
