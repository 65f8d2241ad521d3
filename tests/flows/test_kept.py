"""What is typed is kept for whoever typed it and for nobody else, and is said to be kept only where it is."""

from __future__ import annotations

from typing import Any

import pytest

from mashang.cases.models import Draft

from .story import HOUSE, accepted, at, text_of
from .test_pages import flat

pytestmark = [pytest.mark.django_db]
APPLY = "/apply/rural-house/approval"


def test_at_a_counter_nothing_of_one_applicants_form_is_kept_for_the_next(sign_in: Any) -> None:
    with at("2026-03-02 09:10"):
        clerk, citizen = sign_in("window"), sign_in("citizen")
        for page in (clerk.get(APPLY, HOUSE), clerk.post(APPLY, {**flat(), "floors": "9", "key": "w1"})):
            assert "applicant.name" in page.content.decode() and "data-draft=" not in page.content.decode()
            assert "data-draft-url" not in page.content.decode() and "填到一半离开也不会丢" not in text_of(page)
        own = citizen.get(APPLY, HOUSE)
        assert 'data-draft="apply-rural-house-approval"' in own.content.decode()
        assert 'data-draft-url="/drafts/apply-rural-house-approval"' in own.content.decode()
        assert "填到一半离开也不会丢" in text_of(own)


def test_what_is_typed_into_an_action_is_kept_where_it_is_read_again_in_the_browser(sign_in: Any) -> None:
    story = accepted()
    with at("2026-03-02 15:00"):
        land, step = sign_in("land"), story.step("land").pk
        page = land.get(f"/desk/case/{story.number}/do/review/{step}").content.decode()
        assert f'data-draft="{story.number}-review-{step}"' in page and "data-draft-url" not in page
    assert not Draft.objects.exists()
