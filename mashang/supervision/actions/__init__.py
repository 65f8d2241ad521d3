"""The verbs of a supervised matter. Importing this declares them."""

from mashang.cases.actions import common

from ..procedure import S, supervision
from . import matters

common.join(supervision, running=[S.ASSIGNED, S.REPORTED], steps=supervision.step_kinds)

__all__ = ["matters"]
