"""No regular expression of ours takes more than linear time, whatever it is given.

Each is found in the source with the way it is used. Its own parts tell which texts would make
it slow: what it repeats, many times over, and then something that does not fit.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]

import pytest

ROOT = Path(__file__).resolve().parent.parent
METHODS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
# Times that something is repeated. What doubles with each is noticed before it never ends;
# what is quadratic takes 0.1 s and more with the last.
STEPS = (16, 20, 24, 28, 32, 40, 100, 8_000)
SECONDS = 0.03  # of the processor, above which the growth is looked at
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
ENDS = ("\x00", "!", "\n", " .", "")
# Made in a function, of names of people or of our own words: an example of what it is made of.
MADE = {
    "annotate/moderation/people.py": [("search", r"@(anna|ann)(?!\w)")],
    "annotate/articles/queries.py": [("split", "\x02([^\x02\x03]*)\x03")],
    "annotate/discussion/text.py": [("finditer", r"(?<!\w)@(?P<name>anna|ann)(?!\w)")],
    "annotate/accounts/sessions.py": [("search", r"\bFirefox")],
}


def expressions() -> Iterator[tuple[str, str, str | bytes, int]]:
    """Yield file, method, pattern and flags of every expression in `annotate`."""
    for path in sorted((ROOT / "annotate").rglob("*.py")):
        source = path.read_text()
        if "migrations" in path.parts or ("import re\n" not in source):
            continue
        name = str(path.relative_to(ROOT))
        tree = ast.parse(source)
        yield from ((name, method, pattern, 0) for method, pattern in MADE.get(name, []))
        module = importlib.import_module(name[:-3].replace("/", ".").removesuffix(".__init__"))
        for call in ast.walk(tree):
            function = getattr(call, "func", None)
            if not isinstance(function, ast.Attribute) or not isinstance(
                function.value, ast.Name
            ):
                continue
            owner, method = function.value.id, function.attr
            if owner == "re" and method in METHODS and isinstance(call.args[0], ast.Constant):
                yield name, method, call.args[0].value, 0
            elif owner == "re" and method in METHODS:
                assert name in MADE, (
                    f"{name}:{call.lineno} makes an expression: give an example"
                )
            elif isinstance(found := getattr(module, owner, None), re.Pattern):
                yield name, method, found.pattern, found.flags & ~re.UNICODE


def sample(items: list) -> str:
    """Return a text that the parts of an expression match."""
    return "".join(_sample(kind, value) for kind, value in items)


def _sample(kind: object, value: object) -> str:
    match kind:
        case op.LITERAL:
            return chr(value)
        case op.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        case op.ANY:
            return "a"
        case op.IN:
            return next(iter(_of_set(value)))
        case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
            return sample(value[2]) * max(value[0], 1)
        case op.SUBPATTERN:
            return sample(value[-1])
        case op.ATOMIC_GROUP:
            return sample(value)
        case op.BRANCH:
            return sample(value[1][0])
    return ""  # looks around, or is the start or the end


def _of_set(items: list) -> list[str]:
    """Return characters of a set: the first of each of its parts that is in it."""
    probes = "a0 Z\t\n_-.,;:!?'\"«Ж中\u0301\ufeff/@("
    for kind, value in items:
        if kind is op.LITERAL:
            probes += chr(value)
        elif kind is op.RANGE:
            probes += chr(value[0])
    whole = re.compile(_as_set(items))
    return [one for one in dict.fromkeys(probes) if whole.fullmatch(one)] or ["a"]


def _as_set(items: list) -> str:
    names = {
        op.CATEGORY_DIGIT: r"\d",
        op.CATEGORY_NOT_DIGIT: r"\D",
        op.CATEGORY_SPACE: r"\s",
        op.CATEGORY_NOT_SPACE: r"\S",
        op.CATEGORY_WORD: r"\w",
        op.CATEGORY_NOT_WORD: r"\W",
    }
    parts = []
    for kind, value in items:
        match kind:
            case op.NEGATE:
                parts.append("^")
            case op.LITERAL:
                parts.append(f"\\U{value:08x}")
            case op.RANGE:
                parts.append(f"\\U{value[0]:08x}-\\U{value[1]:08x}")
            case op.CATEGORY:
                parts.append(names[value])
    return f"[{''.join(parts)}]"


def hostile(items: list, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield a beginning and what to repeat after it, for each part that repeats."""
    for index, (kind, value) in enumerate(items):
        start = before + sample(items[:index])
        if kind in REPEATS:
            _, most, inside = value
            if most is op.MAXREPEAT or most > 50:
                yield start, sample(inside)
                for one in inside:
                    if one[0] is op.IN:
                        for character in _of_set(one[1])[:4]:
                            yield start, character
                            yield "", character + sample(items[index + 1 :])
            yield from hostile(inside, start)
        elif kind is op.SUBPATTERN:
            yield from hostile(value[-1], start)
        elif kind is op.ATOMIC_GROUP:
            yield from hostile(value, start)
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from hostile(branch, start)


def seconds(method: str, pattern: re.Pattern, text: str | bytes) -> float:
    use = {
        "sub": lambda: pattern.sub(text[:0], text),
        "subn": lambda: pattern.subn(text[:0], text),
        "finditer": lambda: list(pattern.finditer(text)),
    }.get(method) or (lambda: getattr(pattern, method)(text))
    began = time.thread_time()
    use()
    return time.thread_time() - began


def slowness(method: str, pattern: str | bytes, flags: int) -> str:
    """Return what makes an expression slow; empty if nothing does."""
    compiled = re.compile(pattern, flags)
    binary = isinstance(pattern, bytes)
    parts = list(parser.parse(pattern, flags))
    for start, pump in dict.fromkeys(hostile(parts)):
        for end in ENDS:
            for many, fewer in zip(STEPS, (8, *STEPS[:-2], 4_000), strict=True):
                text, less = (start + pump * times + end for times in (many, fewer))
                if binary:
                    text, less = (
                        text.encode("latin-1", "ignore"),
                        less.encode("latin-1", "ignore"),
                    )
                took = seconds(method, compiled, text)
                if took > SECONDS and took > 3 * seconds(method, compiled, less):
                    return f"{took:.2f} s for {start!r} + {pump!r} * {many} + {end!r}"
    return ""


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+b", "'a' * 2"),
        (r"\s*\n\s*\Z", "* 8000"),
        (r"(?:x|xx)*y", "'x' * "),
    ],
)
def test_slow_expressions_are_noticed(pattern, text):
    assert text in slowness("search", pattern, 0)


def test_no_expression_is_slow():
    found = dict.fromkeys(expressions())
    assert len(found) > 50
    slow = {
        f"{file}: {method} {pattern!r}": said
        for file, method, pattern, flags in found
        if (said := slowness(method, pattern, flags))
    }
    assert slow == {}
