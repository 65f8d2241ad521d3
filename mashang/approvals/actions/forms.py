"""What the actions of an application are given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator

from mashang.cases.procedure import Form, Id, Instant, Nothing
from mashang.kernel import clock
from mashang.kernel.said import said

__all__ = ["Nothing"]
AREA: dict[str, JsonValue] = {"widget": "textarea"}


def _apart(materials: dict[str, int]) -> dict[str, int]:
    if len({*materials.values()}) < len(materials):
        raise ValueError(said("同一个上传的文件不能当作两份材料，请分别上传。"))
    return materials


Files = Annotated[dict[str, Id], AfterValidator(_apart)]
"""Material code → upload, each its own."""


class HandIn(Form):
    entry: str = Field(title="事项", min_length=1, max_length=64)
    part: str = Field(default="", title="第几次申请", max_length=40)
    region: str = Field(title="办理地", pattern=r"^(\d{6,12})?$")
    answers: dict[str, Any] = Field(default_factory=dict, title="表单")
    materials: Files = Field(default_factory=dict, title="材料")
    reuse: tuple[str, ...] = Field(default=(), title="使用已有证照")
    acting_for: int = Field(default=0, title="为谁办理", ge=0, le=2**63 - 1)
    again: bool = Field(default=False, title="确认再办一件")
    channel: Literal["web", "mobile", "window", "kiosk", "agent", "api", "mail"] = Field(default="web", title="渠道")


Point = Annotated[str, Field(min_length=1, max_length=200)]


class Notice(Form):
    missing: tuple[Point, ...] = Field(
        title="需补正的内容（一次说全）", min_length=1, max_length=100, json_schema_extra={"widget": "lines"}
    )
    help: str = Field(default="", title="怎样补", max_length=1000, json_schema_extra=AREA)


class Supplement(Form):
    materials: Files = Field(default_factory=dict, title="补交材料", json_schema_extra={"widget": "materials"})
    words: str = Field(default="", title="说明", max_length=1000, json_schema_extra=AREA)


class Accept(Form):
    later_until: date | None = Field(
        default=None, title="容缺材料补交期限", json_schema_extra={"widget": "working_day"}
    )


class Review(Form):
    passed: bool = Field(title="是否符合", json_schema_extra={"widget": "passed"})
    opinion: str = Field(title="意见", min_length=2, max_length=2000, json_schema_extra=AREA)


class StartVisit(Form):
    purpose: str = Field(default="现场踏勘", title="停表事由", min_length=2, max_length=100)
    expected: Instant = Field(title="预计完成时间")

    @field_validator("expected", mode="before")
    @classmethod
    def _in_zone(cls, value: Any) -> Any:
        """A form's local time is the platform's zone."""
        if isinstance(value, str):
            try:
                return clock.local(datetime.fromisoformat(value))
            except (ValueError, OverflowError):
                raise ValueError("请填写时间，例如 2026-03-02 09:30。") from None
        return value


class Evidence(Form):
    """What stands behind a finding on site: photos, place and time."""

    photos: tuple[Id, ...] = Field(
        title="现场照片", min_length=1, max_length=20, json_schema_extra={"widget": "photos"}
    )
    latitude: float = Field(title="纬度", ge=-90, le=90, json_schema_extra={"widget": "place"})
    longitude: float = Field(title="经度", ge=-180, le=180, json_schema_extra={"widget": "place"})
    accuracy: float | None = Field(default=None, title="定位误差（米）", ge=0, json_schema_extra={"widget": "place"})
    taken_at: Instant = Field(title="拍摄时间", json_schema_extra={"widget": "place"})
    note: str = Field(default="", title="现场情况", max_length=2000, json_schema_extra=AREA)


class FinishVisit(Evidence):
    passed: bool = Field(title="是否符合", json_schema_extra={"widget": "passed"})


class CheckSite(Evidence):
    finding: Literal["good", "bad"] = Field(title="检查结论", json_schema_extra={"widget": "finding"})


class Extend(Form):
    ground: str = Field(title="延期理由（告知申请人）", min_length=4, max_length=500, json_schema_extra=AREA)
    days: int = Field(default=10, title="延长工作日", ge=1, le=15)


class Grant(Form):
    conclusion: str = Field(
        default="符合法定条件，准予许可", title="决定", min_length=2, max_length=1000, json_schema_extra=AREA
    )


class ProposeRefusal(Form):
    grounds: str = Field(title="不予的理由", min_length=6, max_length=2000, json_schema_extra=AREA)
    basis: str = Field(title="法律依据（条款）", min_length=4, max_length=500)
    remedy: str = Field(title="怎样才能办成", min_length=4, max_length=1000, json_schema_extra=AREA)


class SendBack(Form):
    words: str = Field(title="退回意见", min_length=2, max_length=1000, json_schema_extra=AREA)


class EndChecks(Form):
    reason: str = Field(title="不再建设的情况", min_length=6, max_length=500, json_schema_extra=AREA)


class HandLater(Form):
    materials: Files = Field(title="补交材料", min_length=1, json_schema_extra={"widget": "materials"})


class Withdraw(Form):
    reason: str = Field(title="撤回原因", min_length=2, max_length=500, json_schema_extra=AREA)
