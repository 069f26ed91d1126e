# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small client of the API: start, follow, show, cancel, acknowledge."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from .errors import RunnerError

_RECONNECTS = 60


class Refused(RunnerError):
    """The service said no; ``problem`` is what it said."""

    title = "The service refused"

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail", f"status {status}")))
        self.http_status = status
        self.problem = problem


class Followed(NamedTuple):
    """One message of the stream: kind is event, run or end."""

    kind: str
    data: dict[str, Any]


class RunnerClient:
    """Speaks to one service with one token."""

    def __init__(self, address: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def start(
        self,
        plan: str,
        inventory: str,
        parameters: dict[str, Any],
        *,
        check: bool = False,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = {"plan": plan, "inventory": inventory, "parameters": parameters, "check": check}
        return self._answer(self._http.post("/api/v1/runs", json=body, headers=headers))

    def show(self, run_id: str) -> dict[str, Any]:
        return self._answer(self._http.get(f"/api/v1/runs/{run_id}"))

    def cancel(self, run_id: str) -> dict[str, Any]:
        return self._answer(self._http.post(f"/api/v1/runs/{run_id}/cancel"))

    def acknowledge(self, run_id: str) -> dict[str, Any]:
        return self._answer(self._http.post(f"/api/v1/runs/{run_id}/acknowledge"))

    def wait(self, run_id: str) -> dict[str, Any]:
        """Follow a run to its end and return it with its steps and report."""
        for _event in self.follow(run_id):
            pass
        return self.show(run_id)

    def follow(self, run_id: str) -> Iterator[Followed]:
        """All that happens in a run until its end; a broken stream is taken up where it broke."""
        last, failures = 0, 0
        while True:
            try:
                for number, followed in self._stream(run_id, last):
                    last, failures = number or last, 0
                    yield followed
                    if followed.kind == "end":
                        return
            except httpx.TransportError:
                failures += 1
                if failures > _RECONNECTS:
                    raise
                time.sleep(0.5)

    def _stream(self, run_id: str, after: int) -> Iterator[tuple[int | None, Followed]]:
        headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
        with self._http.stream("GET", f"/api/v1/runs/{run_id}/events/stream", headers=headers) as response:
            if response.status_code != 200:
                response.read()
                self._answer(response)
            fields: dict[str, str] = {}
            for line in response.iter_lines():
                if line:
                    name, _colon, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                if "data" in fields:
                    number = int(fields["id"]) if fields.get("id") else None
                    yield number, Followed(fields.get("event", "message"), json.loads(fields["data"]))
                fields = {}

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        try:
            body: dict[str, Any] = response.json()
        except ValueError:
            body = {"detail": response.text[:500]}
        if response.is_error:
            raise Refused(response.status_code, body)
        return body
