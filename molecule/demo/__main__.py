"""make demo: the lab, the stack, the story, and the report."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.build import build_series
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.page import render_series_page
from demo.narration import Narrator
from demo.stage import PROJECT, Lab, Service, StageError
from demo.story import Story

TITLE = "The storefront's day: protected, moved, lost, recovered, restored"


def main() -> int:
    narrator = Narrator()
    lab = Lab(os.environ.get("RECOVERY_LAB", "demo"))
    service = Service(lab, int(os.environ.get("DISASTER_RECOVERY_PORT", "8891")))
    story = Story(lab, service, narrator)
    place = PROJECT / "build" / "demo"
    try:
        narrator.say("two sites and a witness: 9 hosts with their own network, disk and servers")
        lab.do("destroy")
        lab.do("up")
        lab.playbook("molecule/provision/site.yml")
        service.start()
        narrator.say(f"the stack runs; the runner service listens at {service.address}")
        story.run_all()
        return finish(narrator, story, place)
    except StageError as error:
        narrator.say(f"The demo stopped: {error}")
        return 1
    finally:
        service.stop()


def finish(narrator: Narrator, story: Story, place: Path) -> int:
    """Write the report of all runs and say the figures."""
    series = build_series(story.reports, TITLE)
    place.mkdir(parents=True, exist_ok=True)
    (place / "report.json").write_text(json.dumps(series, indent=2) + "\n", encoding="utf-8")
    page = place / "report.html"
    page.write_text(render_series_page(series), encoding="utf-8")
    narrator.verdict(series["verdict"])
    for report in story.reports:
        narrator.say(f"{report['plan']} {report['mode'] or ''}".rstrip())
        narrator.figures(report)
    narrator.say(f"The report: {page.relative_to(PROJECT)} and report.json beside it")
    return 0 if series["verdict"] == "verified" else 1


if __name__ == "__main__":
    sys.exit(main())
