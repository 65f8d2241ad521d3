from __future__ import annotations

from django.urls import path

from . import case, inbox, lists, score, text, watch

app_name = "desk"
urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("find", lists.find, name="find"),
    path("cases", lists.cases_list, name="cases"),
    path("cases.xlsx", lists.export, name="export"),
    path("intake", lists.intake, name="intake"),
    path("sites", lists.sites, name="sites"),
    path("notices", inbox.notices, name="notices"),
    path("assign", inbox.assign_many, name="assign_many"),
    path("days.json", inbox.days, name="days"),
    path("watch", watch.matters, name="watch"),
    path("watch/new", watch.assign, name="assign_matter"),
    path("score", score.sheet, name="score"),
    path("score/run", score.run, name="score_run"),
    path("score/scheme/<int:scheme>", score.scheme, name="score_scheme"),
    path("score/<int:run>/<int:unit>", score.unit, name="score_unit"),
    path("score/<int:run>/what-if", score.what_if, name="score_what_if"),
    path("score/<int:run>/proof", score.proof, name="score_proof"),
    path("score/<int:run>/inputs.json", score.inputs, name="score_inputs"),
    path("score/<int:run>/scores.xlsx", score.workbook, name="score_workbook"),
    path("text", text.replies, name="text"),
    path("text/hot", text.hot, name="text_hot"),
    path("text/similar", text.similar, name="text_similar"),
    path("text/classify", text.classify, name="text_classify"),
    path("text/mask", text.mask, name="text_mask"),
    path("case/<str:number>", case.case, name="case"),
    path("case/<str:number>/file/<int:document>", case.file, name="file"),
    path("case/<str:number>/result/<str:result>.pdf", case.result, name="result"),
    path("case/<str:number>/reveal/<int:person>", case.reveal, name="reveal"),
    path("case/<str:number>/do/<str:action>", case.press, name="press"),
    path("case/<str:number>/do/<str:action>/<int:step>", case.press, name="press_step"),
]
