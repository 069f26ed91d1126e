# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be run where: plans with the schema of their parameters, and inventories."""

from __future__ import annotations

from fastapi import APIRouter

from ..errors import InvalidConfiguration
from ..inventories import Inventory
from ..plans import PLANS, Plan, plan_named
from ..schemas import InventoryList, InventoryView, PlanList, PlanView
from ..service import Service
from .request import ActorHere, ServiceHere

router = APIRouter(tags=["catalogue"])


@router.get("/plans")
def list_plans(service: ServiceHere, actor: ActorHere) -> PlanList:
    """List the plans."""
    startable = service.startable()
    return PlanList(plans=[_view(plan, plan.name in startable) for plan in PLANS.values()])


@router.get("/plans/{name}")
def show_plan(name: str, service: ServiceHere, actor: ActorHere) -> PlanView:
    """Show a plan with the JSON schema of its parameters for each inventory."""
    plan = plan_named(name)
    view = _view(plan, plan.name in service.startable())
    if view.is_startable:
        readable, _unreadable = _readable(service)
        view.schemas = {inventory.name: service.schema(plan, inventory) for inventory in readable}
    return view


@router.get("/inventories")
def list_inventories(service: ServiceHere, actor: ActorHere) -> InventoryList:
    """List the inventories: protection group, sites, objectives. They are read-only here."""
    readable, unreadable = _readable(service)
    return InventoryList(
        inventories=[
            InventoryView(
                name=inventory.name,
                group=inventory.group,
                environment=inventory.environment,
                sites=inventory.sites,
                objectives=inventory.objectives,
            )
            for inventory in readable
        ],
        unreadable=unreadable,
    )


def _readable(service: Service) -> tuple[list[Inventory], dict[str, str]]:
    found, unreadable = [], {}
    for name in service.inventories.names():
        try:
            found.append(service.inventories.get(name))
        except InvalidConfiguration as error:
            unreadable[name] = error.detail
    return found, unreadable


def _view(plan: Plan, is_startable: bool) -> PlanView:
    return PlanView(
        name=plan.name,
        title=plan.title,
        roles=sorted(plan.roles),
        holds=sorted(plan.holds),
        is_startable=is_startable,
    )
