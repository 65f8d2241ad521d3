from __future__ import annotations

from django.urls import path

from . import cases, home

app_name = "cockpit"
urlpatterns = [
    path("", home.home, name="home"),
    path("cases", cases.listed, name="cases"),
]
