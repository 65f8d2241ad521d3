"""Verb → sentence, for reading the room's entries aloud."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "scheme.written": _("编制考评方案“{code}”第{version}版。"),
    "scheme.frozen": _("考评方案“{code}”第{version}版定稿，此后不再改动。"),
    "figure.reported": _("上报{unit}{period}“{indicator}”的数据。"),
    "figure.corrected": _("更正{unit}{period}“{indicator}”的数据，经批准。"),
    "correction.asked": _("申请更正{unit}{period}“{indicator}”的数据。"),
    "correction.refused": _("未同意更正{unit}{period}“{indicator}”的数据。"),
    "score.run": _("按方案“{code}”第{version}版计算{period}考评，输入封存码{digest}。"),
}
PRIVATE: dict[str, tuple[str, ...]] = {
    "figure.reported": ("evidence",),
    "figure.corrected": ("evidence", "reason"),
    "correction.asked": ("evidence", "reason"),
    "correction.refused": ("answer", "reason"),
}
