"""The verbs of an application. Importing this declares them."""

from mashang.cases.actions import common

from ..procedure import RUNNING, application
from . import decision, intake, review
from .erasing import Erase, erase

common.join(application, running=RUNNING, steps=application.step_kinds)

__all__ = ["Erase", "decision", "erase", "intake", "review"]
