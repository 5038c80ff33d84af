"""A sentence with its marks as HTML.

Written here and not in the page's template, where it would take six times as long: a long
page consists of these. Whatever people wrote goes through `escape`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from .differences import Strip
    from .story import Run, Tag, TaggedSentence


def sentence(of: TaggedSentence, attributes: str = "") -> SafeString:
    """Return `#sentence-<id>`: its number, its runs of text, a link to each tag that ends.

    And what all reviewers said of it, for who sees that.
    """
    # One's own work, as the progress counts it, whoever else's tags are seen.
    tagged = any(tag.is_mine for run in of.runs for tag in run.tags)
    classes = "s" + " read" * of.read + " tagged" * tagged + " differ" * (of.entropy > 0)
    number = of.position or "H"  # the headline has no number
    runs = "".join(_run(run) if run.tags else escape(run.text) for run in of.runs)
    strip = _strip(of.pk, of.strip) if of.strip else ""
    strip += _threads(of) if of.threads else ""
    return mark_safe(  # noqa: S308 - text is escaped where it is put in
        f'<span id="sentence-{of.pk}" class="{classes}" tabindex="-1"'
        f' data-start="{of.start}" data-end="{of.end}"{attributes}>'
        f'<a class="n" href="/sentences/{of.pk}/">{number}</a>{runs}{strip}</span>'
    )


def _run(run: Run) -> str:
    ids = " ".join(str(one.pk) for tag in run.tags for one in (tag, *tag.same))
    labels = ", ".join(dict.fromkeys(tag.label for tag in run.tags))
    return (
        f'<mark data-annotations="{ids}" class="{escape(run.lanes)}">'
        f'<span class="visually-hidden" data-aside>{escape(labels)}: </span>'
        f"{escape(run.text)}</mark>{''.join(map(_link, run.ends))}"
    )


def _link(tag: Tag) -> str:
    """Return the link that opens a tag: its label's key, in words for a screen reader.

    Of several reviewers' tags with the same label and passage, one link tells the number.
    """
    mine, hidden = " data-mine" * tag.is_mine, " hidden" * tag.is_hidden
    words = tag.label
    if tag.same:
        people = ["you" if one.is_mine else one.reviewer for one in (tag, *tag.same)]
        words += f" by {', '.join(people)}"
    elif not tag.is_mine:
        words += f" by {tag.reviewer}"
    if tag.is_hidden:
        words += ", hidden by a moderator"
    number = f"<b>{len(tag.same) + 1}</b>" if tag.same else ""
    return (
        f'<a class="tag{hidden}" href="/annotations/{tag.pk}/" data-aside'
        f' data-annotation="{tag.pk}" data-label="{escape(tag.slug)}"'
        f' data-start="{tag.start}" data-end="{tag.end}"{mine}'
        f' aria-label="{escape(words)}: open this tag">{escape(tag.key.upper())}{number}</a>'
    )


def _strip(pk: int, strip: Strip) -> str:
    """Return how many reviewers said what: each label's key with its number."""
    parts = [
        f'<span data-label="{escape(one.slug)}">{escape(one.key.upper())}{one.count}</span>'
        for one in strip.said
    ]
    if strip.nothing:
        parts.append(f"<span>✓{strip.nothing}</span>")
    if strip.unread:
        parts.append(f"<span>○{strip.unread}</span>")
    return (
        f'<a class="strip" href="/sentences/{pk}/" data-aside'
        f' aria-label="Reviewers: {escape(strip.words)}">{"".join(parts)}</a>'
    )


def _threads(of: TaggedSentence) -> str:
    """Return the mark of unresolved threads at a sentence, which leads to them."""
    words = f"{of.threads} unresolved {'thread' if of.threads == 1 else 'threads'}: open"
    return (
        f'<a class="threads" href="/articles/{of.article}/threads/new/?sentence={of.pk}"'
        f' data-aside data-discuss aria-label="{words}">{of.threads}</a>'
    )
