"""Where every address leads."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

handler400 = "mashang.portals.shared.errors.bad_request"
handler403 = "mashang.portals.shared.errors.forbidden"
handler404 = "mashang.portals.shared.errors.not_found"
handler500 = "mashang.portals.shared.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("mashang.api.urls")),
    path("", include("mashang.portals.shared.urls")),
    path("accounts/", include("mashang.portals.shared.accounts.urls")),
    path("", include("mashang.portals.hall.urls")),
    path("desk/", include("mashang.portals.desk.urls")),
    path("cockpit/", include("mashang.portals.cockpit.urls")),
    path("desk/admin/", include("mashang.portals.desk.admin_pages.urls")),
]
