"""Read a native export back in: every line is checked before anything is stored.

The log of changes is not part of an export, so none is written here: what was imported has
no history, and nobody can undo it. Context and the sentences that a passage touches follow
from the text and are worked out anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.models import NOTE_LENGTH, Annotation, Label, Reading
from annotate.articles import text as canonical
from annotate.articles.actions import StoryRefused, TextStands, check_limits
from annotate.articles.models import Article, Sentence
from annotate.articles.signals import imported

from .fields import Fields, ImportRefused, shown
from .passages import passage_of
from .team import MOST, Team, take_comment, take_round, take_thread

KINDS = ("article", "label", "annotation", "reading", "round", "thread", "comment")


@dataclass
class Content:
    """A file's lines, checked as far as that goes without the database. Nothing is saved."""

    article: Article
    line: int  # where the article stands
    sentences: list[Sentence] = field(default_factory=list)
    labels: dict[str, tuple[int, Label]] = field(default_factory=dict)  # line, by slug
    # Each with its line, the number of its round, reviewer and label.
    annotations: list[tuple[int, int | None, str, str, Annotation]] = field(
        default_factory=list
    )
    readings: list[tuple[int, int | None, str, Reading]] = field(default_factory=list)
    team: Team = field(default_factory=Team)


@dataclass(frozen=True)
class Imported:
    """What was stored. Sentences are of the body: the headline is not counted."""

    article: Article
    sentences: int
    annotations: int
    readings: int


def import_file(file: BinaryIO, *, submitted_by: User | None = None) -> Imported:
    """Store the article of a native export with all that belongs to it, or nothing.

    Labels that stand here are used as they stand; reviewers are found by their public name,
    and who is not here gets an inactive account without a password.
    Raises ImportRefused with the line and the cause, TextStands if the text is here already.
    """
    content = parse(file)
    content.article.submitted_by = submitted_by
    try:
        with transaction.atomic():
            return _store(content)
    except IntegrityError as error:
        raise ImportRefused(
            None, "Somebody stored the same text, label or name at this moment. Try again."
        ) from error


# --- Lines --------------------------------------------------------------------------------


def parse(file: BinaryIO) -> Content:
    r"""Return what stands in a file of lines that end with `\n`, and with nothing else.

    Raises ImportRefused.
    """
    content: Content | None = None
    seen: dict[bytes, int] = {}
    for number, line in _lines(file):
        fields = Fields(number, _object(number, line))
        kind = fields.choice("type", KINDS)
        if content is None:
            if kind != "article":
                raise fields.refused("expected the article first", f"got {_a(kind)}")
            content = _article(fields)
            continue
        if kind == "article":
            raise fields.refused(
                "expected one article", "got a second one. Put each into a file of its own"
            )
        digest = hashlib.sha256(line).digest()
        if digest in seen:
            raise ImportRefused(number, f"this line repeats line {seen[digest]}.")
        seen[digest] = number
        _TAKE[kind](content, fields)
    if content is None:
        raise ImportRefused(None, "The file is empty.")
    return content


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each line that is not blank, without its line end."""
    number, left = 0, settings.IMPORT_MAX_BYTES
    while line := file.readline(left + 1):
        number += 1
        left -= len(line)
        if left < 0:
            raise ImportRefused(
                None,
                f"The file has more than {settings.IMPORT_MAX_BYTES:,} bytes, the most that is "
                "imported.",
            )
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line := line.strip(b" \t\r\n"):
            yield number, line


def _object(number: int, line: bytes) -> dict[str, Any]:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        found = f"the byte 0x{line[error.start]:02x} at character {error.start + 1}"
        raise ImportRefused(number, f"expected UTF-8, got {found}.") from None
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        rest = shown(text[error.pos : error.pos + 20]) if error.pos < len(text) else "its end"
        raise ImportRefused(
            number, f"expected JSON, got {rest} at character {error.pos + 1}."
        ) from None
    except RecursionError:
        raise ImportRefused(number, "expected an object, got lists nested too deep.") from None
    except ValueError as error:
        # Of our own hooks, or of a number with thousands of digits.
        cause = error.args[0] if isinstance(error, _BadJson) else "a number far too long"
        raise ImportRefused(number, f"expected JSON, got {cause}.") from None
    if not isinstance(value, dict):
        raise ImportRefused(number, f"expected an object, got {shown(value)}.")
    return value


class _BadJson(ValueError):
    """What Python's reader takes and JSON does not allow."""


def _no_constant(name: str) -> None:
    raise _BadJson(f"{name}, which is no number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _BadJson(f"the key {shown(twice)} twice in one object")
    return found


_decoder = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


# --- Kinds --------------------------------------------------------------------------------


def _article(fields: Fields) -> Content:
    article = Article(
        title=fields.text("title", least=1, most=500),
        outlet=fields.text("outlet", most=200),
        byline=fields.text("byline", most=300),
        url=fields.text("url", most=1000),
        published=fields.date("published"),
        language=fields.text("language", least=1, most=35),
        status=fields.choice("status", Article.Status.values),
        created_at=fields.time("created"),
        text=fields.text("text", least=1),
    )
    rows = fields.rows("sentences")
    fields.end()
    _check_text(fields, article.text, len(rows))
    article.digest = Article.digest_of(article.text)
    try:
        article.clean_fields(exclude=["submitted_by", "search", "digest"])
        article.clean()
    except ValidationError as error:
        raise ImportRefused(fields.line, _words(error)) from None
    content = Content(article=article, line=fields.line)
    content.sentences = _sentences(fields, article, rows)
    return content


def _check_text(fields: Fields, text: str, sentences: int) -> None:
    """Refuse a text that is not canonical: offsets would count in another one."""
    headline, _, body = text.partition("\n\n")
    try:
        same = canonical.compose_text(
            canonical.canonical_title(headline), canonical.canonical_body(body)
        )
        check_limits(body, sentences - 1)
    except (canonical.TextRefused, StoryRefused) as error:
        raise ImportRefused(fields.line, f"“text”: {error}") from None
    if same != text:
        at = next(
            (
                index
                for index, pair in enumerate(zip(text, same, strict=False))
                if len({*pair}) > 1
            ),
            min(len(text), len(same)),
        )
        raise ImportRefused(
            fields.line,
            "expected a text in Unicode normal form C, a headline on one line and one blank "
            f"line between paragraphs, got {shown(text[at : at + 20])} at character {at}.",
        )


def _sentences(fields: Fields, article: Article, rows: list[Any]) -> list[Sentence]:
    """Return the sentences, which must tile the paragraphs: only white space lies between."""
    text = article.text
    paragraphs = [span for span in canonical.paragraphs(text) if text[slice(*span)].strip()]
    sentences: list[Sentence] = []
    at = 0  # up to here the text is told
    for position, row in enumerate(rows):
        one = fields.nested(row, f"sentence {position}")
        sentence = Sentence(
            article=article,
            position=one.number("position", position, position),
            paragraph=one.number("paragraph", 0, len(paragraphs) - 1),
            start=one.number("start", at, len(text) - 1),
            end=one.number("end", 1, len(text)),
        )
        one.end()
        start, end = paragraphs[sentence.paragraph]
        if not start <= sentence.start < sentence.end <= end:
            raise one.refused(
                f"expected it inside paragraph {sentence.paragraph}, from {start} to {end}",
                f"got {sentence.start} to {sentence.end}",
            )
        _check_gap(one, text, at, sentence.start)
        if (position == 0) != (sentence.paragraph == 0):
            raise one.refused("expected one sentence in the headline", "got a second one")
        sentences.append(sentence)
        at = sentence.end
    _check_gap(fields, text, at, len(text))
    return sentences


def _check_gap(fields: Fields, text: str, start: int, end: int) -> None:
    if gap := text[start:end].strip():
        raise fields.refused("expected every word in a sentence", f"got {shown(gap)} in none")


def _label(content: Content, fields: Fields) -> None:
    if content.annotations or content.readings:
        raise fields.refused("expected labels before annotations", "got one after")
    label = Label(
        slug=fields.text("slug", least=1, most=50),
        name=fields.text("name", least=1, most=50),
        colour=fields.text("colour", most=7),
        line=fields.choice("line", Label.Line.values),
        key=fields.text("key", most=1),
        order=fields.number("order", 0, 32_767),
        guideline=fields.text("guideline"),
        version=_version(fields, "version"),
    )
    fields.end()
    try:
        label.clean_fields()
    except ValidationError as error:
        raise ImportRefused(fields.line, _words(error)) from None
    for line, other in content.labels.values():
        if other.slug == label.slug or other.key == label.key:
            what = "slug" if other.slug == label.slug else "key"
            value = shown(getattr(label, what))
            raise ImportRefused(fields.line, f"the {what} {value} is that of line {line} too.")
    content.labels[label.slug] = fields.line, label


def _annotation(content: Content, fields: Fields) -> None:
    annotation = Annotation(
        **passage_of(fields, content.article.text, content.sentences),
        note=fields.text("note", most=NOTE_LENGTH),
        confidence=fields.number("confidence", 1, 5, optional=True),
        guideline=_version(fields, "guideline"),
        created_at=fields.time("created"),
        changed_at=fields.time("changed"),
        withdrawn_at=fields.time("withdrawn", optional=True),
        hidden_at=fields.time("hidden", optional=True),
    )
    round = _round_number(fields)
    reviewer, label = fields.text("reviewer", least=1, most=150), fields.text("label", least=1)
    fields.end()
    content.annotations.append((fields.line, round, reviewer, label, annotation))


def _version(fields: Fields, name: str) -> int:
    """Return a version of a guideline; files of before guidelines had any are of the first."""
    return fields.number(name, 1, 2**31 - 1) if fields.has(name) else 1


def _round_number(fields: Fields) -> int | None:
    """Return the number of a line's round; files of before there were rounds have none."""
    return fields.number("round", 1, MOST, optional=True) if fields.has("round") else None


def _reading(content: Content, fields: Fields) -> None:
    position = fields.number("sentence", 0, len(content.sentences) - 1)
    reading = Reading(
        sentence=content.sentences[position],
        created_at=fields.time("created"),
        withdrawn_at=fields.time("withdrawn", optional=True),
    )
    round = _round_number(fields)
    reviewer = fields.text("reviewer", least=1, most=150)
    fields.end()
    content.readings.append((fields.line, round, reviewer, reading))


def _thread(content: Content, fields: Fields) -> None:
    take_thread(content.team, fields, content.article.text, content.sentences)


_TAKE: dict[str, Callable[[Content, Fields], None]] = {
    "label": _label,
    "annotation": _annotation,
    "reading": _reading,
    "round": lambda content, fields: take_round(content.team, fields),
    "thread": _thread,
    "comment": lambda content, fields: take_comment(content.team, fields),
}


# --- With the database --------------------------------------------------------------------


def _store(content: Content) -> Imported:
    article = content.article
    _check_not_here(article)
    labels = _labels(content)
    _check_unique(content, labels)
    reviewers = _reviewers(content)
    team = content.team
    article.save()
    Sentence.objects.bulk_create(content.sentences, batch_size=5_000)
    team.store_rounds(article, reviewers)
    for line, round, reviewer, label, annotation in content.annotations:
        annotation.article, annotation.round = article, team.round(line, round)
        annotation.reviewer, annotation.label = reviewers[reviewer], labels[label]
    Annotation.objects.bulk_create([one[-1] for one in content.annotations], batch_size=2_000)
    for line, round, reviewer, reading in content.readings:
        reading.sentence_id, reading.round = reading.sentence.pk, team.round(line, round)
        reading.reviewer = reviewers[reviewer]
    Reading.objects.bulk_create([one[-1] for one in content.readings], batch_size=5_000)
    team.store(article, reviewers)
    imported.send(Article, article=article, by=article.submitted_by)
    return Imported(
        article=article,
        sentences=len(content.sentences) - 1,
        annotations=len(content.annotations),
        readings=len(content.readings),
    )


def _check_not_here(article: Article) -> None:
    """An archived article makes way for its text, though not for another archived one."""
    same = Article.objects.filter(digest=article.digest)
    if article.status != Article.Status.ARCHIVED:
        same = same.standing()
    if standing := same.defer("text", "search").first():
        raise TextStands(standing)


def _labels(content: Content) -> dict[str, Label]:
    labels = {label.slug: label for label in Label.objects.all()}
    keys = {label.key: label for label in labels.values()}
    for line, label in content.labels.values():
        if label.slug in labels:
            continue
        if other := keys.get(label.key):
            raise ImportRefused(
                line,
                f"the key {shown(label.key)} of the label {shown(label.slug)} is that of the "
                f"label {shown(other.slug)} here. Change one of them.",
            )
        label.save(force_insert=True)
        labels[label.slug] = label
    for line, _, _, slug, _ in content.annotations:
        if slug not in labels:
            raise ImportRefused(
                line, f"expected a label of this file or of this site, got {shown(slug)}."
            )
    return labels


def _check_unique(content: Content, labels: dict[str, Label]) -> None:
    seen: dict[tuple, int] = {}
    for line, round, reviewer, label, annotation in content.annotations:
        if annotation.withdrawn_at is None:
            passage = round, reviewer, labels[label].pk, annotation.start, annotation.end
            if (first := seen.setdefault(passage, line)) != line:
                raise ImportRefused(
                    line,
                    "expected one annotation for each reviewer, label and passage, got that of "
                    f"line {first} again.",
                )
    for line, round, reviewer, reading in content.readings:
        sentence = round, reviewer, reading.sentence.position
        if (first := seen.setdefault(sentence, line)) != line:
            raise ImportRefused(
                line,
                "expected one reading for each reviewer and sentence, got that of line "
                f"{first} again.",
            )


def _reviewers(content: Content) -> dict[str, User]:
    """Return everybody who is named, by public name; make accounts for who is not here."""
    names = dict.fromkeys(
        [
            *(one[2] for one in content.annotations),
            *(one[2] for one in content.readings),
            *content.team.names(),
        ]
    )
    here = {user.public_name: user for user in User.objects.filter(public_name__in=names)}
    missing = [name for name in names if name not in here]
    taken = set(
        User.objects.filter(
            username__in=[name for one in missing for name in _usernames(one)]
        ).values_list("username", flat=True)
    )
    made = []
    for name in missing:
        username = next(one for one in _usernames(name) if one not in taken)
        user = User(username=username, public_name=name, is_active=False)
        user.set_unusable_password()
        made.append(user)
    User.objects.bulk_create(made)
    role = Group.objects.get_or_create(name=Role.REVIEWER.value)[0]
    member = User.groups.through
    member.objects.bulk_create(member(user_id=user.pk, group_id=role.pk) for user in made)
    return here | {user.public_name: user for user in made}


def _usernames(name: str) -> Iterator[str]:
    """Yield user names for a public name: itself where it can be one, else made from it."""
    try:
        User._meta.get_field("username").run_validators(name)
    except ValidationError:
        pass
    else:
        if User.normalize_username(name) == name:
            yield name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    # Somebody who was imported under this name may have another public name by now.
    yield from (f"imported-{digest}{suffix}" for suffix in ("", "-2", "-3", "-4", "-5"))


def _words(error: ValidationError) -> str:
    """Return the first of a model's errors as a sentence that names the field."""
    name, messages = next(iter(error.message_dict.items()))
    return f"“{name}”: {messages[0]}"
