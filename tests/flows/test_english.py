"""Whoever asks for English is refused in English."""

from __future__ import annotations

import re

import pytest

from mashang.site.messages import CHINESE

from .story import accepted, at
from .test_desk import faults_of

pytestmark = [pytest.mark.django_db]


def said_in_english(answer) -> str:
    """The words of the page's main part, all of them English."""
    main = re.search(r"<main.*?</main>", answer.content.decode(), re.S)
    shown = " ".join(re.sub(r"<[^>]+>", " ", main[0]).split()) if main else ""
    assert shown and not CHINESE.search(shown), shown
    return shown


def test_a_case_out_of_reach_is_told_in_english_when_asked(sign_in):
    story = accepted()
    with at("2026-03-02 10:00"):
        answer = sign_in("zhangpu").get(f"/desk/case/{story.number}", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "This case was not found. Please check the number." in said_in_english(answer)


def test_an_act_that_is_not_ones_own_is_told_in_english_when_asked(sign_in):
    story = accepted()
    address = f"/desk/case/{story.number}/do/none/{story.step('land').pk}"
    with at("2026-03-02 10:00"):
        answer = sign_in("land").get(address, headers={"Accept-Language": "en"})
        closed = sign_in("window").get("/desk/admin/units", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "Cases of this kind have no such action." in said_in_english(answer)
    assert closed.status_code == 403
    said_in_english(closed)


def test_a_form_sent_with_nonsense_is_refused_in_english_when_asked(sign_in):
    story = accepted()
    address = f"/desk/case/{story.number}/do/review/{story.step('land').pk}"
    data = {"passed": "perhaps", "opinion": "好" * 2001}
    with at("2026-03-03 09:00"):
        answer = sign_in("land").post(address, data, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    told = faults_of(answer)
    assert "Please choose yes or no." in told[0] and "may have at most 2000 characters." in told[1]
    assert not CHINESE.search("".join(told))
