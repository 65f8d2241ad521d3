"""Going to every address there is, as somebody, and reading what comes back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, get_resolver, resolve, reverse
from openpyxl import load_workbook

from mashang.kernel import clock
from mashang.org import seeds
from mashang.org.models import Account
from tests.access.reference import NUMBER, Somebody, World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOT_FOLLOWED = (
    "account_logout",
    "shared:preferences",
    "hall:result",
    "desk:result",
    "hall:form",
    "desk:form",
    "desk:press",
    "desk:press_step",
)
HREF = re.compile(r'(?:href|action)="([^"]*)"')
PLACES = (0, 1, 2, 30, 31, 32)
MAIN = re.compile(r"<main.*?</main>", re.S)


def secrets() -> list[str]:
    """Whatever must stand in no answer: names, phones and numbers of persons, phones of staff."""
    people = [seeds.person_form(place, "350824") for place in PLACES]
    clear = [word for p in people for word in (p.name.removesuffix(seeds.MARK), p.phone, p.number)]
    return [*clear, *(f"1380000{unit:02d}{place:02d}" for unit in range(100) for place in range(5))]


SECRETS = secrets()


def names() -> dict[str, tuple[str, set[str]]]:
    """Every view name of the resolver with its route and the names of its parameters."""
    found: dict[str, tuple[str, set[str]]] = {}

    def gather(patterns: list[URLPattern | URLResolver], space: str, route: str) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                inner = f"{space}{one.namespace}:" if one.namespace else space
                gather(one.url_patterns, inner, route + str(one.pattern))
            elif one.name:
                found[space + one.name] = (route + str(one.pattern), set(one.pattern.converters))

    gather(get_resolver().url_patterns, "", "")
    return found


@dataclass
class Walker:
    """Somebody at a browser (or a system with its token), and where they have been."""

    who: Somebody
    world: World
    token: str = ""
    been: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    browser: Client = field(
        default_factory=lambda: Client(raise_request_exception=False, headers={"Accept-Language": "zh-CN"})
    )

    def __post_init__(self) -> None:
        self.seen = self.world.seen(self.who)
        self.kin = set().union(*(self.world.kin[n] for n in self.seen)) if self.seen else set()
        if self.who.kind in ("staff", "person"):
            self.browser.force_login(Account.objects.get(username=self.who.name), BACKEND)

    def go(
        self, name: str, *args: Any, query: dict[str, Any] | None = None, post: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One request, with the clock at the world's instant; what it shows is looked through."""
        self.been.add(name)
        path = reverse(name, args=args)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with clock.at(self.world.now):
            if post is not None:
                answer = self.browser.post(path, post, headers=headers)
            else:
                answer = self.browser.get(path, query or {}, headers=headers)
        if answer.status_code == 200:
            match = resolve(path)
            self.opened.add((match.view_name, str(match.kwargs)))
        self.look(f"{name}{args or ''}{query or post or ''}", answer)
        return answer  # type: ignore[no-any-return]

    def look(self, where: str, answer: HttpResponse) -> None:
        """No fault of ours, nobody's clear data, no case out of sight."""
        if answer.status_code >= 500:
            self.problems.append(f"{where}: {answer.status_code}")
            return
        text = shown(answer)
        asked = unquote(where)
        leaks = [s for s in SECRETS if s in text and s not in asked]
        if leaks:
            self.problems.append(f"{where}: shows {leaks[:3]} in clear")
        hidden = set(NUMBER.findall(text)) - self.seen - self.kin - set(NUMBER.findall(asked))
        if hidden & self.world.cases.keys() and "verify_c" not in where:  # a certificate's number stands on its paper
            self.problems.append(f"{where}: shows {sorted(hidden)[:3]}, not {self.who.name}'s to see")
        if "html" in answer.headers.get("Content-Type", ""):
            for href in map(unescape, HREF.findall(answer.content.decode())):
                if href.startswith("/") and not href.startswith("/static"):
                    self.links.setdefault(href, where)
                    path, query = (set(NUMBER.findall(unquote(part))) for part in urlsplit(href)[2:4])
                    lost = (path | query - set(NUMBER.findall(asked))) - self.seen  # a filter repeats what was asked
                    if lost and answer.status_code == 200:
                        self.problems.append(f"{where}: links to {sorted(lost)[:3]}, not {self.who.name}'s to see")

    def expect(self, name: str, *args: Any, status: set[int], **how: Any) -> HttpResponse:
        answer = self.go(name, *args, **how)
        if answer.status_code not in status:
            self.problems.append(f"{name}{args}{how or ''}: {answer.status_code}, expected {sorted(status)}")
        return answer

    def listed(self, name: str, expected: set[str], *, query: dict[str, Any] | None = None) -> None:
        """A list must show these cases, nothing more and nothing less."""
        answer = self.expect(name, query=query or {}, status={200})
        if answer.status_code == 200:
            self.same(f"{name}{query or ''}", listed_in(answer), expected)

    def same(self, where: str, shown_: set[str], expected: set[str]) -> None:
        if more := shown_ - expected:
            self.problems.append(f"{where}: lists too much: {sorted(more)[:4]}")
        if less := expected - shown_:
            self.problems.append(f"{where}: leaves out: {sorted(less)[:4]}")

    def follow(self) -> None:
        """Every link that a page offered leads somewhere."""
        gone: set[object] = set()
        for href, where in sorted(self.links.items()):
            try:
                match = resolve(urlsplit(href).path)
            except Resolver404:
                self.problems.append(f"{where}: offers {href}, which leads nowhere")
                continue
            same = match.view_name, str(match.kwargs), frozenset(parse_qs(urlsplit(href).query))
            if match.view_name in NOT_FOLLOWED or same in gone or same[:2] in self.opened:
                continue
            gone.add(same)
            self.been.add(match.view_name)
            with clock.at(self.world.now):
                answer = self.browser.get(href)
            if answer.status_code in (403, 404) or answer.status_code >= 500:
                self.problems.append(f"{where}: offers {href}, which answers {answer.status_code}")


def listed_in(answer: HttpResponse) -> set[str]:
    """The numbers that the lines of a list are about, not those that they only mention."""
    if "spreadsheet" in answer.headers["Content-Type"]:
        book = load_workbook(io.BytesIO(answer.content), read_only=True)
        return {str(row[0]) for sheet in book for row in sheet.iter_rows(values_only=True)} & {
            *NUMBER.findall(shown(answer))
        }
    if "html" in answer.headers["Content-Type"]:
        return {
            n
            for href in HREF.findall("".join(MAIN.findall(answer.content.decode())))
            for n in NUMBER.findall(unquote(urlsplit(unescape(href)).path))
        }
    return set(NUMBER.findall(shown(answer)))


def shown(answer: HttpResponse) -> str:
    """What can be read of an answer; certificates name their holder and are for who may see the case."""
    kind = answer.headers.get("Content-Type", "")
    if "spreadsheet" in kind:
        book = load_workbook(io.BytesIO(answer.content), read_only=True)
        return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    if "pdf" in kind or "image" in kind or getattr(answer, "streaming", False):
        return ""
    return unescape(answer.content.decode(errors="replace"))


def others(known: dict[str, tuple[str, set[str]]]) -> Iterator[str]:
    """Names without parameters: any new page is at least opened."""
    for name, (_route, parameters) in known.items():
        if not parameters:
            try:
                reverse(name)
            except NoReverseMatch:
                continue
            yield name
