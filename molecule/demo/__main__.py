"""make demo: the lab, the stack, the story, and the report."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import write_series
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
    verdict, page = write_series(story.reports, TITLE, place)
    narrator.act(len(story.reports) + 1, f"Verdict: {verdict}", "Every figure below was measured in this run.")
    for report in story.reports:
        narrator.say(f"{report['plan']} {report['mode'] or ''}".rstrip())
        narrator.figures(report)
    narrator.say(f"The report: {page}")
    return 0 if verdict == "verified" else 1


if __name__ == "__main__":
    sys.exit(main())
