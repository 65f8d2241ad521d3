"""Whether an answer answers: seven parts from 0 (bad) to 1 (good), each with the passage that decided, and hold or pass.

An answer is judged among others: the messages and answers of the same file. One that fits
other people's messages better than its own was mixed up; one that says what answers to other messages say was copied.
The parts are weighed by a logistic sum; its weights were fitted on real answers, half of them spoiled on purpose
(exchanged, cut off, replaced by phrases, copied).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from mashang.kernel.said import said, strung

from .grams import View
from .personal import mask_personal
from .plain import plain
from .vectors import counted, in_texts

Floats = NDArray[np.float64]
PARTS = ("relevance", "completeness", "grounds", "tone", "template", "length", "delay")
HOLD = 0.5
SILENT = 0.6  # least risk of an answer that names neither the matter nor any ground
COMPARED = 4000  # messages, answers that an answer is compared with, evenly taken from the file; with equal ones always
_VIEW = View("whole", 2, 3)
_BLOCK = 500
_FEW = 20
_EQUAL = 1 - 1e-6  # cosine of answers of the same words
_BEGINNING = 300  # characters of title and of body of which a passage is looked for in the answer

_FINISHED = re.compile(r"(?:[。！!？?；;）)”\"…：.】\]]|日|谢谢|支持|愉快|安康|监督|\d)$")
_CLOSED = (
    re.compile(  # of an answer whose spaces are single: two neighbours that may both be long are tried in every way
        r"[。！!？?] ?[”\"]? ?(?:\S{0,14}\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日)?$|(?:月 ?\d{1,2} ?日|年\d{1,2}月|日)\W*$"
    )
)
_FAREWELL = re.compile(
    r"感谢|谢谢|致电|联系电话|咨询电话|祝您|祝你|\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日\W*$|特此|此复|欢迎"
)
_OUTCOME = re.compile(
    r"经[^。，]{0,12}(?:查|核实|调查|了解)|现场|整改|责令|已于|已经?(?:完成|办理|安装|修复|清理|解决|拆除|处罚|立案)|根据|按照|规定|建议您|答复如下|回复如下|符合|不予|可以|需要"
)
_FORWARDED = re.compile(
    r"转[^。，]{0,16}(?:处理|办理|核查|核处|核实|处置|调查|研究|阅处|部门|单位)|耐心等待|敬请关注|已收悉"
)
_GROUNDS = re.compile(
    r"《[^》]{2,40}》|第[一二三四五六七八九十百零\d]+条|经[^。，]{0,12}(?:核实|调查|核查|检测|鉴定)|现场(?:核实|核查|查看|调查|检查)"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}日)?|(?<!\d)\d+(?:\.\d+)?(?:元|米|公里|平方米|万元|户|人|%|吨|亩)|〔\d{4}〕|政府发文|条例|办法|法律|标准"
)
_POLITE = re.compile(r"您好|你好|尊敬|感谢|谢谢|敬请|抱歉|歉意|谅解|理解|祝您|欢迎")
_HARSH = re.compile(
    r"无理取闹|胡说|不属实纯属|造谣|别再|不要再来|与我(?:局|单位|们)无关|不归我|不归我们管|爱咋|自己想办法|无可奉告|懒得|刁民|你们自己|少管|不知好歹|听不懂"
)
_STOCK = re.compile(
    r"您好|你好|尊敬的?|网友|市民|同志|来信|来电|留言|反映|诉求|问题|情况|建议|意见|收悉|收到|感谢|谢谢|关心|关注|支持|理解|监督|配合|我们|我局|我单位"
    r"|工作|高度|重视|认真|积极|跟进|研究|对待|进一步|加强|管理|尽快|及时|处理|解决|办理|落实|调查|核实|相关|有关|部门|单位|一定|努力|改进|提高|提升|服务|希望"
)
_WORDS = re.compile(r"[\u3400-\u9fffA-Za-z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A citizen's message and the answer to it; working_days from one to the other, None when unknown."""

    title: str
    body: str
    reply: str
    working_days: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """0 (bad) to 1 (good) and the passage, or the fact, that decided."""

    value: float
    passage: str


@dataclass(frozen=True, slots=True)
class Check:
    """The parts of one answer; risk 0 to 1 that it does not answer; hold or pass, and why."""

    parts: dict[str, Part]
    risk: float
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Signs:
    """What comparison with the others tells, one number for each answer."""

    own: Floats  # cosine with the own message
    better: Floats  # how many other messages are nearer
    others: int
    title: Floats  # weighted share of the title's grams that the answer holds
    copied: Floats  # highest cosine with another answer
    source: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # the row of that answer


def check_replies(exchanges: Sequence[Exchange], numbers: Sequence[int] = ()) -> list[Check]:
    """A check for each exchange, judged among them all. `numbers` are their rows as a spreadsheet shows them, from 2 on if
    not given."""
    if not exchanges:
        return []
    signs = _compared(exchanges)
    if numbers:
        signs = replace(signs, source=np.array(numbers)[signs.source - 2])
    return [_check(exchange, signs, place) for place, exchange in enumerate(exchanges)]


def _compared(exchanges: Sequence[Exchange]) -> _Signs:
    count = len(exchanges)
    messages = [f"{one.title}。{one.body}" for one in exchanges]
    replies = [one.reply for one in exchanges]
    read = counted([*messages, *replies], [_VIEW])
    counts = read.counts
    counts.data[:] = 1
    weight = np.maximum(np.log((1 + counts.shape[0]) / (1 + in_texts(counts))) - 1.5, 0) if count > _FEW else None
    weight = np.ones(counts.shape[1]) if weight is None else weight
    told, mine = counts[:count], counts[count:]
    titles = read.read([one.title for one in exchanges])
    titles.data[:] = 1
    spread = np.unique(np.linspace(0, count - 1, min(count, COMPARED)).astype(np.int64))
    answered = _unit(mine, weight)
    own, better = _fitting(answered, _unit(told, weight), spread)
    copied, source = _copied(answered, spread)
    if len(spread) < count:
        _match_equals(replies, copied, source)
    held = np.asarray(titles.multiply(mine) @ weight).ravel()
    return _Signs(own, better, len(spread) - 1, held / np.maximum(titles @ weight, 1e-9), copied, source + 2)


def _unit(counts: csr_matrix, weight: Floats) -> csr_matrix:
    rows = (counts @ diags(weight)).tocsr()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (diags(1 / np.maximum(length, 1e-9)) @ rows).tocsr()


def _fitting(mine: csr_matrix, told: csr_matrix, spread: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The cosine of each answer with its message, and how many of the compared messages it is nearer to."""
    own = np.asarray(mine.multiply(told[: mine.shape[0]]).sum(axis=1)).ravel()
    better = np.zeros(len(own))
    compared = told[spread].T.tocsr()
    for at in range(0, len(own), _BLOCK):
        near = (mine[at : at + _BLOCK] @ compared).toarray()
        better[at : at + _BLOCK] = (near > own[at : at + _BLOCK, None] + 1e-9).sum(axis=1)
    return own, better


def _copied(mine: csr_matrix, spread: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The highest cosine of each answer with another one of those compared, and which."""
    highest, source = np.zeros(mine.shape[0]), np.full(mine.shape[0], -1, dtype=np.int64)
    compared = mine[spread].T.tocsr()
    for at in range(0, mine.shape[0], _BLOCK):
        near = (mine[at : at + _BLOCK] @ compared).toarray()
        near[np.arange(at, at + len(near))[:, None] == spread] = 0
        highest[at : at + _BLOCK], source[at : at + _BLOCK] = near.max(axis=1), spread[near.argmax(axis=1)]
    return highest, source


def _match_equals(replies: Sequence[str], copied: Floats, source: NDArray[np.int64]) -> None:
    """Write in the first equal answer of the whole file wherever none of those compared was equal."""
    first: dict[str, int] = {}
    again: dict[str, int] = {}
    read = [plain(reply) for reply in replies]
    for place, text in enumerate(read):
        if text in first:
            again.setdefault(text, place)
        first.setdefault(text, place)
    for place, text in enumerate(read):
        if text in again and len(text) >= _VIEW.low and copied[place] < _EQUAL:
            copied[place], source[place] = 1.0, first[text] if first[text] != place else again[text]


# -- the parts


def _check(exchange: Exchange, signs: _Signs, place: int) -> Check:
    reply = exchange.reply.strip()
    parts = {
        "relevance": _relevance(exchange, signs, place),
        "completeness": _completeness(reply),
        "grounds": _grounds(reply),
        "tone": _tone(reply),
        "template": _template(signs, place),
        "length": _length(reply),
        "delay": _delay(exchange.working_days),
    }
    risk = round(1 / (1 + math.exp(-_sum(parts, signs, place, reply))), 4)
    if parts["relevance"].value == 0 == parts["grounds"].value:
        risk = max(risk, SILENT)
    held = risk >= HOLD
    return Check(parts, risk, "hold" if held else "pass", _reason(parts) if held else _passed(parts))


def _relevance(exchange: Exchange, signs: _Signs, place: int) -> Part:
    """1 when no message is nearer to the answer than its own and the title comes back in it; 0 when nothing does."""
    nearest = 1 - math.log1p(signs.better[place]) / math.log1p(max(signs.others, 1)) if signs.others else 1.0
    mentioned = min(1.0, 2 * signs.title[place] + 5 * signs.own[place])
    if mentioned == 0 or _only_phrases(exchange):
        return Part(0.0, _missed(exchange))
    value = nearest * (0.5 + 0.5 * mentioned)
    if signs.better[place] > 10:
        return Part(value, said("答复与另外 {count} 件来信更相近", count=int(signs.better[place])))
    return Part(value, _shared(exchange))


def _only_phrases(exchange: Exchange) -> bool:
    """Whether an answer without ground or result has in common with the message only what stands in any answer."""
    reply = exchange.reply
    if _GROUNDS.search(reply) or _OUTCOME.search(reply):
        return False
    message = _pairs(f"{exchange.title}。{exchange.body}")
    return not message & _pairs(reply)


def _pairs(text: str) -> set[str]:
    """Two characters side by side, once the phrases of any answer are taken out."""
    return {word[at : at + 2] for word in _WORDS.findall(_STOCK.sub(" ", text)) for at in range(len(word) - 1)}


def _missed(exchange: Exchange) -> str:
    words = (exchange.title.strip() or exchange.body.strip())[:30]
    if not words:
        return said("答复没有提到来信的内容")
    return said("答复没有提到来信的内容：“{words}”", words=mask_personal(words))


def _shared(exchange: Exchange) -> str:
    """The longest passage that title or body and answer have in common, masked."""
    best = ""
    for text in (exchange.title[:_BEGINNING], exchange.body[:_BEGINNING]):
        for at in range(len(text)):
            while at + len(best) < len(text) and text[at : at + len(best) + 1] in exchange.reply:
                best = text[at : at + len(best) + 1]
    if len("".join(_WORDS.findall(best))) < 2:
        return said("用词与来信相近")
    return said("提到“{words}”", words=mask_personal(best.strip())[:40])


def _completeness(reply: str) -> Part:
    """1 when the answer comes to an end and tells a result; less when it breaks off, or only says that it was passed on."""
    tail = mask_personal(reply)[-20:]
    if not reply:
        return Part(0.0, said("没有答复内容"))
    if not _FINISHED.search(reply):
        return Part(0.05, said("话没有说完：“…{words}”", words=tail))
    closed, farewell = _is_closed(reply), _FAREWELL.search(reply[-60:]) is not None
    value = 0.3 + 0.45 * closed + 0.25 * farewell
    forwarded = _FORWARDED.search(reply)
    if forwarded and len(reply) < 120 and not _OUTCOME.search(reply):
        return Part(value * 0.5, said("只说转办、收悉，没有结果：“{words}”", words=forwarded[0][:20]))
    return Part(
        value, said("结尾完整：“…{words}”", words=tail) if closed else said("结尾不完整：“…{words}”", words=tail)
    )


def _is_closed(reply: str) -> bool:
    """Whether the last sentence comes to its end, or a date stands there."""
    return _CLOSED.search(" ".join(reply.split())) is not None


def _grounds(reply: str) -> Part:
    """How many grounds are named (rules, findings, dates, figures): none 0, six and more 1."""
    found = list(dict.fromkeys(match[0] for match in _GROUNDS.finditer(reply)))
    if not found:
        return Part(0.0, said("没有写事实和依据"))
    return Part(min(1.0, len(found) / 6), said("依据：{words}", words=[mask_personal(one) for one in found[:4]]))


def _tone(reply: str) -> Part:
    harsh = _HARSH.search(reply)
    if harsh:
        return Part(0.0, said("用语不当：“{words}”", words=harsh[0]))
    polite = _POLITE.search(reply)
    return Part(1.0, said("用语得当：“{words}”", words=polite[0])) if polite else Part(0.6, said("没有称呼和礼貌用语"))


def _template(signs: _Signs, place: int) -> Part:
    """1 when no other answer is like it, 0 when another says the same."""
    copied = float(signs.copied[place])
    value = min(1.0, max(0.0, 2 * (1 - copied)))
    if value > 0.8:
        return Part(value, said("与其他答复不雷同"))
    return Part(value, said("与第 {row} 行的答复有 {copied:.0%} 相同", row=int(signs.source[place]), copied=copied))


def _length(reply: str) -> Part:
    """0 at nothing, 1 from 120 characters; answers over 3,000 lose again."""
    size = len(reply)
    value = min(1.0, size / 120) * (1.0 if size <= 3000 else max(0.3, 3000 / size))
    return Part(value, said("{size} 字", size=size))


def _delay(days: int | None) -> Part:
    """1 within 5 working days, 0.8 within 10, 0.6 within 15, then falling to 0 at 60; 0.5 when unknown."""
    if days is None:
        return Part(0.5, said("时间不详"))
    value = 1.0 if days <= 5 else 0.8 if days <= 10 else 0.6 if days <= 15 else max(0.0, 0.6 * (60 - days) / 45)
    return Part(value, said("{days} 个工作日", days=days))


# -- the verdict

# template is negative: the same answer to the same question is right; elsewhere (misplaced) it is what copying looks like
WEIGHTS = {
    "start": -4.0, "better": 3.2, "mixed": 3.5, "template": -2.4, "misplaced": 5.8, "broken": 3.0, "open": 1.8,
    "farewell": 1.0, "harsh": 7.0,
}  # fmt: skip


def terms(parts: dict[str, Part], signs: _Signs, place: int, reply: str) -> dict[str, float]:
    """The terms of the logistic sum, each 0 to 1.

    better: how many messages the answer fits better than its own, as a logarithm; mixed: the same where the answer is
    long, so that it was written for somebody.
    """
    better = math.log1p(signs.better[place]) / math.log1p(max(signs.others, 1)) if signs.others else 0.0
    if signs.others < _FEW:  # too few to compare with: silence on the matter itself must count
        better = max(better, float(parts["relevance"].value == 0))
    template = 1 - parts["template"].value
    return {
        "start": 1.0,
        "better": better,
        "mixed": better * parts["length"].value,
        "template": template,
        "misplaced": template * better,
        "broken": float(not _FINISHED.search(reply)),
        "open": float(not _is_closed(reply)),
        "farewell": float(not _FAREWELL.search(reply[-60:])),
        "harsh": float(parts["tone"].value == 0),
    }


def _sum(parts: dict[str, Part], signs: _Signs, place: int, reply: str) -> float:
    total = sum(WEIGHTS[name] * value for name, value in terms(parts, signs, place, reply).items())
    return max(-30.0, min(30.0, total))


_WHY = {  # in the order in which they are told
    "tone": said("用语不当"),
    "relevance": said("答非所问"),
    "completeness": said("不完整"),
    "template": said("套用模板"),
    "length": said("过于简短"),
    "grounds": said("缺少依据"),
}


def _passed(parts: dict[str, Part]) -> str:
    """That nothing holds the answer back, and what could be better."""
    weak = any(parts[name].value < 0.5 for name in _WHY)
    return said("未到把关线；偏弱：{reason}", reason=_reason(parts)) if weak else said("各项达到要求。")


def _reason(parts: dict[str, Part]) -> str:
    """Up to three weak parts with their passages."""
    weak = [name for name in _WHY if parts[name].value < 0.5]
    named = weak[:3] or [min(_WHY, key=lambda name: parts[name].value)]
    told = [said("{what}（{passage}）", what=_WHY[name], passage=parts[name].passage) for name in named]
    return said("{reasons}。", reasons=strung(told, "{one}；{other}"))
