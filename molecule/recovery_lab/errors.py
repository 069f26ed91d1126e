"""The one kind of failure that the lab reports: a line a person can act on."""

from __future__ import annotations


class LabError(Exception):
    """What went wrong and what to do, in one line."""


class UnsupportedMachineError(LabError):
    """The machine cannot carry a lab at all."""
