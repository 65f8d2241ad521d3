"""What documents say, pure: kinds, wording by law, verification codes, state on a day."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.org.rules import mask_name
from mashang.text.rules import clean, narrow

from .correcting import Changed as Changed
from .correcting import Part as Part
from .correcting import changes as changes
from .correcting import corrected as corrected
from .correcting import digest as digest
from .correcting import next_number as next_number
from .correcting import parts_of as parts_of
from .correcting import root as root
from .wording import Facts, as_lines, as_text, rows_of, worded

FORM = 1
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FIRM = re.compile(r"(公司|厂|店|合作社|委员会|中心|学校|医院|协会|社|行|馆|部|局|所|院|站)$")
Layout = Literal["notice", "certificate", "form"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`needs` are the facts without which it says nothing; `basis` the article it rests on."""

    label: str
    layout: Layout
    needs: tuple[str, ...] = ()
    basis: str = ""


KINDS: dict[str, Kind] = {
    "acceptance": Kind("受理通知书", "notice", ("item", "due"), "行政许可法第三十二条"),
    "supplement": Kind("一次性补正告知书", "notice", ("item", "missing"), "行政许可法第三十二条第一款第四项"),
    "non-acceptance": Kind("不予受理通知书", "notice", ("item", "grounds", "basis"), "行政许可法第三十二条"),
    "extension": Kind("延期办理告知书", "notice", ("item", "reason", "due"), "行政许可法第四十二条"),
    "special": Kind("特别程序告知书", "notice", ("item", "procedure", "time"), "行政许可法第四十五条"),
    "grant": Kind("准予行政许可决定书", "notice", (), "行政许可法第三十八条第一款"),
    "refusal": Kind("不予行政许可决定书", "notice", ("item", "grounds", "basis"), "行政许可法第三十八条第二款"),
    "planning-permit": Kind("乡村建设规划许可证", "certificate", (), "城乡规划法第四十一条"),
    "homestead-approval": Kind("农村宅基地批准书", "certificate", (), "土地管理法第六十二条"),
    "house-acceptance-opinion": Kind("农村宅基地和建房（规划许可）验收意见表", "certificate"),
    "certificate": Kind("证书", "certificate"),
}
OTHER = Kind("办理结果", "certificate")
WORDS: dict[str, str] = {
    "item": "事项名称",
    "due": "办结期限",
    "missing": "需要补正的内容",
    "grounds": "理由",
    "basis": "法律依据",
    "reason": "原因",
    "procedure": "特别程序",
    "time": "所需时间",
}
MORE_WORDS: dict[str, str] = {**WORDS, "about": "内容", "conclusion": "决定", "remedy": "怎样才能办成"}
"""With those that a document may do without."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document's words in reading order, the same for PDF and DOCX. `mark` stands above all: that it was revoked."""

    title: str
    number: str
    addressee: str = ""
    paragraphs: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    date: str = ""
    layout: Layout = "notice"
    notes: tuple[str, ...] = ()
    mark: str = ""


def new_code() -> str:
    """A verification code nobody can guess: 80 bits in Crockford's base 32."""
    return "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(16))


def normal_code(text: str) -> str:
    """A code as typed by hand brought into shape; "" when it can be none (O reads as 0, I and L as 1)."""
    plain = re.sub(r"[\s-]", "", narrow(text[:64])).upper().translate(str.maketrans("OIL", "011"))
    return plain if re.fullmatch(f"[{_ALPHABET}]{{16}}", plain) else ""


def shown_code(code: str) -> str:
    """The code in four groups, as printed."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def masked_holder(name: str) -> str:
    """What the public sees of the holder, to hold against the paper: persons masked as everywhere, firms whole."""
    plain = clean(name).strip()
    return mask_name(plain, "legal" if _FIRM.search(plain) and len(plain) > 4 else "natural")


def years_on(day: date, years: int) -> date:
    """The same day so many years on; 29 February ends on the 28th (民法典 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def expiry(issued: date, years: int) -> date | None:
    """The last day of a validity of so many years. 0: without limit."""
    return years_on(issued, years) if years > 0 else None


def state_on(state: str, valid_to: date | None, today: date) -> str:
    """valid, revoked or expired."""
    return "expired" if state == "valid" and valid_to is not None and today > valid_to else state


def check(kind: str, facts: Facts, holder: str, number: str) -> None:
    """Refuses, all at once, a document that would leave out what the law wants it to say."""
    form = KINDS.get(kind, OTHER)
    missing = [name for name in form.needs if not facts.get(name)]
    faults = [
        Fault(
            "document.fact",
            said("{paper}缺少“{what}”，请补充后再出具。", paper=form.label, what=WORDS.get(name, name)),
            name,
        )
        for name in missing
    ]
    if not clean(holder).strip():
        faults.append(
            Fault("document.holder", said("{paper}没有写明发给谁，请补充后再出具。", paper=form.label), "holder")
        )
    if not re.fullmatch(r"[^\s\x00-\x1f]{1,100}", number):
        faults.append(Fault("document.number", "文书编号不能为空，也不能有空格。", "number"))
    if faults:
        raise Refused.of(faults)


def chinese_date(instant: datetime | date) -> str:
    """Arabic numerals without leading zeros (GB/T 9704)."""
    return f"{instant.year}年{instant.month}月{instant.day}日"


def revoked_mark(at: datetime, reason: str, replaced_by: str = "") -> str:
    """What a revoked document says of itself above everything else."""
    instead = f"更正后重新出具的文书编号：{replaced_by}" if replaced_by else ""
    return f"本文书已于{chinese_date(at)}撤销，不再有效。理由：{reason}" + (f"。{instead}" if instead else "")


def compose(
    kind: str, *, title: str, number: str, holder: str, unit: str, facts: Facts, issued: datetime, valid_to: date | None
) -> Sheet:
    """The words of a document. `facts` as KINDS names them; `rows` (label, value) fill a certificate's table."""
    form = KINDS.get(kind, OTHER)
    shown, day = title or form.label, chinese_date(issued)
    if form.layout == "notice":
        before, listed, after = worded(kind, facts, shown)
        return Sheet(shown, number, as_text(holder), before, listed, after, unit=unit, date=day)
    until = (("有效期至", chinese_date(valid_to)),) if valid_to else ()
    law, _mark, article = form.basis.partition("法")
    basis = (f"依据《{law}法》{article}核发。",) if form.basis else ()
    rows = (("持有人", as_text(holder)), *rows_of(facts), *until)
    notes = as_lines(facts.get("notes", ()))
    return Sheet(shown, number, paragraphs=basis, rows=rows, unit=unit, date=day, layout="certificate", notes=notes)
