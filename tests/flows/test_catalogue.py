"""The editor's day: a package changed and published in the browser, an item written from nothing, sheets, other people's entries."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from mashang.approvals import queries as approvals
from mashang.cases import queries as cases
from mashang.cases.models import Case
from mashang.catalogue import actions, queries, rules, sheets
from mashang.catalogue.models import Entry
from mashang.kernel import clock
from mashang.ledger.queries import history
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org import seeds
from mashang.org.models import Account

from .story import PDF, TOWN, Story, applicant, at, hand_in_house, text_of, who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEGAN = "2026-03-02 09:10"
HOUSE = "/desk/catalogue/entry/rural-house"


@pytest.fixture
def editor(sign_in) -> Client:
    return sign_in("editor")


@pytest.fixture
def neighbour(sign_in) -> Client:
    """An editor of 漳浦县, whose entries are not 武平县's."""
    unit = org.unit_named("漳浦县政务服务中心综合窗口").id
    form = org_actions.NewStaff("zp-editor", "漳某", unit, "", "", demo_label="漳浦事项管理员")
    made = org_actions.appoint(form, by=seeds.BY, now=seeds.SINCE)
    org_actions.grant_role(
        org_actions.NewGrant(made, "catalogue_editor", region="350623"), by=seeds.BY, now=seeds.SINCE
    )
    return sign_in("zp-editor")


def seen(page) -> str:
    """The draft that a form says it began from."""
    return re.search(r'name="seen" value="(\w*)"', page.content.decode())[1]


def definition(client: Client, code: str) -> tuple[str, str]:
    """The text in the editor's field, and the draft it began from."""
    page = client.get(f"/desk/catalogue/entry/{code}/definition")
    return page.context["form"].fields[1].value, seen(page)


def promised(case) -> str:
    return {c.code: c for c in cases.clocks_of(case) if c.step_id is None}["CN-x"].limit


def slower(text: str) -> str:
    """The rural house with two working days more for the decision."""
    head, mark, rest = text.partition('code = "decision"')
    return head + mark + rest.replace('promised = "1wd"', 'promised = "3wd"', 1)


@pytest.mark.row("A1", "A7")
def test_the_packages_limit_is_changed_in_the_browser_and_running_cases_stay_on_their_version(editor):
    with at(BEGAN):
        before = hand_in_house("citizen")
        text, mark = definition(editor, "rural-house")
        saved = editor.post(f"{HOUSE}/definition", {"definition": slower(text), "seen": mark})
        assert saved.status_code == 302, text_of(saved)
        page = editor.get(saved["Location"])
        assert page.context["troubles"] == []
        assert ("承诺时限", "40个工作日", "3个工作日") in page.context["figures"]  # in force still
        assert "办理环节“审批决定” · 承诺时限 1个工作日 3个工作日" in text_of(page)
        preview = text_of(editor.get(f"{HOUSE}/preview"))
        assert "承诺时限 40个工作日 5个工作日" in preview
        assert "40个工作日 3个工作日" in text_of(sign_in_hall().get("/guide/rural-house"))
        published = editor.post(HOUSE, {"do": "publish", "seen": seen(page), "note": "武政办〔2026〕8号"})
        assert published.status_code == 302, text_of(published)
        after = hand_in_house("citizen")
        page = editor.get(HOUSE)
    assert ("承诺时限", "40个工作日", "5个工作日") in page.context["figures"]
    shown = {v.edition.number: (v.state, v.running, v.note) for v in page.context["versions"]}
    assert shown == {2: ("现行", 1, "武政办〔2026〕8号"), 1: ("以前", 1, "随平台提供")}
    folders = [approvals.folder(story.case.pk) for story in (before, after)]
    assert [rules.limits_of(f.spec, part="approval").promised for f in folders] == ["3wd", "5wd"]
    assert [f.row["version"] for f in folders] == [v.edition.id for v in reversed(page.context["versions"])]
    with at("2026-03-02 09:45"):
        for story in (before, after):
            story.do("window", "accept", {}, "intake")
        lines = [
            cases.timeline(cases.case_for(who("citizen"), s.number), who("citizen"))[1].text for s in (before, after)
        ]
    assert lines == ["受理，承诺3个工作日内办结", "受理，承诺5个工作日内办结"]
    assert [e.verb for e in history("catalogue/rural-house")] == ["catalogue.drafted", "catalogue.published"]


def sign_in_hall() -> Client:
    return Client()


@pytest.mark.row("A7")
def test_a_package_that_does_not_fit_together_is_told_whole_and_not_published(editor):
    text, mark = definition(editor, "rural-house")
    broken = text.replace('after = ["decision"]', 'after = ["decision", "setting-out-check"]', 1)
    broken = broken.replace('items = ["house-acceptance", "house-registration"]', 'items = ["house-acceptance"]')
    assert editor.post(f"{HOUSE}/definition", {"definition": broken, "seen": mark}).status_code == 302
    page = editor.get(HOUSE)
    told = [f"{t.label}：{t.text}" for t in page.context["troubles"]]
    assert "申请：事项“house-registration”没有列入任何一次申请。" in told
    assert any(t.startswith("办理环节：这些环节互相等待") for t in told)
    assert all(t.href.startswith(HOUSE) for t in page.context["troubles"])
    refused = editor.post(HOUSE, {"do": "publish", "seen": seen(page), "note": "试一试"})
    assert refused.status_code == 422 and "没有列入任何一次申请" in text_of(refused)
    assert 'value="试一试"' in refused.content.decode()
    assert editor.get(f"{HOUSE}/preview").status_code == 422
    assert queries.current("rural-house").number == 1


def test_every_fault_of_a_definition_is_told_with_its_line_and_what_was_typed_stays(editor):
    text, mark = definition(editor, "food-business")
    wrong = text.replace('level = "4"', 'level = "77"').replace('necessity = "3"', 'necessity = "大概"')
    answer = editor.post("/desk/catalogue/entry/food-business/definition", {"definition": wrong, "seen": mark})
    lines = wrong.splitlines()
    level, need = (lines.index(line) + 1 for line in ('level = "77"', 'necessity = "大概"'))
    shown = text_of(answer)
    assert answer.status_code == 422
    assert (
        f"第 {need} 行，材料第 4 项“从业人员健康证明” · 必要性：请从这些里选：1（必要）、2（非必要）、3（容缺后补）。"
        in shown
    )
    assert f"第 {level} 行，行使层级：请从这些里选：1（国家级）" in shown
    assert "necessity = &quot;大概&quot;" in answer.content.decode()
    syntax = editor.post("/desk/catalogue/entry/food-business/definition", {"definition": "code = \n", "seen": mark})
    assert "第 1 行第 8 个字：等号后面的值不对" in text_of(syntax)
    other = text.replace('code = "food-business"', 'code = "food-other"', 1)
    moved = editor.post("/desk/catalogue/entry/food-business/definition", {"definition": other, "seen": mark})
    assert "代码应是“food-business”，定义里写的是“food-other”。" in text_of(moved)
    assert not Entry.objects.filter(code="food-other").exists()


def fields_of(client: Client, code: str) -> dict[str, object]:
    """Everything the form of common fields would send, as it stands."""
    form = client.get(f"/desk/catalogue/entry/{code}/fields").context["form"]
    return {f.name: f.value for f in form.fields}


@pytest.mark.row("A1", "A3")
def test_an_item_is_written_from_nothing_in_forms_alone(editor, sign_in):
    with at(BEGAN):
        new = {
            "do": "blank",
            "code": "tree-felling",
            "name": "林木采伐许可",
            "organ.name": "县自然资源局",
            "handling": "2",
        }
        made = editor.post("/desk/catalogue/new", new)
        here = "/desk/catalogue/entry/tree-felling"
        assert made["Location"] == here
        assert editor.post("/desk/catalogue/new", new)["Location"] == here  # the same press once more
        assert len(history("catalogue/tree-felling")) == 1
        labels = {t.label for t in editor.get(here).context["troubles"]}
        assert {"承诺办结时限", "法定办结时限", "办理渠道", "服务对象"} <= labels
        typed = fields_of(editor, "tree-felling") | {
            "promised": "20天半", "statutory": "20个工作日", "type": "01", "objects": ["1"], "channels": ["web", "window"],
            "depth": "3", "visits": "交验林权证原件", "basis": "《森林法》第五十六条", "fees": "工本费|5元",
            "result.name": "林木采伐许可证", "result.kind": "certificate",
        }  # fmt: skip
        wrong = editor.post(f"{here}/fields", typed)
        assert wrong.status_code == 422 and "“20天半”看不懂" in text_of(wrong)
        assert "交验林权证原件" in wrong.content.decode()
        assert editor.post(f"{here}/fields", typed | {"promised": "10个工作日", "fees": ""}).status_code == 302
        page = editor.get(f"{here}/materials")
        rows = {
            "rows": "3",
            "seen": seen(page),
            "materials.0.name": "林权证",
            "materials.0.source": "20",
            "materials.0.issuer": "自然资源局",
        }
        assert (
            editor.post(f"{here}/materials", rows | {"more": "1"})
            .context["form"]
            .fields[-1]
            .name.startswith("materials.7.")
        )
        assert (
            editor.post(
                f"{here}/materials", rows | {"materials.2.name": "采伐计划", "materials.2.copies": "两份"}
            ).status_code
            == 422
        )
        assert editor.post(f"{here}/materials", rows | {"materials.2.name": "采伐计划"}).status_code == 302
        page = editor.get(here)
        assert page.context["troubles"] == []
        editor.post(here, {"do": "publish", "seen": seen(page), "note": ""})
    spec = queries.current("tree-felling").spec
    assert [(m.code, m.name) for m in spec.materials] == [("m1", "林权证"), ("m2", "采伐计划")]
    assert [(s.code, s.promised) for s in spec.steps] == [
        ("review", "10wd"),
        ("decision", ""),
    ]  # the plain process follows
    assert "林木采伐许可" in text_of(Client().get("/guide/tree-felling"))
    applied(sign_in, "tree-felling", "m1", "m2")


def applied(sign_in, code: str, *materials: str) -> None:
    """An application for it is handed in on its page, and taken in."""
    posted = {"region": TOWN, **{f"applicant.{name}": value for name, value in applicant().items()}, "key": "k"}
    with at("2026-03-02 15:10"):
        empty = sign_in("citizen").post(f"/apply/{code}", {"key": "k"})
        told = {f.name: f.error for f in empty.context["form"].fields if f.error}
        assert empty.status_code == 422 and told.keys() == {"region", *(name for name in posted if "." in name)}
        files = {f"materials.{name}": SimpleUploadedFile("材料.pdf", PDF, "application/pdf") for name in materials}
        answer = sign_in("citizen").post(f"/apply/{code}", posted | files)
        assert answer.status_code == 302, text_of(answer)
        story = Story(Case.objects.latest("id").number)
        story.do("window", "accept", {}, "intake")
    assert story.case.state == "accepted"


@pytest.mark.row("A1")
def test_an_item_new_in_a_sheet_is_applied_for_at_once(sign_in):
    known = queries.current("sole-trader").spec
    sheet = sheets.to_csv([known.model_copy(update={"code": "new-one", "name": "新事项甲"})])
    with at(BEGAN):
        actions.import_sheet(sheet, "a.csv", by=who("editor"), now=clock.now())
    applied(sign_in, "new-one")


def rows_of(page) -> dict[str, object]:
    """Everything a page of rows would send, as it stands."""
    return {f.name: f.value for f in page.context["form"].fields if f.type != "checkbox" or f.value}


@pytest.mark.row("A1", "A7")
def test_a_package_gets_another_unit_and_a_step_with_a_condition_in_forms_alone(editor):
    with at(BEGAN):
        role = {"roles.6.label": "供电所", "roles.6.match": "供电所", "roles.6.unit_kind": "division"}
        assert editor.post(f"{HOUSE}/roles", rows_of(editor.get(f"{HOUSE}/roles")) | role).status_code == 302
        page = editor.get(f"{HOUSE}/steps")
        assert ("role1", "供电所") in next(f.choices for f in page.context["form"].fields if f.name == "steps.12.role")
        step = {
            "steps.12.label": "高压线会勘", "steps.12.kind": "review", "steps.12.role": "role1", "steps.12.part": "approval",
            "steps.12.item": "house-planning", "steps.12.promised": "1个工作日", "steps.12.when": "檐口高度 ≥ 9",
            "steps.12.checks": "离高压线 5 米以上", "steps.12.opens": "ready",
        }  # fmt: skip
        known = rows_of(page)
        after = {"steps.5.after": f"{known['steps.5.after']}、高压线会勘"}
        wrong = editor.post(f"{HOUSE}/steps", known | step | after | {"steps.12.when": "身高 ≥ 9"})
        assert wrong.status_code == 422 and "引导问题和表单里没有“身高”" in text_of(wrong)
        assert "离高压线 5 米以上" in wrong.content.decode()
        assert editor.post(f"{HOUSE}/steps", known | step | after).status_code == 302
        address = f"{HOUSE}/materials?item=house-planning"
        materials = rows_of(editor.get(address))
        assert materials["materials.1.name"] == "住宅设计图"
        assert editor.post(address, materials | {"materials.1.when": "设计图 = 自己委托设计"}).status_code == 302
        page = editor.get(HOUSE)
        assert page.context["troubles"] == [] and "高压线会勘" in text_of(page)
        assert editor.post(HOUSE, {"do": "publish", "seen": seen(page), "note": ""}).status_code == 302
    spec = queries.current("rural-house").spec
    new = next(s for s in spec.steps if s.label == "高压线会勘")
    assert (new.code, new.role, new.promised, new.checks) == ("step1", "role1", "1wd", ("离高压线 5 米以上",))
    assert [s.code for s in rules.steps_needed(spec, {"height": "8"}, "approval") if s.code == "step1"] == []
    decision = next(s for s in rules.steps_needed(spec, {"height": "10"}, "approval") if s.code == "decision")
    assert "step1" in decision.after
    needed = rules.materials_needed(spec, {"drawing_choice": "standard"}, "approval")
    assert "drawing" not in {n.material.code for n in needed}


def test_what_is_wrong_in_a_packages_item_leads_to_its_rows(editor):
    text, mark = definition(editor, "rural-house")
    broken = text.replace('issuer = "自然资源所"', 'issuer = ""', 1)
    assert broken != text
    assert editor.post(f"{HOUSE}/definition", {"definition": broken, "seen": mark}).status_code == 302
    (trouble,) = editor.get(HOUSE).context["troubles"]
    assert "请写明由哪个部门核发" in trouble.text and trouble.href.startswith(f"{HOUSE}/materials?item=house-")
    assert editor.get(trouble.href).status_code == 200


def test_a_form_that_was_opened_before_another_wrote_is_refused_and_loses_nothing(editor):
    here = "/desk/catalogue/entry/banner-arch"
    mine, theirs = fields_of(editor, "banner-arch"), fields_of(editor, "banner-arch")
    assert editor.post(f"{here}/fields", theirs | {"summary": "别人写的"}).status_code == 302
    late = editor.post(f"{here}/fields", mine | {"summary": "我写的"})
    assert late.status_code == 422 and "已经被改过" in text_of(late) and "我写的" in late.content.decode()
    assert queries.own_file(who("editor"), "banner-arch").draft.spec.summary == "别人写的"
    page = editor.get(here)
    stale = seen(page)
    editor.post(f"{here}/fields", fields_of(editor, "banner-arch") | {"summary": "又改了"})
    assert editor.post(here, {"do": "publish", "seen": stale}).status_code == 422  # nobody has read what would go out
    assert editor.post(here, {"do": "discard", "seen": stale}).status_code == 422
    assert editor.post(here, {"do": "discard", "seen": seen(editor.get(here))}).status_code == 302
    assert queries.own_file(who("editor"), "banner-arch").draft is None
    assert [e.verb for e in history("catalogue/banner-arch")][-1] == "catalogue.discarded"


def test_an_entry_is_retired_rewritten_and_compared(editor):
    here = "/desk/catalogue/entry/banner-arch"
    assert editor.post(here, {"do": "retire", "reason": " "}).status_code == 422
    assert editor.post(here, {"do": "retire", "reason": "并入城市管理一件事"}).status_code == 302
    assert "并入城市管理一件事" in text_of(editor.get(here))
    assert Client().get("/guide/banner-arch").status_code == 404
    assert editor.post(here, {"do": "revise"})["Location"] == f"{here}/fields"
    same = editor.get(here)
    typed = fields_of(editor, "banner-arch") | {"name": "临时横幅和拱门"}
    editor.post(f"{here}/fields", typed)
    assert same.context["changes"] == []
    assert editor.post(here, {"do": "publish", "seen": seen(editor.get(here))}).status_code == 302
    told = text_of(editor.get(f"{here}/differences"))
    assert "第 1 版和第 2 版" in told and "临时横幅和拱门" in told
    assert "没有差别" in text_of(editor.get(f"{here}/differences?old=2&new=2"))
    file = editor.get(f"{here}/2.toml")
    assert rules.read_definition(file.content.decode()) == queries.current("banner-arch").spec
    assert editor.get(f"{here}/9.toml").status_code == 404


@pytest.mark.row("A1")
def test_a_sheet_goes_out_is_changed_and_comes_in_again_or_not_at_all(editor):
    book = load_workbook(io.BytesIO(editor.get("/desk/catalogue/items.xlsx").content))
    sheet = book["事项"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == "food-business")
    sheet.cell(row, columns["承诺办结时限"]).value = "四天"

    def sent():
        out = io.BytesIO()
        book.save(out)
        file = SimpleUploadedFile("事项.xlsx", out.getvalue())
        return editor.post("/desk/catalogue/import", {"file": file}, follow=True)

    wrong = sent()
    assert wrong.status_code == 422 and f"“事项”表第 {row} 行“承诺办结时限”列：“四天”看不懂" in text_of(wrong)
    assert queries.current("food-business").number == 1
    sheet.cell(row, columns["承诺办结时限"]).value = "4个工作日"
    assert "新增 0 个，修改 1 个，没有变化 4 个" in text_of(sent())
    assert queries.current("food-business").spec.promised == "4wd"
    table = editor.get("/desk/catalogue/items.csv?words=food-business").content.decode("utf-8-sig")
    assert [line.split(",")[0] for line in table.splitlines() if line.startswith("food")] == ["food-business"]
    with_gb = SimpleUploadedFile("事项.csv", table.replace("4个工作日", "3个工作日").encode("gb18030"))
    assert "修改 1 个" in text_of(editor.post("/desk/catalogue/import", {"file": with_gb}, follow=True))
    editor.post("/desk/catalogue/entry/food-business", {"do": "revise"})
    again = SimpleUploadedFile("事项.csv", table.encode())
    refused = editor.post("/desk/catalogue/import", {"file": again})
    assert refused.status_code == 422 and "有一份还没发布的草稿" in text_of(refused)
    assert editor.post("/desk/catalogue/import", {}).status_code == 422
    new = table.replace("food-business", "food-stall").replace("食品经营许可核发", "食品摊贩登记")
    for region, status in (("350623", 422), ("350824", 200)):
        file = SimpleUploadedFile("新增.csv", new.encode())
        answer = editor.post("/desk/catalogue/import", {"file": file, "region": region}, follow=True)
        assert answer.status_code == status
    assert "新增 1 个，修改 0 个" in text_of(answer)
    assert queries.current("food-stall").spec.region == "350824"


def listed(client: Client, query: str) -> list[str]:
    """The codes on the first page of a list."""
    return [r.key for r in client.get(f"/desk/catalogue?{query}").context["table"].rows]


def test_the_list_is_searched_narrowed_and_paged(editor):
    with at(BEGAN):
        actions.import_names(by=seeds.BY, now=clock.now())
        page = editor.get("/desk/catalogue")
        assert [r.key for r in page.context["table"].rows][:3] == ["banner-arch", "food-business", "road-works"]
        shares = dict(page.context["shares"])
        assert (shares["能申请的事项"], shares["只有名称"]) == ("5 个", "1135 个")
        assert shares["一趟不用跑"] == shares["最多跑一趟"] == shares["网上能办"] == "100%"
        found, address, pages = [], "/desk/catalogue", 0
        while address:
            page = editor.get(address)
            found += [r.key for r in page.context["table"].rows]
            address = f"/desk/catalogue{page.context['pager'].after}" if page.context["pager"].after else ""
            pages += 1
        assert len(found) == len(set(found)) == 1135 + 6 and pages == 23
        assert (
            listed(editor, "words=盖房子")
            == listed(editor, "words=ncjf")
            == listed(editor, "shape=package")
            == ["rural-house"]
        )
        assert listed(editor, "state=draft") == []
        editor.post("/desk/catalogue/entry/road-works", {"do": "revise"})
        assert listed(editor, "state=draft") == ["road-works"]
        assert listed(editor, "detail=name&words=种子")[0][0].isdigit()
        assert listed(editor, "state=nonsense&shape=x") == found[:50]


def test_another_countys_drafts_do_not_exist_and_what_it_published_is_only_read(editor, neighbour):
    spec = rules.blank("zp-only", "漳浦特产认证", "漳浦县农业农村局").model_copy(update={"region": "350623"})
    by = org.actor_for(Account.objects.get(username="zp-editor").pk)
    with at(BEGAN):
        actions.begin(spec, by=by, now=clock.now())
    here = "/desk/catalogue/entry/zp-only"
    pages = ("", "/fields", "/materials", "/definition", "/preview", "/differences", "/1.toml")
    assert {neighbour.get(here + p).status_code for p in pages} == {200}
    assert {editor.get(here + p).status_code for p in pages} == {404}
    assert editor.get("/desk/catalogue/new?of=zp-only").status_code == 404
    for do in ("publish", "discard", "revise", "retire"):
        assert editor.post(here, {"do": do, "reason": "不归我管"}).status_code == 404
    assert editor.post(f"{here}/definition", {"definition": rules.written_definition(spec)}).status_code == 404
    taken = editor.post(
        "/desk/catalogue/new", {"do": "blank", "code": "zp-only", "name": "占用", "organ.name": "县局", "handling": "2"}
    )
    assert taken.status_code == 422 and "已经用过" in text_of(taken) and "漳浦特产" not in text_of(taken)
    assert "zp-only" not in text_of(editor.get("/desk/catalogue?state=draft"))
    assert "zp-only" in text_of(neighbour.get("/desk/catalogue?state=draft"))


def test_what_another_county_published_is_read_and_copied_and_not_touched(editor, neighbour):
    known = queries.current("banner-arch").spec
    spec = known.model_copy(update={"code": "zp-banner", "name": "漳浦横幅", "region": "350623"})
    by = org.actor_for(Account.objects.get(username="zp-editor").pk)
    with at(BEGAN):
        actions.begin(spec, by=by, now=clock.now())
        actions.publish("zp-banner", by=by, now=clock.now())
        actions.draft(spec.model_copy(update={"summary": "还没公开的一句"}), by=by, now=clock.now())
    here = "/desk/catalogue/entry/zp-banner"
    read = editor.get(here)
    assert read.status_code == 200 and 'value="retire"' not in read.content.decode() and "改写" not in text_of(read)
    assert "还没公开的一句" not in text_of(read) and editor.get(f"{here}/2.toml").status_code == 404
    assert {editor.get(here + p).status_code for p in ("/fields", "/materials", "/definition", "/preview")} == {404}
    assert editor.post(here, {"do": "retire", "reason": "不归我管"}).status_code == 404
    assert editor.post(f"{here}/fields", {"name": "改名"}).status_code == 404
    assert queries.current("zp-banner").spec.name == "漳浦横幅"
    form = {f.name: f.value for f in editor.get("/desk/catalogue/new?of=zp-banner").context["form"].fields}
    assert (form["of"], form["region"]) == ("zp-banner", "龙岩市武平县")
    copy = {name: form[name] for name in ("do", "of")} | {"code": "wp-banner", "name": "武平横幅"}
    assert editor.post("/desk/catalogue/new", copy | {"region": "350623"}).status_code == 422
    assert (
        editor.post("/desk/catalogue/new", copy | {"region": "350824"})["Location"] == "/desk/catalogue/entry/wp-banner"
    )
    assert queries.own_file(who("editor"), "wp-banner").base.spec.materials == known.materials
    assert neighbour.get("/desk/catalogue/entry/wp-banner").status_code == 404
    sheet = SimpleUploadedFile("事项.csv", neighbour.get("/desk/catalogue/items.csv?words=zp-banner").content)
    refused = editor.post("/desk/catalogue/import", {"file": sheet})
    assert refused.status_code == 422
    assert "zp-banner" not in editor.get("/desk/catalogue/items.csv").content.decode()


def test_the_region_of_an_entry_is_given_by_name_or_code_and_looked_up(editor):
    here = "/desk/catalogue/entry/wp-new/fields"
    new = {"do": "blank", "code": "wp-new", "name": "新事项", "organ.name": "武平县住建局", "handling": "2"}
    page = editor.get("/desk/catalogue/new").content.decode()
    assert 'hx-get="/desk/admin/divisions/find"' in page and 'value="龙岩市武平县"' in page
    assert "桃溪镇" in editor.get("/desk/admin/divisions/find", {"region": "桃溪"}).content.decode()
    wrong = editor.post("/desk/catalogue/new", new | {"region": "没有县"})
    assert (
        wrong.status_code == 422 and 'id="f-region-fault"' in wrong.content.decode() and "没有查到叫" in text_of(wrong)
    )
    assert editor.post("/desk/catalogue/new", new | {"region": "武平县"}).status_code == 302
    assert queries.own_file(who("editor"), "wp-new").base.spec.region == "350824"
    typed = fields_of(editor, "wp-new")
    assert (
        typed["region"] == "龙岩市武平县" and 'hx-get="/desk/admin/divisions/find"' in editor.get(here).content.decode()
    )
    both = editor.post(here, typed | {"region": "没有县", "statutory": "很久"})
    assert both.status_code == 422 and {f.field for f in both.context["form"].faults} == {"region", "statutory"}
    assert 'value="没有县"' in both.content.decode()
    assert editor.post(here, typed | {"region": "350824101"}).status_code == 302
    assert queries.own_file(who("editor"), "wp-new").draft.spec.region == "350824101"


def test_another_countys_unit_cannot_be_made_the_owner(editor):
    foreign = org.unit_named("漳浦县政务服务中心综合窗口").id
    new = {
        "do": "blank",
        "code": "wp-new",
        "name": "新事项",
        "organ.name": "武平县住建局",
        "handling": "2",
        "region": "350824",
    }
    refused = editor.post("/desk/catalogue/new", new | {"unit": str(foreign)})
    assert refused.status_code == 422 and "请从列表里选择管理单位" in text_of(refused)
    assert editor.post("/desk/catalogue/new", new).status_code == 302
    here = "/desk/catalogue/entry/wp-new/fields"
    typed = {f.name: f.value for f in editor.get(here).context["form"].fields}
    refused = editor.post(here, typed | {"unit": str(foreign)})
    assert refused.status_code == 422 and "请从列表里选择管理单位" in text_of(refused)
    own = org.unit_named("武平县住房和城乡建设局").id
    assert "管理单位已改，立即生效" in text_of(editor.post(here, typed | {"unit": str(own)}, follow=True))
    assert Entry.objects.get(code="wp-new").unit_id == own
    typed = {f.name: f.value for f in editor.get(here).context["form"].fields}
    editor.post(here, typed | {"unit": ""})
    assert Entry.objects.get(code="wp-new").unit_id is None


def test_a_package_is_begun_from_its_file_as_a_copy_of_another(editor):
    text, _mark = definition(editor, "rural-house")
    text = text.replace('code = "rural-house"', 'code = "town-house"', 1).replace("农村村民建房", "集镇建房", 1)
    file = SimpleUploadedFile("town-house.toml", text.encode())
    made = editor.post("/desk/catalogue/new", {"do": "file", "definition": "", "file": file})
    assert made["Location"] == "/desk/catalogue/entry/town-house"
    page = editor.get(made["Location"])
    assert page.context["troubles"] == [] and page.context["file"].shape == "package"
    assert editor.get(f"{made['Location']}/sheep").status_code == 404
    assert editor.get(f"{made['Location']}/materials?item=sheep").status_code == 404
    assert editor.post(made["Location"], {"do": "discard", "seen": seen(page)})["Location"] == "/desk/catalogue"
    assert editor.get(made["Location"]).status_code == 404 and not Entry.objects.filter(code="town-house").exists()


def test_only_editors_get_in(sign_in):
    for login in ("window", "office", "leader", "admin"):
        client = sign_in(login)
        for name in ("catalogue", "catalogue_new", "catalogue_import", "catalogue_excel"):
            assert client.get(reverse(f"desk:{name}")).status_code == 403
    assert Client().get("/desk/catalogue").status_code == 302
