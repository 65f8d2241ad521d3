from __future__ import annotations

from django.urls import path

from . import calendar, clocks, divisions, others, people

app_name = "admin"
urlpatterns = [
    path("units", people.units, name="units"),
    path("units/<int:id_>", people.unit, name="unit"),
    path("staff/<int:id_>", people.staff, name="staff"),
    path("divisions", divisions.divisions, name="divisions"),
    path("divisions/find", divisions.find, name="find_division"),
    path("divisions/<str:code>", divisions.division, name="division"),
    path("calendar", calendar.calendar, name="calendar"),
    path("clocks", clocks.clocks, name="clocks"),
    path("clocks/<str:code>", clocks.clock, name="clock"),
    path("absences", others.absences, name="absences"),
    path("clients", others.clients, name="clients"),
    path("why", others.why, name="why"),
    path("rights", others.rights, name="rights"),
]
