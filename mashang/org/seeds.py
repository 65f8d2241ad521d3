"""The demo county's units and people, made through actions. Places are real; everybody in them is invented and says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from django.utils.translation import gettext_noop as say

from mashang.kernel import clock
from mashang.kernel.actor import Actor

from . import actions, queries
from .actions import NewGrant, NewPerson, NewPost, NewStaff, NewUnit

BY = Actor.system("demo")
PASSWORD = "mashang-demo"
SINCE = datetime(2025, 1, 2, 9, 0, tzinfo=clock.ZONE)
MARK = "（演示）"


@dataclass(frozen=True, slots=True)
class County:
    """A county with the townships that the demo works in."""

    code: str
    name: str
    townships: tuple[tuple[str, str], ...]


COUNTIES = (
    County("350824", "武平县", (("350824105", "桃溪镇"), ("350824103", "十方镇"), ("350824102", "岩前镇"))),
    County("350623", "漳浦县", (("350623108", "盘陀镇"), ("350623101", "旧镇镇"), ("350623102", "佛昙镇"))),
)
DEPARTMENTS = ("自然资源局", "住房和城乡建设局", "市场监督管理局", "农业农村局", "城市管理局", "公安局交警大队")
WINDOWS = ("综合窗口", "市场监管窗口", "农业窗口", "工程建设窗口")
SURNAMES = "陈林黄张吴李王郑蔡刘钟曾练石蓝饶修赖廖罗"
OFFICIALS = SURNAMES[1:]
"""Of staff: the demo's citizen, 陈, has none of their namesakes among those who handle the case."""
_GIVEN = "建国秀英志强丽华国平桂香文彬美玉金生春兰海涛玉珍荣华雪梅天福凤英立新晓燕永昌素贞"
GIVEN = tuple(_GIVEN[place : place + 2] for place in range(0, len(_GIVEN), 2))


def seed_units(progress: Callable[[str, int, int], None]) -> None:
    """Regions, units, staff, posts and roles of the demo counties; nothing twice."""
    with clock.at(SINCE) as now:
        actions.load_regions(by=BY, now=now)
        for place, county in enumerate(COUNTIES):
            progress(f"{county.name}的单位和人员", place, len(COUNTIES))
            if not queries.units_in(county.code):
                _county(county, now)
        progress("单位和人员", len(COUNTIES), len(COUNTIES))


def _county(county: County, now: datetime) -> None:
    top = _open(f"{county.name}人民政府", "县政府", "government", county.code, None, now)
    office = _open(f"{county.name}机关效能建设领导小组办公室", "县效能办", "office", county.code, top, now)
    centre = _open(f"{county.name}政务服务中心", "政务服务中心", "centre", county.code, top, now)
    for name in WINDOWS:
        window = _open(f"{county.name}政务服务中心{name}", name, "window", county.code, centre, now)
        _staff(window, ("clerk", "clerk", "lead"), now)
    for name in DEPARTMENTS:
        unit = _open(f"{county.name}{name}", name, "department", county.code, top, now, group="department")
        _staff(unit, ("handler", "handler", "lead"), now)
    land = queries.unit_named(f"{county.name}自然资源局").id
    registry = _open(f"{county.name}不动产登记中心", "不动产登记中心", "division", county.code, land, now)
    _staff(registry, ("handler", "clerk", "lead"), now)
    for code, town in county.townships:
        _township(county, code, town, top, now)
    _leaders(county, top, office, centre, now)


def _township(county: County, code: str, town: str, top: int, now: datetime) -> None:
    full = f"{county.name}{town}"
    government = _open(f"{full}人民政府", town, "township", code, top, now, group="township")
    _staff(government, ("handler", "lead"), now)
    window = _open(f"{full}便民服务中心", f"{town}便民服务中心", "window", code, government, now)
    _staff(window, ("clerk", "clerk", "lead"), now)
    for name in ("自然资源所", "村镇建设办公室"):
        division = _open(f"{full}{name}", f"{town}{name}", "division", code, government, now)
        _staff(division, ("handler", "handler", "lead"), now)
    village = _open(f"{full}新村村民委员会{MARK}", f"{town}新村村委会", "village", code, government, now)
    _staff(village, ("handler", "lead"), now)


def _open(name: str, short: str, kind: str, region: str, parent: int | None, now: datetime, group: str = "") -> int:
    form = NewUnit(name, short, kind, region, parent, scheme_class=group, valid_from=now.date())
    return actions.open_unit(form, by=BY, now=now)


def _staff(
    unit: int, roles: tuple[str, ...], now: datetime, *, region: str = "", everywhere: bool = False
) -> list[int]:
    """Someone for each role in a unit; the first two stand in for each other (AB 岗)."""
    made = [_appoint(unit, role, place, now, region=region, everywhere=everywhere) for place, role in enumerate(roles)]
    if len(made) > 1:
        duties = "收件、受理、一次性告知" if roles[0] == "clerk" else "审查、踏勘、提出意见"
        post = NewPost(unit, "窗口岗" if roles[0] == "clerk" else "经办岗", duties, holder=made[0], stand_in=made[1])
        actions.open_post(post, by=BY, now=now)
    return made


def _appoint(unit: int, role: str, place: int, now: datetime, *, region: str = "", everywhere: bool = False) -> int:
    where = queries.unit(unit).name
    surname = OFFICIALS[(crc32(where.encode()) + place) % len(OFFICIALS)]
    label = DEMO_LABELS.get((where, place), "")
    form = NewStaff(
        username=LOGINS.get(label, f"u{unit}-{place + 1}"),
        name=f"{surname}某某{MARK}",
        unit=unit,
        phone=f"1380000{unit % 100:02d}{place:02d}",
        password=PASSWORD if label else "",
        demo_label=label,
    )
    staff = actions.appoint(form, by=BY, now=now)
    scope = None if everywhere else unit
    actions.grant_role(NewGrant(staff, role, unit=scope, region=region), by=BY, now=now)
    if role == "lead":
        actions.grant_role(NewGrant(staff, "handler", unit=scope, region=region), by=BY, now=now)
    return staff


def _leaders(county: County, top: int, office: int, centre: int, now: datetime) -> None:
    _staff(office, ("office",), now, region=county.code, everywhere=True)
    inspector = _appoint(office, "inspector", 1, now, region=county.code, everywhere=True)
    actions.grant_role(NewGrant(inspector, "office", region=county.code), by=BY, now=now)
    for place, role in enumerate(("leader", "admin", "auditor")):
        whole = role == "admin" and county is COUNTIES[0]  # one of the demo's administrators has the whole platform
        _appoint(top, role, place, now, region="" if whole else county.code, everywhere=True)
    _appoint(centre, "catalogue_editor", 0, now, region=county.code, everywhere=True)


LOGINS = {
    say("窗口收件 · 桃溪镇便民服务中心"): "window",
    say("用地审查 · 桃溪镇自然资源所"): "land",
    say("规划审查 · 桃溪镇村镇建设办公室"): "planning",
    say("资格审查 · 桃溪镇新村村委会"): "village",
    say("审批决定 · 桃溪镇人民政府"): "town",
    say("第二人确认 · 桃溪镇人民政府负责人"): "townlead",
    say("登记发证 · 武平县不动产登记中心"): "registry",
    say("效能办 · 武平县效能办"): "office",
    say("督查员 · 武平县效能办"): "inspector",
    say("县领导 · 武平县"): "leader",
    say("系统管理员 · 全部地区"): "admin",
    say("审计员 · 武平县"): "auditor",
    say("事项管理员 · 武平县政务服务中心"): "editor",
    say("综合窗口 · 漳浦县政务服务中心"): "zhangpu",
}
"""Demo accounts: what they are (shown on the sign-in page in demo mode only) and their name."""
_TOWN = "武平县桃溪镇"
DEMO_LABELS: dict[tuple[str, int], str] = dict(
    zip(
        (
            (f"{_TOWN}便民服务中心", 0),
            (f"{_TOWN}自然资源所", 0),
            (f"{_TOWN}村镇建设办公室", 0),
            (f"{_TOWN}新村村民委员会{MARK}", 0),
            (f"{_TOWN}人民政府", 0),
            (f"{_TOWN}人民政府", 1),
            ("武平县不动产登记中心", 1),
            ("武平县机关效能建设领导小组办公室", 0),
            ("武平县机关效能建设领导小组办公室", 1),
            ("武平县人民政府", 0),
            ("武平县人民政府", 1),
            ("武平县人民政府", 2),
            ("武平县政务服务中心", 0),
            ("漳浦县政务服务中心综合窗口", 0),
        ),
        LOGINS,
        strict=True,
    )
)


def person_form(place: int, county: str) -> NewPerson:
    """The invented citizen number `place`: a name, a phone of a range not in use, an identity number that only checks."""
    name = SURNAMES[place % len(SURNAMES)] + GIVEN[(place // len(SURNAMES)) % len(GIVEN)] + MARK
    return NewPerson("natural", name, f"1990000{place % 10000:04d}", identity_number(county, place), demo=True)


def identity_number(county: str, place: int) -> str:
    """A number of the right form and check digit that belongs to nobody: born on a day in 1900-1919."""
    day = f"19{place // 365 % 20:02d}{place // 28 % 12 + 1:02d}{place % 28 + 1:02d}"
    head = f"{county}{day}{place % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11]


def seed_persons(progress: Callable[[str, int, int], None]) -> None:
    """Two citizens who can sign in: one to apply, one who helps others (代办员)."""
    with clock.at(SINCE) as now:
        for place, (login, label) in enumerate(
            (("citizen", say("群众 · 申请人")), ("helper", say("群众 · 村级代办员")))
        ):
            form = person_form(place, "350824")
            if not queries.find_person(number=form.number):
                person = actions.register_person(form, by=BY, now=now)
                actions.open_account(person, login, PASSWORD, by=BY, now=now, demo_label=label)
    progress("演示群众账号", 2, 2)


def accounts() -> list[tuple[str, str, str]]:
    """(what they are, account, password) to print when the demo starts."""
    return list(queries.demo_accounts())
