"""A definition as a file: TOML as it is shipped under `data/`, a package in one file with its items in `[[items]]`.

Reading takes JSON too, and names every fault by its line or its place.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import listed, said
from mashang.kernel.toml import toml_hint, toml_place

from .spec import Code, EntryCode, Limit, Spec
from .words import codes_of, inner_of, place_of, shape_of

LONGEST = 400_000
DOTS = 1000  # in a line; a key of thousands of parts takes the reader of TOML minutes
FIELD = "definition"
_INLINE = frozenset({"choices", "when", "instant_when", "visits", "replaced_visits", "organ", "codes"})
_BRIEF = frozenset({"materials", "form", "fees", "basis", "questions", "choices", "when", "instant_when"})
_USUAL = frozenset({"detail", "opens", "instant_limit"})
_TABLE = re.compile(r"\s*(\[\[?)([\w.\- \t\"']+)\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
Path = tuple[int | str, ...]


# ── out ──


def written(spec: Spec) -> str:
    """The definition as TOML: what is empty is left out, and in the long lists whatever is as usual.

    Read again it is the same definition.
    """
    whole = spec.model_dump(mode="json", exclude_none=True)
    said_so = spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    plain = {"shape": spec.shape, "code": spec.code, "name": spec.name, **_worth(whole, said_so)}
    return "\n".join(_table((), plain)).strip() + "\n"


def _worth(whole: Mapping[str, Any], said_so: Mapping[str, Any], *, brief: bool = False) -> dict[str, Any]:
    """The values worth writing down: those that differ from what stands anyway, and of the others what says something."""
    found: dict[str, Any] = {}
    for name, value in whole.items():
        other = said_so.get(name)
        if isinstance(value, Mapping) and name != "roles":
            inner = _worth(value, other or {}, brief=brief)
            found |= {name: inner} if other or any(inner.values()) else {}
        elif isinstance(value, list) and other and isinstance(value[0], Mapping):
            pairs = zip(value, other, strict=True)
            found[name] = [_worth(one, same, brief=name in _BRIEF) for one, same in pairs]
        elif name in said_so or (value and not brief and name not in _USUAL):
            found[name] = value if other is None else other
    return found


def _table(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    tables = {name: value for name, value in values.items() if _is_table(name, value)}
    for name, value in values.items():
        if name not in tables:
            yield f"{name} = {_value(name, value)}"
    for name, value in tables.items():
        inner = (*path, name)
        if isinstance(value, Mapping):
            if not all(isinstance(v, Mapping) for v in value.values()):
                yield from ("", f"[{'.'.join(inner)}]")
            yield from _table(inner, value)
            continue
        for one in value:
            yield from ("", f"[[{'.'.join(inner)}]]")
            yield from _table(inner, one)


def _is_table(name: str, value: Any) -> bool:
    if name in _INLINE:
        return False
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value))


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (name in ("min", "max") and re.fullmatch(r"0|-?[1-9]\d{0,14}", value)):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(k, v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        inside = [_value("", v) for v in value]
        if sum(map(len, inside)) <= (40 if inside and inside[0].startswith("{") else 100):
            return f"[{', '.join(inside)}]"
        return "[\n" + "".join(f"    {one},\n" for one in inside) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


# ── in ──


def read(text: str) -> Spec:
    """A definition from its file. Refuses what is no TOML or JSON by line, and else every value that is wrong."""
    values = _values(text)
    lines = {} if text.lstrip().startswith("{") else lines_of(text)
    return checked(shape_of(values), values, lines=lines)


def checked_definition(values: Mapping[str, Any]) -> Spec:
    """The definition of values or JSON. Refuses with every field that is wrong."""
    return checked(shape_of(values), values)


def checked(
    kind: type[Spec],
    values: Mapping[str, Any],
    faults: Sequence[Fault] = (),
    *,
    lines: Mapping[Path, int] | None = None,
) -> Spec:
    """The definition of raw values. Refuses with `faults` and everything the shapes do not allow, by place and line."""
    found = list(faults)
    try:
        spec = kind.model_validate(values)
    except ValidationError as no:
        known = {fault.field for fault in found}
        found += [f for e in no.errors(include_url=False) if (f := _fault(kind, e, values, lines)).field not in known]
        raise Refused.of(found) from no
    if found:
        raise Refused.of(found)
    return spec


def _values(text: str) -> dict[str, Any]:
    if not text.strip():
        raise Refused("definition.empty", "请写出定义，或者选择定义文件。", FIELD)
    if len(text) > LONGEST:
        raise Refused("definition.long", said("定义超过 {n} 字，请检查是不是传错了文件。", n=LONGEST), FIELD)
    is_json = text.lstrip().startswith("{")
    if not is_json:
        _refuse_dotted(text)
    try:
        values = json.loads(text) if is_json else tomllib.loads(text)
    except json.JSONDecodeError as no:
        raise _unread(no.lineno, no.colno, toml_hint(no.msg)) from no
    except tomllib.TOMLDecodeError as no:
        line, column, hint = toml_place(no, text)
        raise _unread(line, column, hint) from no
    except (RecursionError, ValueError) as no:
        raise Refused("definition.deep", "定义看不懂：括号套得太深，或者有不合写法的数字。", FIELD) from no
    if not isinstance(values, dict):
        raise Refused("definition.shape", '定义应是一组“名 = 值”，例如 code = "rural-house"。', FIELD)
    return values


def _refuse_dotted(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > DOTS:
            told = said("第 {line} 行有 {n} 个点，不是定义的写法，请改正。", line=number, n=line.count("."))
            raise Refused("definition.syntax", told, FIELD)


def _unread(line: int, column: int, hint: str) -> Refused:
    text = said("第 {line} 行第 {column} 个字：{hint}。", line=line, column=column, hint=hint)
    return Refused("definition.syntax", text, FIELD)


def lines_of(text: str) -> dict[Path, int]:
    """Where each table and key of a TOML text stands: ("materials", 1, "name") → line."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            here = _entered(header[2], header[1] == "[[", counts)
            found.setdefault(here, number)
        elif key := _KEY.match(line):
            found.setdefault((*here, key[1]), number)
    return found


def _entered(dotted: str, many: bool, counts: dict[Path, int]) -> Path:
    """The path of a header: arrays on the way mean their last element."""
    path: Path = ()
    names = [name.strip().strip("\"'") for name in dotted.split(".")]
    for place, name in enumerate(names):
        path = (*path, name)
        if place == len(names) - 1 and many:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of the place, or of what it stands in."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _fault(kind: type[Spec], error: Any, values: Any, lines: Mapping[Path, int] | None) -> Fault:
    path: Path = tuple(error["loc"])
    place, why = place_of(kind, path, values), _why(kind, error)
    line = _line(path, lines or {})
    text = (
        said("第 {line} 行，{place}：{why}", line=line, place=place, why=why)
        if line
        else said("{place}：{why}", place=place, why=why)
    )
    return Fault("catalogue.value", text, ".".join(str(part) for part in path))


_PATTERNS = {
    Limit: said("请写成 20wd（工作日）、30nd（日）、4wh（工作时）或 24h（小时）。"),
    Code: said("只能用小写字母、数字、下划线和连字符，以字母开头，最多 40 个字符。"),
    EntryCode: said("只能用字母、数字、点、下划线和连字符，最多 64 个字符。"),
}
_BY_PATTERN = {kind.__metadata__[0].pattern: words for kind, words in _PATTERNS.items()}  # type: ignore[attr-defined]  # Annotated carries its constraints
_TYPES = {
    "missing": said("缺少这一项。"), "extra_forbidden": said("不认识这一项，请核对拼写。"),
    "string_too_short": said("不能为空。"), "string_type": said("应为文字，请加引号。"),
    "int_type": said("应为整数。"), "int_parsing": said("应为整数。"), "int_from_float": said("应为整数。"),
    "bool_type": said("应为 true 或 false。"), "bool_parsing": said("应为 true 或 false。"),
    "decimal_type": said("应为数字。"), "decimal_parsing": said("应为数字。"),
    "tuple_type": said("应为一列，例如 [\"甲\", \"乙\"]。"), "model_type": said("应为一组“名 = 值”。"),
    "mapping_type": said("应为一组“名 = 值”。"), "dict_type": said("应为一组“名 = 值”。"),
    "value_error": said("不能含有控制字符。"),
}  # fmt: skip


def _why(kind: type[Spec], error: Any) -> str:
    """What is wrong with a value, as a sentence."""
    sort, context = error["type"], error.get("ctx", {})
    if sort == "string_pattern_mismatch":
        return _BY_PATTERN.get(context.get("pattern"), said("写法不对。"))
    if sort == "string_too_long":
        return said("最多 {n} 字。", n=context["max_length"])
    if sort == "enum":
        return said("请从这些里选：{words}。", words=_choices(kind, error["loc"]) or context["expected"])
    if sort == "literal_error":
        return said(
            "请从这些里选：{words}。",
            words=context["expected"].replace(" or ", "、").replace(", ", "、").replace("'", ""),
        )
    return _TYPES.get(sort, said("填写有误。"))


def _choices(kind: Any, path: Sequence[int | str]) -> str:
    """1（原件）、2（复印件）: the codes of the field at the end of a path."""
    names = [str(part) for part in path if not isinstance(part, int)]
    for name in names[:-1]:
        kind = inner_of(kind, name) or kind
    found = codes_of(kind, names[-1])
    return listed([said("{code}（{word}）", code=m.value, word=str(m.label)) for m in found]) if found else ""
