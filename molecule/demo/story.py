"""The acts, in order. Each does something real and keeps its report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from demo.narration import Narrator
from demo.stage import Lab, Service, StageError, read_report

HOME, AWAY = "frankfurt", "dublin"
DATABASE_HOSTS = {HOME: "fra-db1", AWAY: "dub-db1"}
PROBE = "wit-probe1"
RECORD = "/var/lib/recovery-probe/record.jsonl"
BESIDE = "/var/lib/postgresql/15/beside"


class Story:
    def __init__(self, lab: Lab, service: Service, narrator: Narrator) -> None:
        self.lab = lab
        self.service = service
        self.narrator = narrator
        self.reports: list[dict[str, Any]] = []

    def run_all(self) -> None:
        for number, act in enumerate(self._acts(), start=1):
            act(number)

    def _acts(self) -> list[Callable[[int], None]]:
        return [
            self.protect,
            self.open_the_shop,
            self.move_away,
            self.move_home,
            self.lose_the_site,
            self.recover_in_an_emergency,
            self.bring_the_site_back,
            self.lose_a_table_and_restore,
        ]

    def protect(self, number: int) -> None:
        self.narrator.act(
            number,
            "Protect",
            "Log archiving into two repositories (a repository host and an object store), a boot guard on both "
            "databases, an observer at the witness, and a first backup of which every byte is read back.",
        )
        self._run("protect", {})

    def open_the_shop(self, number: int) -> None:
        self.narrator.act(
            number,
            "Open the shop",
            "Clients place orders at a steady rate through the public name. They know nothing of what comes.",
        )
        self.lab.on(PROBE, "service", "recovery-probe", "start")
        self._wait_for("the first orders", lambda: self._good_orders() >= 20, 20)
        self.narrator.say(f"{self._good_orders()} orders placed; the shop is open at {HOME}")

    def move_away(self, number: int) -> None:
        self.narrator.act(
            number,
            f"Planned failover, {HOME} → {AWAY}",
            "Under load, without losing an order or failing a request: applications are warmed, the poolers hold the "
            "traffic for a moment, the old primary is stopped cleanly, the new one promoted, and the name moves.",
        )
        self._move("failover", HOME, AWAY, "planned")

    def move_home(self, number: int) -> None:
        self.narrator.act(number, f"Failback, {AWAY} → {HOME}", "The same plan, the other way round.")
        self._move("failback", AWAY, HOME, "planned")

    def lose_the_site(self, number: int) -> None:
        self.narrator.act(
            number,
            f"The power fails in {HOME}",
            "All of its hosts go silent at once, in the middle of orders. Nothing answers there any more.",
        )
        self.lab.do("power-off", HOME)
        self.narrator.say(f"{HOME} is dark")

    def recover_in_an_emergency(self, number: int) -> None:
        self.narrator.act(
            number,
            f"Emergency failover, {HOME} → {AWAY}",
            "What would be lost is computed from the observer's record and shown. Then the power switch is told to "
            f"keep {HOME} off and answers that it is: only with that proof is {AWAY} promoted.",
        )
        report = self._move("failover", HOME, AWAY, "emergency")
        estimate = report.get("loss_estimate") or {}
        lost = report["rpo"]["acknowledged_lost"]
        self.narrator.say(
            f"  → estimate before the decision: {estimate.get('bytes')} bytes, {estimate.get('transactions')} "
            f"transactions, {estimate.get('seconds')} s; acknowledged orders really lost: {lost}"
        )
        for proof in report.get("fence_proofs") or []:
            self.narrator.say(f"  → fence proof: {proof['site']} by {proof['method']}, level {proof['level']}")

    def bring_the_site_back(self, number: int) -> None:
        self.narrator.act(
            number,
            f"{HOME} has power again",
            "Its database was a primary when the power failed. The boot guard asks the peers and the witness before it "
            "starts: it must not write. Then it is rewound and follows.",
        )
        host = DATABASE_HOSTS[HOME]
        self.lab.do("power-on", HOME)
        self._wait_for("the boot guard's decision", lambda: bool(self._guard(host)), 30)
        guard = self._guard(host)
        self.narrator.say(f"boot guard on {host}: {guard['act']}, since {guard['reason']}")
        self._run("reprotect", {"recovery_source_site": HOME, "recovery_target_site": AWAY})

    def lose_a_table_and_restore(self, number: int) -> None:
        host = DATABASE_HOSTS[AWAY]
        self.narrator.act(
            number,
            "A table is dropped by mistake",
            "The database is restored to the second before, beside the live one, and the orders are compared.",
        )
        self.lab.on(PROBE, "service", "recovery-probe", "stop")
        before = int(self.lab.sql(host, "SELECT count(*) FROM orders"))
        moment = self.lab.sql(host, "SELECT clock_timestamp()")
        self.lab.sql(host, "DROP TABLE orders CASCADE")
        self.narrator.say(f"{before} orders were there at {moment}; the table is gone now")
        self._run(
            "restore",
            {
                "recovery_restore_database": "orders",
                "recovery_restore_site": AWAY,
                "recovery_restore_target_time": moment,
                "recovery_restore_beside": BESIDE,
            },
        )
        restored = int(self.lab.sql(host, "SELECT count(*) FROM orders", socket=BESIDE))
        self.narrator.say(f"{restored} of {before} orders are in the copy")
        if restored != before:
            raise StageError(f"the restored copy holds {restored} orders, {before} were there")

    def _move(self, plan: str, source: str, target: str, mode: str) -> dict[str, Any]:
        parameters = {"recovery_source_site": source, "recovery_target_site": target, "recovery_mode": mode}
        # Only in an emergency clients wait; a planned move has nothing to race against.
        return self._run(plan, parameters, objective=30 if mode == "emergency" else None)

    def _run(self, plan: str, parameters: dict[str, Any], objective: float | None = None) -> dict[str, Any]:
        told: list[str] = []

        def tell(name: str, seconds: float) -> None:
            is_racing = objective and "validation" not in told
            told.append(name)
            self.narrator.step(name, seconds, objective if is_racing else None)

        run = self.service.run(plan, parameters, tell)
        if run["status"] != "succeeded":
            tail = "\n".join(self.service.log_of(run).splitlines()[-40:])
            raise StageError(f"the run {run['id']} of {plan} ended {run['status']}: {run['error']}\n{tail}")
        report = read_report(self.lab, run)
        self.reports.append(report)
        self.narrator.figures(report)
        return report

    def _good_orders(self) -> int:
        lines = self.lab.on(PROBE, "cat", RECORD, check=False).splitlines()
        entries = [json.loads(line) for line in lines if line.endswith("}")]
        return sum(1 for entry in entries if entry.get("ok") and entry.get("kind") == "order")

    def _guard(self, host: str) -> dict[str, Any]:
        text = self.lab.on(host, "cat", "/var/lib/recovery/boot_guard.json", check=False)
        decided: list[dict[str, Any]] = json.loads(text)["databases"] if text.startswith("{") else []
        return decided[0] if decided else {}

    def _wait_for(self, what: str, is_there: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > until:
                raise StageError(f"waited {seconds:g} s for {what}")
            time.sleep(0.25)
