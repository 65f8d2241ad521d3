"""The door of the API: whose token is this, what may it do, how often. Closed by default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.org import queries as org
from mashang.org.rights import OPERATIONS

from .problems import TooMany
from .rates import Rates

rates = Rates(Path(settings.VAR) / "rates")


class Called(HttpRequest):
    """A call whose token was accepted: `auth` is the client that calls, `faults_under` where its form's fields stand."""

    auth: Actor
    faults_under: tuple[str, ...]


class Bearer(HttpBearer):
    """A client's token, for one operation. What `OPERATIONS` does not list is answered as if it did not exist."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation

    def __call__(self, request: HttpRequest) -> Any:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return self.authenticate(request, token.strip() if scheme.lower() == "bearer" else "")

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """The client behind the token. Refuses without one (401), beyond its rate (429), without the scope (403)."""
        now = clock.now()
        client = org.client_for(token, now) if token else None
        if client is None:
            raise Refused("token.missing", "没有有效的接口令牌：请在 Authorization 里给出 Bearer 令牌。")
        if wait := rates.take(client.actor.id, client.per_minute, now):
            raise TooMany(wait)
        needed = OPERATIONS.get(self.operation)
        if needed is None:
            raise NotFound
        if not org.holds(client.actor, needed):
            raise Forbidden("这个接口令牌没有这项权限，请联系系统管理员。")
        return client.actor
