"""The load client's resolver: an address is used for its time to live, not a moment longer."""

from __future__ import annotations

import pytest

from storefront.load.resolver import Answer, Resolver, Unresolved

FRANKFURT, DUBLIN = "10.10.1.31", "10.20.1.31"


class NameServers:
    """Stands for the authoritative servers: what each says now, and who was asked."""

    def __init__(self, **says: str) -> None:
        self.says = says
        self.asked: list[str] = []
        self.now = 100.0
        self.answer_seconds = 0.0

    def ask(self, server: str, name: str, seconds: float) -> Answer:
        assert name == "shop.storefront.example"
        self.asked.append(server)
        self.now += self.answer_seconds
        if server not in self.says:
            raise Unresolved("Timeout")
        return Answer((self.says[server],), 5.0)

    def resolver(self, *servers: str) -> Resolver:
        return Resolver("shop.storefront.example", servers, ask=self.ask, clock=lambda: self.now)


def test_an_address_is_not_asked_for_again_within_its_time_to_live() -> None:
    servers = NameServers(witness=FRANKFURT)
    resolver = servers.resolver("witness")
    assert resolver.address() == FRANKFURT
    servers.says = {"witness": DUBLIN}
    servers.now += 4.9
    assert resolver.address() == FRANKFURT
    assert servers.asked == ["witness"]


def test_a_changed_address_is_used_as_soon_as_the_old_one_expires() -> None:
    servers = NameServers(witness=FRANKFURT)
    resolver = servers.resolver("witness")
    resolver.address()
    servers.says = {"witness": DUBLIN}
    servers.now += 5.0
    assert resolver.address() == DUBLIN


def test_the_time_to_live_runs_from_the_question_not_from_the_answer() -> None:
    servers = NameServers(witness=FRANKFURT)
    servers.answer_seconds = 0.4
    resolver = servers.resolver("witness")
    resolver.address()
    servers.now += 4.6
    resolver.address()
    assert servers.asked == ["witness", "witness"]


def test_a_silent_server_is_passed_over_and_the_one_that_answered_is_asked_first_next_time() -> None:
    servers = NameServers(dublin=DUBLIN)
    resolver = servers.resolver("witness", "frankfurt", "dublin")
    assert resolver.address() == DUBLIN
    servers.now += 5.0
    resolver.address()
    assert servers.asked == ["witness", "frankfurt", "dublin", "dublin"]


def test_an_expired_address_is_not_used_when_nobody_answers() -> None:
    servers = NameServers(witness=FRANKFURT)
    resolver = servers.resolver("witness", "dublin")
    resolver.address()
    servers.says = {}
    servers.now += 5.0
    with pytest.raises(Unresolved, match="witness: Timeout; dublin: Timeout"):
        resolver.address()


def test_a_server_that_comes_back_is_found_again() -> None:
    servers = NameServers()
    resolver = servers.resolver("witness")
    with pytest.raises(Unresolved):
        resolver.address()
    servers.says = {"witness": DUBLIN}
    assert resolver.address() == DUBLIN
