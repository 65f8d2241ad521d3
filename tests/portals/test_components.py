"""The components as HTML, without a browser."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import parse_qs

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from mashang.kernel import clock
from mashang.kernel.refused import Fault, Refused
from mashang.portals.shared import forms, parts, samples
from mashang.portals.shared.parts import Field, Remaining

NOW = "2026-11-21 16:30"


def draw(source: str, path: str = "/", **context) -> str:
    request = RequestFactory().get(path)
    with clock.at(NOW):
        return Template("{% load mashang i18n %}" + source).render(Context({"request": request, **context}))


def at(text: str) -> datetime:
    return clock.local(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("remaining", "chinese", "english"),
    [
        # plenty of time
        (Remaining("left", 3, "wd", at("2026-11-28 17:30")), "剩 3 个工作日 · 11月28日 17:30 前", "3 working days left · by 28 Nov 17:30"),
        # one is singular in English
        (Remaining("soon", 1, "wd", at("2026-11-22 17:30")), "剩 1 个工作日 · 明天 17:30 前", "1 working day left · by tomorrow 17:30"),
        # due today, nothing whole left
        (Remaining("soon", 0, "wd", at("2026-11-21 18:00")), "今天到期 · 今天 18:00 前", "Due today · by today 18:00"),
        (Remaining("soon", 40, "min", at("2026-11-21 17:10")), "剩 40 分钟 · 今天 17:10 前", "40 minutes left · by today 17:10"),
        (Remaining("left", 3, "wh", at("2026-11-23 10:30")), "剩 3 个工作时 · 11月23日 10:30 前", "3 working hours left · by 23 Nov 10:30"),
        # late tells when it was due
        (Remaining("late", 1, "wd", at("2026-11-20 17:30")), "超 1 个工作日 · 应于 昨天 17:30 前", "1 working day late · was due yesterday 17:30"),
        # less than a unit late
        (Remaining("late", 0, "wd", at("2026-11-21 16:00")), "已超期 · 应于 今天 16:00 前", "Overdue · was due today 16:00"),
        # a pause has no due time and says why
        (Remaining("paused", ground="现场踏勘"), "暂停 · 现场踏勘", "Paused · 现场踏勘"),
        # beyond the known holiday notices, and in another year
        (Remaining("left", 30, "wd", at("2027-01-05 17:30"), provisional=True), "剩 30 个工作日 · 2027年1月5日 17:30 前（暂定，节假日安排公布后重算）", "30 working days left · by 5 Jan 2027 17:30 (provisional until the holiday notice)"),
        (Remaining("done"), "已办结", "Settled"),
        (Remaining("none"), "未计时", "No clock"),
    ],
)  # fmt: skip
def test_remaining_time_is_told_in_words(remaining, chinese, english):
    for language, words in (("zh-hans", chinese), ("en", english)):
        with translation.override(language):
            assert re.sub("<[^>]+>", "", draw("{% remaining r %}", r=remaining)) == words


def test_a_short_remaining_keeps_the_date_as_a_tooltip():
    html = draw("{% remaining r short=True %}", r=Remaining("left", 3, "wd", at("2026-11-28 17:30")))
    assert 'title="11月28日 17:30 前"' in html
    assert "· 11月28日" not in html


@pytest.mark.parametrize("state", parts.LAMPS)
def test_a_lamp_has_colour_shape_and_word(state):
    html = draw("{% lamp state %}", state=state)
    assert f'class="lamp {state}"' in html
    assert "<path" in html
    assert re.sub("<[^>]+>", "", html).strip()


def test_no_two_lamps_share_a_shape():
    shapes = [re.search(' d="([^"]+)"', draw("{% lamp s %}", s=s))[1] for s in parts.LAMPS]
    assert len(set(shapes)) == len(shapes)


def test_an_unknown_lamp_state_is_drawn_as_without_a_clock():
    assert 'class="lamp none"' in draw("{% lamp 'purple' 'x' %}")


WICKED = '<script>alert("1")</script>'


@pytest.mark.parametrize(
    ("source", "context"),
    [
        ("{% lamp 'ok' w %}", {"w": WICKED}),
        ("{% facts f %}", {"f": [(WICKED, WICKED)]}),
        ("{% timeline t %}", {"t": [parts.Moment(at(NOW), WICKED, WICKED, more=WICKED)]}),
        ("{% why l %}", {"l": [parts.WhyLine(WICKED, WICKED, source=WICKED)]}),
        ("{% table t %}", {"t": parts.Table((parts.Column(WICKED),), (parts.Row((parts.Cell(WICKED, "#", WICKED),), WICKED),), "", WICKED, WICKED)}),
        ("{% table t %}", {"t": parts.Table((), (), WICKED)}),
        ("{% tabs t %}", {"t": [parts.Tab(WICKED, "#")]}),
        ("{% chips f %}", {"f": [parts.Filter("a", WICKED, [("1", WICKED)])]}),
        ("{% field f %}", {"f": Field(WICKED, WICKED, help=WICKED, error=WICKED, value=WICKED, attrs={"data-x": WICKED})}),
        ("{% field f %}", {"f": Field("n", WICKED, "textarea", value="</textarea>" + WICKED)}),
        ("{% field f %}", {"f": Field("n", WICKED, "multi", choices=[(WICKED, WICKED, WICKED)])}),
        ("{% error_summary f %}", {"f": [Fault("x", WICKED)]}),
        ("{% tile_map t %}", {"t": [parts.Tile(0, 0, WICKED, href="#", title=WICKED)]}),
        ("{% bars b %}", {"b": [parts.Bar(WICKED, 1, WICKED)]}),
        ("{% progress p %}", {"p": parts.Progress(WICKED, note=WICKED)}),
        ("{% side_nav g %}", {"g": [parts.NavGroup((parts.NavItem(WICKED, "#"),), WICKED)]}),
        ("{% box 'ok' w %}{{ w }}{% endbox %}", {"w": WICKED}),
        ("{% ribbon r %}", {"r": parts.Ribbon((parts.RibbonRow(WICKED, (parts.Segment(at("2026-11-20 09:00"), at(NOW), "done", WICKED),), WICKED),))}),
    ],
)  # fmt: skip
def test_no_component_lets_markup_through(source, context):
    html = draw(source, **context)
    assert "script" in html
    assert "<script>" not in html


def test_an_empty_table_says_why():
    html = draw("{% table t %}", t=samples.inbox(full=False))
    assert "您只看得到祥谦镇的件" in html
    assert "<table" not in html


def test_a_sorted_column_turns_round_and_forgets_the_page():
    html = draw("{% table t %}", "/?sort=due&after=x&q=路灯", t=samples.inbox())
    link = re.search(r'aria-sort="ascending"><a href="\?([^"]+)"', html)[1].replace("&amp;", "&")
    assert parse_qs(link) == {"sort": ["-due"], "q": ["路灯"]}


def test_filters_live_in_the_address():
    chosen = [
        parts.Filter("step", "环节", [("a", "核查", 4), ("b", "决定")], many=True),
        parts.Filter("x", "渠道", [("w", "窗口")]),
    ]
    html = draw("{% chips f %}", "/?step=a&after=9&q=1", f=chosen)
    links = {
        re.sub("<[^>]+>", "", text): parse_qs(href.replace("&amp;", "&"))
        for href, text in re.findall(r'<a href="\?([^"]*)"[^>]*>(.*?)</a>', html)
    }
    assert "环节：核查" in html
    assert links["✓ 核查4"] == {"q": ["1"]}
    assert links["决定"] == {"q": ["1"], "step": ["a", "b"]}
    assert links["窗口"] == {"q": ["1"], "step": ["a"], "x": ["w"]}
    assert 'class="small" href="?q=1"' in html


def test_an_error_stands_between_label_and_control_and_in_the_summary():
    refused = Refused.of([Fault("a", "面积太大。", "area"), Fault("b", "缺少签名。")])
    form = forms.build(
        [{"name": "area", "label": "面积", "type": "number", "help": "平方米"}],
        action="/x",
        values={"area": "160"},
        refused=refused,
    )
    html = draw("{% form f %}", f=form)
    order = [
        html.index(part)
        for part in ("缺少签名", 'for="f-area"', 'id="f-area-help"', 'id="f-area-fault"', '<input type="number"')
    ]
    assert order == sorted(order)
    assert 'href="#f-area">面积太大。' in html
    assert 'aria-describedby="f-area-help f-area-fault"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="160"' in html


def test_a_refused_form_keeps_its_key_and_a_new_one_gets_a_new_one():
    assert forms.build([], action="/", key="k1").key == "k1"
    assert forms.build([], action="/", key=None).key != forms.build([], action="/").key


def test_the_server_draft_is_only_for_people_who_are_signed_in():
    form = forms.build([], action="/", draft="house-v3", draft_url="/drafts/house")
    assert "data-draft-url" not in draw("{% form f %}", f=form)
    assert 'data-draft="house-v3"' in draw("{% form f %}", f=form)


@pytest.mark.parametrize("field", samples.fields(), ids=lambda f: f.name)
def test_every_control_has_a_label_of_its_own(field):
    html = draw("{% field f %}", f=field)
    assert field.label in html
    if "<fieldset" not in html:
        assert f'for="{field.id}"' in html
        assert f'id="{field.id}"' in html


def test_what_was_posted_is_read_by_type():
    data = RequestFactory().post("/", {"held": ["id", "plan"], "words": "好", "agree": "1", "paper": "x"}).POST
    values = forms.typed(data, samples.fields())
    assert (values["held"], values["words"], values["agree"]) == (["id", "plan"], "好", True)
    assert "paper" not in values
    assert forms.typed(RequestFactory().post("/").POST, samples.fields())["agree"] is False


def test_a_field_description_with_a_wrong_key_is_refused():
    with pytest.raises(TypeError):
        Field.of({"name": "a", "lable": "typo"})


def test_the_map_shows_all_84_counties_once():
    html = draw("{% tile_map t %}", t=samples.tiles())
    assert html.count("<rect") == 84
    assert 'aria-label="龙岩市武平县 将到期 4"' in html


def test_progress_asks_again_only_while_it_runs():
    assert 'hx-trigger="every 2s"' in draw("{% progress p %}", p=samples.progress(10))
    assert "hx-" not in draw("{% progress p %}", p=samples.progress(40))
    assert "hx-" not in draw("{% progress p %}", p=parts.Progress("x", state="failed", url="/x"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), ("", "—"), (True, "是"), (0, "0"), (12.5, "12.5"), (at("2025-11-20 09:05"), "2025-11-20 09:05"), (at("2026-11-20 09:05"), "11-20 09:05"), (at(NOW).date(), "11-21")],
)  # fmt: skip
def test_any_value_can_stand_in_a_cell(value, text):
    assert draw("{{ v|shown }}", v=value) == text
