"""What stands where in the lab, as its hosts themselves say."""

from __future__ import annotations

from dataclasses import dataclass, replace

# The programs as they are, with no wrapper before them: they start many times a second.
_CLIENT = "/usr/lib/postgresql/15/bin/psql"
_DATABASE = (
    f"runuser -u postgres -- {_CLIENT} -XAtc \"SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END, "
    "(SELECT timeline_id FROM pg_control_checkpoint()), coalesce((SELECT status FROM pg_stat_wal_receiver), '')\" "
    "2>/dev/null || echo 'down||'; ls /var/lib/recovery/lease"
)
_PROXY = (
    "sed -n 's/.*host=\\([^ ]*\\).*/\\1/p' /etc/pgbouncer/databases.ini; "
    "echo 'show servers state storefront' | python3 -ISc \"import socket, sys; s = socket.socket(socket.AF_UNIX); "
    "s.connect('/run/haproxy/admin.sock'); s.sendall(sys.stdin.read().encode()); "
    'print(s.makefile().read().splitlines()[2].split()[6])"'
)
_SHOP = "service storefront status | awk '{print $NF}'; ls /etc/rc2.d | grep -q '^S.*storefront' && echo enabled"
_NAMES = "dig +short @10.30.1.12 shop.storefront.example A _recovery.storefront.example TXT"

READERS = (
    ("fra-db1", _DATABASE),
    ("dub-db1", _DATABASE),
    ("fra-proxy1", _PROXY),
    ("dub-proxy1", _PROXY),
    ("fra-app1", _SHOP),
    ("dub-app1", _SHOP),
    ("wit-dns1", _NAMES),
)


@dataclass(frozen=True)
class World:
    """One observation; two of them are equal when nothing was changed in between."""

    databases: tuple[str, ...]
    leases: tuple[str, ...]
    proxies: tuple[str, ...]
    shops: tuple[str, ...]
    names: str

    @classmethod
    def of(cls, said: list[str]) -> World:
        databases = [text.strip().splitlines() for text in said[:2]]
        return cls(
            databases=tuple(lines[0] if lines else "silent" for lines in databases),
            leases=tuple(lease for lines in databases for lease in lines[1:]),
            proxies=tuple(" ".join(text.split()) for text in said[2:4]),
            shops=tuple(" ".join(text.split()) for text in said[4:6]),
            names=" ".join(said[6].split()),
        )

    @property
    def roles(self) -> tuple[str, ...]:
        """What each site's database is: primary, standby, down or silent; frankfurt first."""
        return tuple(text.partition("|")[0] for text in self.databases)

    @property
    def primaries(self) -> int:
        return self.roles.count("primary")

    @property
    def names_point_at(self) -> str:
        return {"10.10.1.31": "frankfurt", "10.20.1.31": "dublin"}.get(self.names.partition(" ")[0], "nowhere")

    @property
    def is_home(self) -> bool:
        """Frankfurt serves, dublin streams from it and is ready, and nobody holds the group."""
        return (
            self.roles == ("primary", "standby")
            and self.databases[1].endswith("|streaming")
            and self.shops == ("running enabled", "stopped")
            and self.proxies == ("10.10.1.11 0", "10.10.1.11 0")
            and self.names_point_at == "frankfurt"
            and not self.leases
        )

    def without_receivers(self) -> World:
        """For comparisons while a primary is silent: its standby notices only after a while."""
        return replace(self, databases=tuple(text.rpartition("|")[0] for text in self.databases))
