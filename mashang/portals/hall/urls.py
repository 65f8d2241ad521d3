from __future__ import annotations

from django.urls import path

from . import apply, mandates, mine, views

app_name = "hall"
urlpatterns = [
    path("", views.home, name="home"),
    path("find", views.find, name="find"),
    path("guide/<str:code>", views.guide, name="guide"),
    path("track", views.track, name="track"),
    path("verify", views.verify, name="verify"),
    path("verify/<str:code>", views.verify_code, name="verify_code"),
    path("proof", views.proof, name="proof"),
    path("limits", views.limits, name="limits"),
    path("apply/<str:code>", apply.apply, name="apply"),
    path("apply/<str:code>/<str:part>", apply.apply, name="apply_part"),
    path("drafts/<str:form>", apply.draft, name="draft"),
    path("my", mine.cases_of, name="mine"),
    path("my/notices", mine.notices, name="notices"),
    path("my/mandates", mandates.mandates_of, name="mandates"),
    path("my/<str:number>", mine.case, name="case"),
    path("my/<str:number>/receipt", mine.receipt, name="receipt"),
    path("my/<str:number>/receipt.json", mine.receipt_file, name="receipt_file"),
    path("my/<str:number>/form.pdf", mine.form, name="form"),
    path("my/<str:number>/rate", mine.rate, name="rate"),
    path("my/<str:number>/result/<str:result>.pdf", mine.result, name="result"),
    path("my/<str:number>/file/<int:document>", mine.file, name="file"),
    path("my/<str:number>/do/<str:action>", mine.press, name="press"),
    path("my/<str:number>/do/<str:action>/<int:step>", mine.press, name="press_step"),
]
