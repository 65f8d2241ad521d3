"""The rules of time: limits, calendars, due times, running clocks, whose second it is. Pure; no database, no Django.

Arrays of due times are in `rules.batch`, apart because numpy takes longer to load than a single due date to compute.
"""

from .attribution import APPLICANT, EXCLUDED, Exclusion, Parts, Share, StepSpan, attribute
from .calendar import AHEAD, Calendar, compile_calendar
from .counting import USUAL_COUNTING, Counting, Due, Line
from .explain import WEEKEND, explain
from .hours import USUAL, YEAR, OpeningHours, Timetable, period_of, read_season
from .limit import UNITS, Limit
from .notices import Day, Notice, Overlay, doubts, read_document, read_notice, read_reason
from .publishing import NewVersion, next_version, too_long
from .rule import KINDS, ClockRule, Extension, Ground, read_rule, write_rule
from .running import (
    ClockRow,
    Extended,
    Pause,
    due_of,
    explain_row,
    extend,
    lasting,
    resume,
    start,
    stop,
    suspend,
)

__all__ = [
    "AHEAD", "APPLICANT", "EXCLUDED", "KINDS", "UNITS", "USUAL", "USUAL_COUNTING", "WEEKEND", "YEAR",
    "Calendar", "ClockRow", "ClockRule", "Counting", "Day", "Due", "Exclusion", "Extended", "Extension", "Ground",
    "Limit", "Line", "NewVersion", "Notice", "OpeningHours", "Overlay", "Parts", "Pause", "Share", "StepSpan", "Timetable",
    "attribute", "compile_calendar", "doubts", "due_of", "explain", "explain_row", "extend", "lasting", "next_version",
    "period_of", "read_document", "read_notice", "read_reason", "read_rule", "read_season", "resume", "start", "stop", "suspend", "too_long",
    "write_rule",
]  # fmt: skip
