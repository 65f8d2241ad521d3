"""Drafting, publishing, retiring, finding; what the database itself refuses."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from mashang.catalogue import actions, queries, rules, sheets, shipped
from mashang.catalogue.models import Version
from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger.queries import history as recorded
from mashang.org import actions as org

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock_rules")]
NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
EDITOR = Actor("staff", id=7, name="编辑", grants=(Grant("catalogue_editor"),))
CLERK = Actor("staff", id=8, name="窗口", grants=(Grant("clerk"),))


def banner(**changes: object) -> rules.ItemSpec:
    spec = next(i for i in shipped.items() if i.code == "banner-arch")
    return spec.model_copy(update={"code": "test-banner", **changes})


def published(**changes: object) -> int:
    spec = banner(**changes)
    actions.draft(spec, by=EDITOR, now=NOW)
    return actions.publish(spec.code, by=EDITOR, now=NOW)


@pytest.mark.row("A1")
def test_a_draft_is_seen_by_editors_only_and_stands_for_all_once_published() -> None:
    actions.draft(banner(), by=EDITOR, now=NOW)
    with pytest.raises(NotFound):
        queries.current("test-banner")
    assert queries.own_file(EDITOR, "test-banner").draft is not None
    id_ = actions.publish("test-banner", by=EDITOR, now=NOW, note="首次发布")
    found = queries.current("test-banner")
    assert (found.id, found.number, found.published_at) == (id_, 1, NOW)
    assert found.spec == banner() and found.open
    assert queries.own_file(EDITOR, "test-banner").draft is None


@pytest.mark.row("A1")
def test_a_running_case_keeps_its_version_when_a_new_one_is_published() -> None:
    first = published()
    second = published(promised="2wh")
    assert queries.current_id("test-banner") == second
    assert (queries.version(first).spec, queries.version(first).number) == (banner(), 1)
    assert rules.limits_of(queries.version(second).spec).promised == "2wh"
    assert [e.number for e in queries.file_of(EDITOR, "test-banner").editions] == [2, 1]


@pytest.mark.parametrize("change", ["UPDATE catalogue_version SET name = 'x'", "DELETE FROM catalogue_version"])
def test_the_database_refuses_to_change_what_was_published(change: str) -> None:
    published()
    with pytest.raises(DatabaseError, match="is published"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_one_draft_a_code_is_rewritten_until_published() -> None:
    first = actions.draft(banner(), by=EDITOR, now=NOW)
    assert actions.draft(banner(promised="2wh"), by=EDITOR, now=NOW) == first
    assert Version.objects.count() == 1


def test_publishing_says_everything_that_is_wrong_at_once() -> None:
    wrong = banner(promised="30wd", organ=rules.Organ(), channels=(), basis=())
    actions.draft(wrong, by=EDITOR, now=NOW)
    with pytest.raises(Refused) as refused:
        actions.publish("test-banner", by=EDITOR, now=NOW)
    fields = {f.field for f in refused.value.faults}
    assert {"promised", "organ", "channels", "basis"} <= fields
    assert len(rules.faults_of(queries.own_file(EDITOR, "test-banner").base.spec)) == len(refused.value.faults)
    with pytest.raises(NotFound):
        queries.current("test-banner")


def test_a_definition_given_as_json_is_refused_field_by_field() -> None:
    with pytest.raises(Refused) as refused:
        actions.draft({"code": "x y", "name": "", "level": "77"}, by=EDITOR, now=NOW)
    assert {f.field for f in refused.value.faults} == {"code", "name", "level"}


def test_a_retired_item_says_why_and_its_version_stays_readable() -> None:
    id_ = published()
    actions.retire("test-banner", reason="并入开店一件事（武政办〔2026〕3号）", by=EDITOR, now=NOW)
    with pytest.raises(NotFound, match="并入开店一件事"):
        queries.current("test-banner")
    assert queries.version(id_).spec == banner()
    assert queries.search("拱门") == []
    with pytest.raises(Refused, match="不在用"):
        actions.retire("test-banner", reason="再取消", by=EDITOR, now=NOW)


def test_retiring_needs_a_reason() -> None:
    published()
    with pytest.raises(Refused, match="原因"):
        actions.retire("test-banner", reason=" \x00", by=EDITOR, now=NOW)


def test_only_an_editor_may_draft_or_publish() -> None:
    with pytest.raises(Forbidden):
        actions.draft(banner(), by=CLERK, now=NOW)
    actions.draft(banner(), by=EDITOR, now=NOW)
    for act in (
        lambda: actions.publish("test-banner", by=CLERK, now=NOW),
        lambda: actions.import_shipped(by=CLERK, now=NOW),
        lambda: actions.import_sheet(b"x", "a.csv", by=CLERK, now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()


def test_each_act_leaves_one_entry_in_the_ledger() -> None:
    published()
    actions.retire("test-banner", reason="试验", by=EDITOR, now=NOW)
    assert [r.verb for r in recorded("catalogue/test-banner")] == [
        "catalogue.drafted",
        "catalogue.published",
        "catalogue.retired",
    ]


def test_a_published_version_is_read_once() -> None:
    id_ = published()
    queries.version(id_)
    with sql.statements() as sent:
        for _ in range(5):
            queries.version(id_)
        assert sent == []
        queries.current("test-banner")
    assert len(sent) == 1


HERE = Actor("staff", id=9, name="本县编辑", grants=(Grant("catalogue_editor", region="350824"),))
THERE = Actor("staff", id=10, name="外县编辑", grants=(Grant("catalogue_editor", region="350623"),))


def test_an_entry_of_a_place_is_written_by_its_editors_alone_and_a_common_one_by_all() -> None:
    ours = banner(region="350824")
    actions.begin(ours, by=HERE, now=NOW)
    for act in (
        lambda: actions.draft(ours, by=THERE, now=NOW),
        lambda: actions.discard("test-banner", by=THERE, now=NOW),
        lambda: actions.publish("test-banner", by=THERE, now=NOW),
        lambda: queries.file_of(THERE, "test-banner"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Refused, match="已经用过"):
        actions.begin(banner(region="350623"), by=THERE, now=NOW)
    with pytest.raises(Forbidden):
        actions.begin(banner(code="other", region="350824105"), by=THERE, now=NOW)
    actions.publish("test-banner", by=HERE, now=NOW)
    assert queries.file_of(THERE, "test-banner").draft is None and not queries.file_of(THERE, "test-banner").mine
    with pytest.raises(NotFound):
        actions.retire("test-banner", reason="不归我管", by=THERE, now=NOW)
    with pytest.raises(Refused, match="其他单位或地区"):
        actions.publish_all([banner(name="改名")], file="a.csv", by=THERE, now=NOW)
    with pytest.raises(Forbidden):  # nor is one's own given away
        actions.draft(banner(region="350623"), by=HERE, now=NOW)
    actions.begin(banner(code="common"), by=HERE, now=NOW)
    actions.draft(banner(code="common", summary="补充"), by=THERE, now=NOW)
    assert queries.own_file(HERE, "common").base.spec.summary == "补充"


def office(name: str, region: str) -> int:
    form = org.NewUnit(name, name[-4:], "department", region, valid_from=NOW.date())
    return org.open_unit(form, by=Actor.system("tests"), now=NOW)


def test_an_entry_goes_to_a_unit_only_where_the_writer_reaches_the_unit_itself() -> None:
    org.load_regions(by=Actor.system("tests"), now=NOW)
    ours, theirs = office("武平县住建局", "350824"), office("漳浦县住建局", "350623")
    actions.begin(banner(region="350824"), by=HERE, now=NOW)
    for spec in (banner(region="350824"), banner()):
        with pytest.raises(Forbidden):
            actions.draft(spec, unit_id=theirs, by=HERE, now=NOW)
    actions.draft(banner(region="350824"), unit_id=ours, by=HERE, now=NOW)
    assert queries.own_file(HERE, "test-banner").unit_id == ours
    actions.draft(banner(region="350824", summary="补充"), by=HERE, now=NOW)
    assert queries.own_file(HERE, "test-banner").unit_id == ours
    actions.draft(banner(region="350824", summary="补充"), unit_id=None, by=HERE, now=NOW)
    assert queries.own_file(HERE, "test-banner").unit_id is None
    given = [r.facts for r in recorded("catalogue/test-banner") if r.verb == "catalogue.given"]
    assert [(f["was"], f["unit"]) for f in given] == [(None, ours), (ours, None)]
    assert given[0]["new"] == "武平县住建局"


def test_what_is_common_is_taken_from_the_others_by_nobody_of_one_place() -> None:
    org.load_regions(by=Actor.system("tests"), now=NOW)
    ours = office("武平县住建局", "350824")
    published()
    for changes, unit, field in (({}, ours, "unit"), ({"region": "350824"}, None, "region")):
        with pytest.raises(Refused) as no:
            actions.draft(banner(**changes), unit_id=unit, by=HERE, now=NOW)
        assert (no.value.code, no.value.field) == ("catalogue.common", field)
    assert queries.file_of(THERE, "test-banner").mine
    actions.draft(banner(summary="补充"), by=HERE, now=NOW)
    actions.draft(banner(summary="补充"), unit_id=ours, by=EDITOR, now=NOW)
    assert not queries.file_of(THERE, "test-banner").mine


def test_a_draft_is_not_written_over_unseen_and_the_same_press_twice_is_one() -> None:
    actions.begin(banner(), by=EDITOR, now=NOW)
    actions.begin(banner(), by=EDITOR, now=NOW)
    seen = queries.own_file(EDITOR, "test-banner").seen
    actions.draft(banner(summary="甲"), seen=seen, by=EDITOR, now=NOW)
    actions.draft(banner(summary="甲"), seen=seen, by=EDITOR, now=NOW)
    for act in (
        lambda: actions.draft(banner(summary="乙"), seen=seen, by=EDITOR, now=NOW),
        lambda: actions.publish("test-banner", seen=seen, by=EDITOR, now=NOW),
        lambda: actions.discard("test-banner", seen=seen, by=EDITOR, now=NOW),
    ):
        with pytest.raises(Refused) as no:
            act()
        assert no.value.code == "conflict.draft"
    now = queries.own_file(EDITOR, "test-banner").seen
    first = actions.publish("test-banner", seen=now, by=EDITOR, now=NOW)
    assert actions.publish("test-banner", seen=now, by=EDITOR, now=NOW) == first
    assert [r.verb for r in recorded("catalogue/test-banner")] == [
        "catalogue.drafted", "catalogue.drafted", "catalogue.published",
    ]  # fmt: skip


def test_a_draft_begins_from_what_is_in_force_and_is_thrown_away() -> None:
    published()
    first = actions.revise("test-banner", by=EDITOR, now=NOW)
    assert actions.revise("test-banner", by=EDITOR, now=NOW) == first
    with pytest.raises(Refused, match="完全一样"):
        actions.publish("test-banner", by=EDITOR, now=NOW)
    actions.discard("test-banner", by=EDITOR, now=NOW)
    with pytest.raises(Refused, match="没有草稿"):
        actions.discard("test-banner", by=EDITOR, now=NOW)
    assert queries.current("test-banner").number == 1
    actions.retire("test-banner", reason="试验", by=EDITOR, now=NOW)
    actions.revise("test-banner", by=EDITOR, now=NOW)
    actions.publish("test-banner", by=EDITOR, now=NOW)
    assert queries.current("test-banner").number == 2


def test_what_was_never_published_goes_with_its_draft() -> None:
    actions.begin(banner(), by=EDITOR, now=NOW)
    actions.discard("test-banner", by=EDITOR, now=NOW)
    with pytest.raises(NotFound):
        queries.file_of(EDITOR, "test-banner")
    actions.begin(banner(), by=EDITOR, now=NOW)
    assert [r.verb for r in recorded("catalogue/test-banner")][1] == "catalogue.discarded"


def test_a_newer_platform_leaves_what_people_changed_retired_or_are_drafting() -> None:
    setup = Actor.system("setup")
    actions.import_shipped(by=setup, now=NOW)
    house = queries.current("rural-house").spec
    actions.draft(house.model_copy(update={"summary": "本县的说法"}), by=EDITOR, now=NOW)
    actions.publish("rural-house", by=EDITOR, now=NOW)
    actions.retire("sole-trader", reason="并入企业开办", by=EDITOR, now=NOW)
    actions.revise("road-works", by=EDITOR, now=NOW)
    assert actions.import_shipped(by=setup, now=NOW).published == 0
    assert queries.current("rural-house").spec.summary == "本县的说法"
    assert queries.own_file(EDITOR, "road-works").draft is not None
    with pytest.raises(NotFound, match="并入企业开办"):
        queries.current("sole-trader")


def test_a_file_does_not_cost_anybody_a_draft() -> None:
    published()
    actions.draft(banner(summary="还在写"), by=EDITOR, now=NOW)
    with pytest.raises(Refused, match="还没发布的草稿"):
        actions.publish_all([banner(summary="表里的")], file="a.csv", by=EDITOR, now=NOW)
    assert actions.publish_all([banner()], file="a.csv", by=EDITOR, now=NOW).same == 1
    assert queries.own_file(EDITOR, "test-banner").base.spec.summary == "还在写"


def test_a_file_tells_nothing_of_another_countys_draft() -> None:
    actions.begin(banner(code="zp-only", name="漳浦特产认证", region="350623"), by=THERE, now=NOW)
    actions.begin(banner(region="350623"), by=THERE, now=NOW)
    actions.publish("test-banner", by=THERE, now=NOW)
    actions.draft(banner(region="350623", name="没公开的名字"), by=THERE, now=NOW)
    for code in ("zp-only", "test-banner"):
        with pytest.raises(Refused, match="其他单位或地区") as no:
            actions.publish_all([banner(code=code, region="350824")], file="a.csv", by=HERE, now=NOW)
        assert [fault.code for fault in no.value.faults] == ["catalogue.foreign"]
        assert "漳浦" not in no.value.text and "没公开" not in no.value.text


def test_a_file_brings_nothing_back_that_was_retired() -> None:
    published()
    actions.retire("test-banner", reason="试验", by=EDITOR, now=NOW)
    table = sheets.to_excel([banner()])
    with pytest.raises(Refused, match="已经废止") as no:
        actions.import_sheet(table, "a.xlsx", by=EDITOR, now=NOW)
    assert [fault.code for fault in no.value.faults] == ["catalogue.retired"]
    assert not queries.lines(EDITOR, queries.Wanted(state="active")).rows


@pytest.mark.usefixtures("shipped_only")
def test_the_editors_list_costs_two_statements_however_long_it_is() -> None:
    with sql.statements() as sent:
        assert len(queries.lines(EDITOR, queries.Wanted(), limit=3).rows) == 3
    assert len(sent) == 2
    with sql.statements() as sent:
        assert len(queries.lines(EDITOR, queries.Wanted()).rows) == 6
    assert len(sent) == 2


def test_a_draft_may_be_wrong_in_every_way_and_still_be_kept() -> None:
    house = shipped.packages()[0]
    parts = [house.parts[0].model_copy(update={"items": ("nothing",)})]
    actions.draft(house.model_copy(update={"code": "bad-house", "parts": tuple(parts)}), by=EDITOR, now=NOW)
    assert queries.preview(EDITOR, "bad-house") is None
    assert [line.promised for line in queries.lines(EDITOR, queries.Wanted(state="draft")).rows] == [""]


def test_an_unknown_version_or_code_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.version(987654321)
    with pytest.raises(NotFound):
        queries.current("nothing")
    with pytest.raises(NotFound):
        actions.publish("nothing", by=EDITOR, now=NOW)
    published()
    with pytest.raises(Refused, match="没有待发布"):
        actions.publish("test-banner", by=EDITOR, now=NOW)


@pytest.fixture
def shipped_only(clock_rules: None) -> None:
    actions.import_shipped(by=Actor.system("setup"), now=NOW)


@pytest.mark.row("A1", "A5")
@pytest.mark.usefixtures("shipped_only")
def test_the_shares_of_visits_and_of_online_items_are_computed() -> None:
    all_ = queries.shares()
    assert (all_.items, all_.no_visit_share, all_.one_visit_share, all_.online_share) == (5, 1.0, 1.0, 1.0)
    twice = (rules.Visit(reason="交件"), rules.Visit(code="collect", reason="领证"))
    published(depth=rules.Depth.NONE, channels=(rules.Channel.WINDOW,), visits=twice)
    some = queries.shares()
    assert (some.items, some.no_visit, some.one_visit, some.online, some.whole_online) == (6, 5, 5, 5, 5)
    assert some.one_visit_share == pytest.approx(5 / 6)
    assert queries.shares(units=[424242]).one_visit_share == 0.0


@pytest.mark.row("A7")
@pytest.mark.usefixtures("shipped_only")
def test_the_guide_shows_figures_form_and_materials_of_the_package() -> None:
    guide = queries.guide("rural-house")
    assert (guide.before.limit, guide.after.limit) == ("40个工作日", "3个工作日")
    assert [len(guide.questions), len(guide.materials), len(guide.visits)] == [3, 5, 1]
    needed = rules.materials_needed(guide.spec, {}, held=["identity-card"])
    assert needed[0].held and not needed[1].held
    assert guide.parts == (("approval", "建房审批"), ("completion", "竣工验收与登记"))
    assert {f["code"] for f in guide.form} >= {"applicant", "site", "floors"}


FOUND = [
    ("农村建房", "rural-house"),
    ("盖房子", "rural-house"),  # what people say
    ("我家想盖房子要找谁", "rural-house"),  # a whole sentence: the nearest
    ("ncjf", "rural-house"),  # pinyin initials of an alias
    ("乡村建设规划许可证核发（村民住宅）", "rural-house"),  # an item inside the package
    ("拱门", "banner-arch"),
    ("开饭店", "food-business"),
    ("卖种子", "seed-business"),
    ("ROAD-works", "road-works"),
    ("", "rural-house"),  # nothing typed: packages first
]


@pytest.mark.slow
@pytest.mark.row("A1")
def test_the_whole_catalogue_is_imported_once_and_found_in_peoples_own_words() -> None:
    actions.import_shipped(by=EDITOR, now=NOW)
    first = actions.import_names(by=EDITOR, now=NOW)
    again = actions.import_names(by=EDITOR, now=NOW)
    assert (first.published, again.published, again.same) == (1135, 0, 1135)
    assert actions.import_shipped(by=EDITOR, now=NOW).published == 0
    assert len(queries.packages()) == 1
    assert [(words, queries.search(words)[0].code) for words, _code in FOUND] == FOUND
    assert queries.search("璧珰鑫犇") == queries.search("') OR X=X --%_\x00") == []

    for words in ("农作物种子经营备案", "经营许可", ""):
        own, names = (queries.search(words, detail=detail, limit=5) for detail in ("full", "name"))
        assert {h.detail for h in own} == {"full"} and {h.detail for h in names} == {"name"}
    hit = next(h for h in queries.search("农作物种子经营备案") if h.detail == "name")
    assert hit.organ == "广安市广安区·区农业农村局" and "仅作名称参考" in hit.source
    found = queries.current(hit.code)
    assert not found.open
    assert isinstance(found.spec, rules.ItemSpec)
    assert (found.spec.statutory, found.spec.promised_note) == ("", "以实施单位公布为准")
    assert (queries.shares().names, queries.shares().items) == (1135, 5)

    seen: list[str] = []
    while page := queries.entries(after=seen[-1] if seen else "", limit=300):
        seen += [h.code for h in page]
    assert len(seen) == len(set(seen)) == 1135 + 5 + 1
