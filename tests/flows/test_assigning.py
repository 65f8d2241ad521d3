"""Several steps given out at once from the inbox: what was done, what was refused and why."""

from __future__ import annotations

import re

import pytest

from mashang.ledger import queries as ledger
from mashang.site.messages import CHINESE

from .story import Story, accepted, at, reviewed, who

pytestmark = [pytest.mark.django_db]
UNIT = "/desk/?tab=todo&whose=unit"


def waiting() -> Story:
    """A case whose decision waits for the town."""
    story = accepted()
    reviewed(story)
    return story


def picked(story: Story) -> str:
    return f"{story.number}/{story.step('decision').pk}"


def told(client, data: dict[str, object], language: str = "zh-CN") -> list[str]:
    """The lines that the inbox shows after the press."""
    headers = {"Accept-Language": language}
    answer = client.post("/desk/assign", data, headers=headers, follow=True)
    assert answer.status_code == 200
    return [str(line) for line in answer.context["messages"]]


def assigned(story: Story) -> int:
    return sum(entry.verb == "application.assign" for entry in ledger.history(story.number))


def test_a_form_pressed_twice_assigns_once(sign_in):
    story = waiting()
    with at("2026-03-04 09:00"):
        client = sign_in("townlead")
        page = client.get(UNIT).content.decode()
        assert f'value="{picked(story)}"' in page
        key = re.search(r'name="key" value="([0-9a-f]{32})"', page)[1]
        data = {"pick": picked(story), "staff": who("town").id, "key": key}
        assert told(client, data) == told(client, data) == ["已分派 1 件。"]
        assert assigned(story) == 1
        assert told(client, {**data, "key": "another"}) == ["已分派 1 件。"]
    assert assigned(story) == 2


def test_those_refused_are_named_with_the_reason_in_the_readers_language(sign_in):
    story = waiting()
    with at("2026-03-04 09:00"):
        data = {"pick": picked(story), "staff": who("zhangpu").id}
        [chinese] = told(sign_in("townlead"), data)
        [english] = told(sign_in("townlead"), data, "en")
    assert chinese == f"{story.number}：只能分派给本单位的人员；要交给别的单位请用“移交”。"
    assert english.startswith(f"{story.number}: ") and not CHINESE.search(english.removeprefix(story.number))
    assert assigned(story) == 0


def test_five_refused_are_named_and_the_others_counted(sign_in):
    story = waiting()
    absent = [f"武平-事-2026-90000{n}/1" for n in range(8)]
    with at("2026-03-04 09:00"):
        data = {"pick": [*absent[:4], picked(story), *absent[4:]], "staff": who("town").id}
        done, *refused, more = told(sign_in("townlead"), data)
        six = told(sign_in("townlead"), {"pick": absent[:6], "staff": who("town").id}, "en")
    assert done == "已分派 1 件。" and more == "另有 3 件也没有分派，请逐件查看。"
    assert [line.partition("：")[0] for line in refused] == [one.partition("/")[0] for one in absent[:5]]
    assert six[5:] == ["1 more case was not assigned either; please look at it."]


@pytest.mark.parametrize("odd", ["", "x", "/", "武平/x", "武平/" + "9" * 5000])
def test_what_is_no_step_is_refused_in_a_sentence(sign_in, odd):
    with at("2026-03-04 09:00"):
        [line] = told(sign_in("townlead"), {"pick": odd, "staff": who("town").id})
    assert line.endswith("请核对编号。")


def test_nothing_picked_is_said(sign_in):
    assert told(sign_in("townlead"), {"staff": "1"}) == ["请先勾选要分派的件。"]
