"""The record: who did what within one's scope, in sentences, found by time, act, person, case and unit."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode
from openpyxl import load_workbook

from mashang.approvals import actions as approvals
from mashang.audit import actions, queries
from mashang.audit.models import Line
from mashang.audit.rules import Filter
from mashang.cases.queries import case_for
from mashang.kernel import clock, sql
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger
from mashang.ledger.actions import record
from mashang.ledger.rules import Entry
from mashang.org import actions as org_actions
from mashang.org import kept
from mashang.org import queries as org
from mashang.org.models import Account, Person
from tests.flows.story import Story, hand_in_house, who

from .conftest import BY, NOW, follow

pytestmark = pytest.mark.slow
Signs = Callable[[str], Client]


@pytest.fixture
def looked_at(county: None) -> Story:
    """A case handed in and taken in; the clerk looks at the applicant's data."""
    with clock.at(NOW):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
        view = case_for(who("window"), story.number)
        org_actions.reveal(
            view.case.persons[0], within=view.facts, case=story.number, reason="=核对证件", by=who("window"), now=NOW
        )
    follow()
    return story


def page(browser: Client, **query: str) -> str:
    answer = browser.get(reverse("desk:audit"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_auditor_reads_every_act_as_a_sentence_that_opens_to_its_case(looked_at: Story, sign_in: Signs) -> None:
    shown = page(sign_in("auditor"), number=looked_at.number)
    assert "收件并出具回执" in shown and "受理，承诺" in shown and "待封存" in shown
    assert f'href="{reverse("desk:case", args=[looked_at.number])}"' in shown
    assert shown.index("受理，承诺") < shown.index("收件并出具回执")  # the newest first


def test_who_looked_at_whose_data_in_which_case_and_why(looked_at: Story, sign_in: Signs) -> None:
    shown = page(sign_in("auditor"), view="revealed")
    assert "的完整个人信息。理由：=核对证件" in shown and looked_at.number in shown
    person = org.person(looked_at.case.persons[0])
    assert f"查看申请人{person.name}的" in shown and person.name.count("某") >= 1
    assert "收件并出具回执" not in shown
    clear = org_actions.reveal(
        person.id, within=case_for(who("window"), looked_at.number).facts, case=looked_at.number, reason="x",
        by=who("window"), now=NOW,
    )  # fmt: skip
    assert clear.name.partition("（")[0] not in shown and clear.phone not in shown


def test_private_facts_stay_closed(looked_at: Story, sign_in: Signs) -> None:
    with clock.at(NOW):
        staff = who("window").id
        org_actions.register_absence(
            org_actions.NewAbsence(staff, NOW, NOW + timedelta(days=1), "去医院", stand_in=_other("window")),
            by=BY,
            now=NOW,
        )
    follow()
    shown = page(sign_in("auditor"), view="rights")
    assert "离岗" in shown and "去医院" not in shown


def _other(login: str) -> int:
    by = who(login)
    return next(p.id for p in org.staff_of([by.unit_id]) if p.id != by.id)


def test_the_filters_narrow_by_time_act_person_case_and_unit(looked_at: Story, sign_in: Signs) -> None:
    auditor, number = sign_in("auditor"), looked_at.number
    by, unit = f"staff:{who('window').id}", str(looked_at.case.lead_unit_id)
    for query, there in (
        ({"since": "2026-03-04", "until": "2026-03-04"}, True),
        ({"until": "2026-03-03"}, False),
        ({"since": "2026-03-05"}, False),
        ({"verb": "application.accept"}, True),
        ({"verb": "application.grant"}, False),
        ({"by": by}, True),
        ({"by": f"staff:{who('land').id}"}, False),
        ({"unit": unit}, True),
        ({"unit": str(org.unit_named("武平县十方镇人民政府").id)}, False),
        ({"view": "clocks"}, False),
    ):
        assert ("受理，承诺" in page(auditor, number=number, **query)) is there, query
    assert "没有符合条件的记录" in page(auditor, number="武平-事-2026-999999")


def test_a_wrong_day_is_said_at_its_field_and_what_was_typed_stays(county: None, sign_in: Signs) -> None:
    answer = sign_in("auditor").get(reverse("desk:audit"), {"since": "昨天", "until": "2026-03-01", "number": "武平-1"})
    shown = answer.content.decode()
    assert answer.status_code == 422 and "日期不正确" in shown and 'value="昨天"' in shown and 'value="武平-1"' in shown
    answer = sign_in("auditor").get(reverse("desk:audit"), {"since": "2026-03-02", "until": "2026-03-01"})
    assert answer.status_code == 422 and "“止”不能早于“起”" in answer.content.decode()


def test_pages_follow_each_other_without_a_gap(looked_at: Story) -> None:
    by = who("auditor")
    whole = [row.id for row in queries.record(by, Filter(), limit=500).rows]
    found, after = [], ""
    while True:
        some = queries.record(by, Filter(), after=after, limit=7)
        found += [row.id for row in some.rows]
        after = some.after
        if not after or len(found) > len(whole):
            break
    assert found == whole[: len(found)] and (after == "" or len(whole) == 500)
    with pytest.raises(Refused):
        queries.record(by, Filter(), after="nonsense")


def test_an_auditor_of_another_county_sees_none_of_it(looked_at: Story, sign_in: Signs, auditors: Callable) -> None:
    elsewhere = sign_in(auditors("zhangpu-auditor", region="350623"))
    follow()
    shown = page(elsewhere)
    assert looked_at.number not in shown and "武平" not in shown.partition("<main")[2].partition("<details")[0]
    assert looked_at.number not in page(elsewhere, number=looked_at.number).partition("<table")[2]
    here = org.unit_named("武平县桃溪镇人民政府").id
    for query in (
        {"unit": str(here)},
        {"about": f"unit:{here}"},
        {"by": f"staff:{who('window').id}"},
        {"about": "x:1"},
    ):
        assert elsewhere.get(reverse("desk:audit"), query).status_code == 404, query
    everyone = page(sign_in(auditors("province-auditor")))
    assert "装入随附的放假通知" in everyone  # concerns no place, so only those see it who see everything


def test_an_auditor_of_a_township_sees_what_its_units_take_part_in(
    looked_at: Story, auditors: Callable, sign_in: Signs
) -> None:
    town = sign_in(auditors("taoxi-auditor", unit="武平县桃溪镇人民政府"))
    other = sign_in(auditors("shifang-auditor", unit="武平县十方镇人民政府"))
    follow()
    assert "受理，承诺" in page(town, number=looked_at.number)
    assert "受理，承诺" not in page(other, number=looked_at.number)
    with clock.at(NOW):
        land = org.unit_named("武平县十方镇自然资源所").id
        looked_at.do("land", "hand_over", {"unit": land, "reason": "属十方镇职责范围"}, "land")
    follow()
    shown = page(other, number=looked_at.number)
    assert "受理，承诺" in shown and "移交给" in shown  # whoever takes part now sees the case whole, as on its page


def test_kinds_bound_an_auditor_too(looked_at: Story, auditors: Callable, sign_in: Signs) -> None:
    narrow = sign_in(auditors("redress-auditor", region="350824", kinds=frozenset({"bad_rating"})))
    follow()
    assert "受理，承诺" not in page(narrow, number=looked_at.number)


@pytest.mark.parametrize("login", ["admin", "window", "office", "leader"])
def test_nobody_else_reads_the_record(county: None, sign_in: Signs, login: str) -> None:
    browser = sign_in(login)
    for name, args in (("audit", []), ("audit_sign_ins", []), ("audit_proof", []), ("audit_check", [1])):
        assert browser.get(reverse(f"desk:{name}", args=args)).status_code == 403
    assert browser.post(reverse("desk:audit_export"), {"form": "csv"}).status_code == 403
    assert reverse("desk:audit") not in browser.get(reverse("desk:inbox")).content.decode()


def test_what_is_taken_away_is_defused_and_recorded(looked_at: Story, sign_in: Signs) -> None:
    auditor = sign_in("auditor")
    path = reverse("desk:audit_export") + "?view=revealed"
    with clock.at(NOW):
        answer = auditor.post(path, {"form": "xlsx"})
    book = load_workbook(io.BytesIO(answer.content))
    [heads, line] = list(book.worksheets[0].iter_rows(values_only=True))
    assert heads[0] == "时间" and line[4] == looked_at.number and "理由：=核对证件" in line[1]
    with clock.at(NOW):
        text = auditor.post(path, {"form": "csv"}).content.decode()
    assert text.startswith("\ufeff") and next(iter(csv.DictReader(io.StringIO(text[1:]))))["件号"] == looked_at.number
    taken = [e for e in ledger.history("audit/export") if e.verb == "ledger.exported"]
    assert [(e.by, e.facts["form"], e.facts["rows"]) for e in taken] == [
        (f"staff:{who('auditor').id}", "xlsx", 1), (f"staff:{who('auditor').id}", "csv", 1),
    ]  # fmt: skip
    follow()
    shown = page(auditor, view="exports")
    assert "导出台账记录 1 条（xlsx）。筛选 revealed" in shown
    assert auditor.post(path, {"form": "exe"}).status_code == 422
    assert auditor.get(path).status_code == 405
    assert len(ledger.history("audit/export")) == 2


@pytest.fixture
def erased(looked_at: Story, sign_in: Signs) -> Story:
    """The applicant looked at their own data and withdrew; the office erased what the case says of them."""
    with clock.at(NOW):
        person = looked_at.case.persons[0]
        within = case_for(who("citizen"), looked_at.number).facts
        org_actions.reveal(person, within=within, case=looked_at.number, reason="", by=who("citizen"), now=NOW)
        looked_at.do("citizen", "withdraw", {"reason": "先不盖了"})
        form = approvals.Erase("unlawful", "武效能办〔2026〕12号", looked_at.number)
        approvals.erase(looked_at.number, form, by=who("office"), now=NOW)
    follow()
    return looked_at


def test_after_an_erasure_nothing_says_or_leads_to_whose_case_it_was(erased: Story, sign_in: Signs) -> None:
    auditor, masked = sign_in("auditor"), org.person(Person.objects.get(account__username="citizen").pk)
    about, by = f"person:{masked.id}", f"person:{masked.account}"
    for query in ({"number": erased.number}, {"view": "revealed"}):
        shown = page(auditor, **query).partition("<table")[2]
        assert erased.number in shown and "申请人" in shown and masked.name not in shown, query
        assert about not in shown and by not in shown and "核对证件" not in shown, query
        rows = auditor.post(f"{reverse('desk:audit_export')}?{urlencode(query)}", {"form": "csv"}).content.decode()
        assert erased.number in rows and masked.name not in rows and "核对证件" not in rows, query
    for query in ({"by": by}, {"about": about}):
        assert erased.number not in page(auditor, **query), query
    with clock.at(NOW):
        other = hand_in_house("citizen")
    follow()
    assert masked.name in page(auditor, number=other.number) and other.number in page(auditor, by=by)


def test_a_page_costs_the_same_however_many_it_names(looked_at: Story) -> None:
    """Every account has acted once."""
    accounts = Account.objects.values_list("kind", "pk")
    record([Entry(looked_at.number, "application.accept", f"{kind}:{id_}", NOW) for kind, id_ in accounts])
    follow()
    costs = []
    for limit in (60, 400):
        kept.forget()
        with sql.statements() as sent:
            found = queries.record(who("auditor"), Filter(), limit=limit)
        costs.append((len({row.by for row in found.rows}), len(sent)))
    assert costs[1][0] > costs[0][0] + 50 and costs[1][1] < costs[0][1] + 5  # older entries name some in their facts


def test_listing_twice_lists_once_and_takes_up_only_news(looked_at: Story) -> None:
    before = Line.objects.count()
    assert actions.list_news() == 0 and Line.objects.count() == before
    with clock.at(NOW):
        looked_at.do("land", "review", {"passed": True, "opinion": "不占农田"}, "land")
    assert queries.behind() == 1
    follow()
    assert Line.objects.count() == before + 1 and queries.behind() == 0


def test_every_verb_that_is_recorded_has_a_sentence(looked_at: Story) -> None:
    told = {verb: queries.kind_of_act(verb) for verb in queries.verbs()}
    assert {"application.accept", "role.granted", "person.revealed"} <= told.keys()
    assert not [verb for verb, words in told.items() if words == verb]
