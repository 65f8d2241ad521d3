from __future__ import annotations

from datetime import datetime

import pytest

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions as org
from mashang.org.models import Region

NOW = datetime(2026, 3, 5, 10, 30, tzinfo=clock.ZONE)


@pytest.fixture
def township() -> int:
    """A unit that gives out documents."""
    Region.objects.get_or_create(code="350824", defaults={"name": "武平县", "level": "county"})
    form = org.NewUnit(name="武平县桃溪镇人民政府", short_name="桃溪镇", kind="township", region="350824")
    return org.open_unit(form, by=Actor.system("setup"), now=NOW)
