from __future__ import annotations

from django.urls import path

from . import views

app_name = "shared"
urlpatterns = [
    path("preferences", views.preferences, name="preferences"),
    path("days", views.working_days, name="days"),
    path("styleguide", views.styleguide, name="styleguide"),
    path("styleguide/days.json", views.sample_days, name="sample_days"),
    path("styleguide/progress/<int:done>", views.sample_progress, name="sample_progress"),
    path("styleguide/check", views.sample_check, name="sample_check"),
    path("styleguide/<slug:portal>", views.styleguide, name="styleguide_portal"),
]
