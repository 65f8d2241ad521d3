"""Personal data in free text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mashang.text import rules
from tests.growth import linear


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13805961234,请回", "电话138****1234,请回"),
        ("+86 138-0596-1234", "+86**********1234"),  # with country code and hyphens
        ("１３８０５９６１２３４", "１３８****１２３４"),  # full-width digits
        ("办公室0596-2026318", "办公室059*****6318"),  # a landline
        ("(0597)4822318转1", "(05******2318转1"),
        ("身份证350622199001010019。", "身份证350622********0019。"),
        ("35012219850615002X", "35012219850615002X"),  # wrong check character: left alone
        ("350122198506150023", "350122********0023"),
        ("11010519491231002x", "110105********002x"),  # lower-case x
        ("350622 19900101 0019", "350622**********0019"),  # typed in groups
        ("350622199002300019", "350622199002300019"),  # 30 February
        ("卡号6222021234567890128", "卡号6222***********0128"),
        ("6222 0212 3456 7890 128", "6222*************** 128"),
        ("订单6222021234567890127", "订单6222021234567890127"),  # Luhn fails
        ("车牌闽E12345闯红灯", "车牌闽E****5闯红灯"),
        ("闽F·D12345停在门口", "闽F******5停在门口"),  # new energy
        ("粤Z1234港", "粤Z****港"),
        ("车牌闽 F12345", "车牌闽 *****5"),
        ("手机139.0596.1234。", "手机139******1234。"),
        ("水价1380.5961元", "水价1380.5961元"),  # eight digits
        ("写信到 chen.jg@example.com.cn 即可", "写信到 c******@example.com.cn 即可"),
        ("武平-事-2026-000318", "武平-事-2026-000318"),  # a case number stays
        ("2026-03-02 09:10 交件", "2026-03-02 09:10 交件"),
        ("统一代码91350100M000100Y43", "统一代码91350100M000100Y43"),  # a firm's code is public
        ("拨打12345热线", "拨打12345热线"),
        ("价款1380596123元", "价款1380596123元"),  # ten digits
        ("编号138059612345", "编号138059612345"),  # twelve digits
        ("川A级景区2024年", "川A级景区2024年"),
    ],
)
def test_personal_data_is_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert rules.mask_personal(text) == masked


def identity(region: int, born: date, serial: int) -> str:
    body = f"{region:06d}{born:%Y%m%d}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(c) for w, c in zip(weights, body, strict=True)) % 11]


around = st.text(alphabet="村民陈某电话是,。;请联系 \n", max_size=20)
numbers = st.builds(
    identity,
    st.integers(110000, 829999),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
)


@given(around, numbers, around)
def test_every_valid_identity_number_is_found_whole(before: str, number: str, after: str) -> None:
    text = before + number + after
    assert [(text[s.start : s.end], s.kind) for s in rules.find_personal(text)] == [(number, "identity")]


@given(around, numbers, st.integers(1, 9))
def test_an_identity_number_with_a_wrong_check_digit_is_no_identity_number(before: str, number: str, off: int) -> None:
    last = "0123456789X"[("0123456789X".index(number[-1]) + off) % 11]
    assert all(s.kind != "identity" for s in rules.find_personal(before + number[:-1] + last))


@given(st.text(alphabet="0123456789 -Xx闽EA@a.b+()138电话", max_size=120))
@example("0@0.0@0.0")
@example("zhang@qq.com@li.cn")
def test_masking_twice_changes_nothing_and_keeps_the_length(text: str) -> None:
    once = rules.mask_personal(text)
    assert len(once) == len(text)
    assert rules.mask_personal(once) == once
    spans = rules.find_personal(text)
    assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False))


@given(st.text(alphabet=st.characters(blacklist_categories=["Nd", "Cs"], blacklist_characters="@＠"), max_size=200))
def test_a_text_without_digits_and_at_signs_stays_as_it_is(text: str) -> None:
    assert rules.mask_personal(text) == text


@pytest.mark.parametrize("unit", ["1", "1 ", "a.", "138-", "闽E1", "@a", "a@b.cn ", "13805961234 "])
def test_a_hostile_text_of_100_000_characters_takes_no_more_than_its_length_is_worth(unit: str) -> None:
    assert linear(lambda length: rules.mask_personal(unit * (length // len(unit))), 100_000)
