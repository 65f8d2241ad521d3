"""The frame round every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.test import Client

from mashang.kernel.actor import Actor
from mashang.portals.shared import samples
from mashang.portals.shared.context import script_strings

PORTALS = Path(__file__).resolve().parents[2] / "mashang" / "portals"
TEMPLATES = sorted(p for p in PORTALS.rglob("templates/**/*.html"))
CSS = (PORTALS / "shared/static/shared/tokens.css").read_text("utf-8")
pytestmark = pytest.mark.django_db


@pytest.fixture
def chinese(client: Client) -> Client:
    return Client(headers={"Accept-Language": "zh-CN"})


@pytest.mark.parametrize("name", samples.PORTALS)
def test_style_pages_are_shown_only_in_the_demo(name, chinese, settings):
    settings.DEMO = False
    assert chinese.get(f"/styleguide/{name}").status_code == 404
    settings.DEMO = True
    assert chinese.get(f"/styleguide/{name}").status_code == 200


@pytest.mark.usefixtures("demo")
class TestPolicy:
    def test_nothing_inline_and_nothing_from_elsewhere_may_run(self, chinese):
        policy = chinese.get("/styleguide")["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy

    def test_every_address_on_a_page_is_our_own(self, chinese):
        html = chinese.get("/styleguide").content.decode()
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)

    def test_htmx_neither_evaluates_nor_styles_nor_keeps_pages(self, chinese):
        html = chinese.get("/styleguide").content.decode()
        for setting in ('"includeIndicatorStyles":false', '"allowEval":false', '"historyCacheSize":0'):
            assert setting in html


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(PORTALS)))
def test_templates_hold_no_inline_style_or_script_and_compile(path):
    source = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", source)
    get_template(str(path).split("/templates/", 1)[1])


def test_large_print_is_kept_in_a_cookie(chinese, settings):
    settings.DEMO = True
    answer = chinese.post("/preferences", {"elder": "1", "next": "/styleguide/hall?a=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/styleguide/hall?a=1")
    assert "hall elder" in chinese.get("/styleguide/hall").content.decode()
    chinese.post("/preferences", {"elder": "0"})
    assert "hall elder" not in chinese.get("/styleguide/hall").content.decode()


def test_the_chosen_language_goes_before_the_browsers(chinese, settings):
    settings.DEMO = True
    assert 'lang="zh-CN" class="hall' in chinese.get("/styleguide/hall").content.decode()
    chinese.post("/preferences", {"language": "en"})
    assert 'lang="en" class="hall' in chinese.get("/styleguide/hall").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_switches_lead_nowhere_else(chinese, target):
    assert chinese.post("/preferences", {"next": target})["Location"] == "/"


def test_unknown_preferences_change_nothing(chinese):
    assert not chinese.post("/preferences", {"language": "xx", "elder": "7"}).cookies
    assert chinese.get("/preferences").status_code == 405


def test_people_who_are_signed_in_see_their_name_and_the_way_out(rf):
    from_here = {"actor": Actor("staff", id=7, name="林某某（演示）")}
    html = draw_bar(rf, **from_here)
    assert "林某某（演示）" in html
    assert "退出登录" in html
    assert "快捷键" in html
    assert "登录</a>" not in html


def test_visitors_see_the_way_in(rf):
    html = draw_bar(rf)
    assert "登录</a>" in html
    assert "退出登录" not in html


def draw_bar(rf, **attributes) -> str:
    request = rf.get("/")
    for name, value in attributes.items():
        setattr(request, name, value)
    return get_template("shared/parts/who.html").render({}, request)


def test_scripts_ask_only_for_strings_that_exist():
    asked = set()
    for path in (PORTALS / "shared/static/shared").glob("*.js"):
        source = path.read_text("utf-8")
        asked |= set(re.findall(r'say\("(\w+)"', source))
        asked |= {f"queue_{state}" for state in ("waiting", "sending", "refused", "sign_in", "sent")}
    asked |= {"previous_month", "next_month", "saved", "saved_here", "restored"}
    assert asked == set(script_strings())


@pytest.mark.parametrize(
    "name", ["tokens.css", "base.css", "parts.css", "mashang.js", "drafts.js", "days.js", "offline.js", "mark.svg"]
)
def test_the_files_of_the_shell_are_found(name):
    assert finders.find(f"shared/{name}")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def tokens(selector: str) -> dict[str, str]:
    """The tokens of the root, overlaid by those of a mode."""
    found: dict[str, str] = {}
    for wanted in (":root", selector):
        block = CSS[CSS.index(f"\n{wanted} {{") :].split("}", 1)[0]
        found |= {
            k: (v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]))
            for k, v in re.findall(r"--([\w-]+): (#[0-9a-f]+)", block)
        }
    return found


@pytest.mark.parametrize("mode", [":root", ":root.elder", ":root.wall"])
def test_every_text_colour_stands_out_from_its_ground(mode):
    t = tokens(mode)
    least = 7 if mode == ":root.elder" else 4.5
    pairs = [(ink, ground) for ink in ("ink", "ink-2", "ink-3", "sea") for ground in ("ground", "wash", "sea-2")]
    pairs += [(lamp, f"{lamp}-2") for lamp in ("ok", "warn", "late", "hold", "none")] + [("on-sea", "sea")]
    weak = []
    for ink, ground in pairs:
        a, b = sorted((luminance(t[ink]), luminance(t[ground])))
        if (b + 0.05) / (a + 0.05) < least:
            weak.append((ink, ground, round((b + 0.05) / (a + 0.05), 2)))
    assert not weak


def test_components_name_colours_only_by_token():
    for name in ("base.css", "parts.css"):
        text = (PORTALS / "shared/static/shared" / name).read_text("utf-8")
        assert not [c for c in re.findall(r"#[0-9a-f]{3,8}\b", text) if c not in ("#000",)], name


def test_static_files_are_ours_or_the_wheels():
    assert "django_htmx" in django_settings.INSTALLED_APPS
    assert finders.find("django_htmx/htmx-2.min.js")


def test_while_the_demo_still_fills_the_pages_say_so(client, settings, tmp_path):
    settings.DEMO, settings.MASHANG_BEING_MADE = True, tmp_path / "being-made"
    assert "还在生成" not in client.get("/").content.decode()
    settings.MASHANG_BEING_MADE.touch()
    assert "一年的办件和考评还在生成" in client.get("/").content.decode()
    settings.DEMO = False
    assert "还在生成" not in client.get("/").content.decode()
