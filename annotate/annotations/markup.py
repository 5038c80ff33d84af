"""A sentence with its marks, the counts and the undo buttons as HTML.

Written here and not in a template, where it would take six times as long: a long page
consists of sentences, and of all three every answer to a tag. Whatever people wrote goes
through `escape`.
"""

from __future__ import annotations

import uuid
from html import escape
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from annotate.articles.models import Article

    from .differences import Strip
    from .queries import Legend
    from .story import Run, Tag, TaggedSentence

OUT_OF_BAND = ' hx-swap-oob="true"'  # put in the place of what the page has


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
    if tag.is_pending:
        words += ", waits for a moderator"
    elif tag.is_hidden:
        words += ", hidden by a moderator"
    number = f"<b>{len(tag.same) + 1}</b>" if tag.same else ""
    return (
        f'<a class="tag{hidden}" href="/annotations/{tag.pk}/" data-aside'
        f' data-label="{escape(tag.slug)}"{mine}'
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


def counts(legend: Legend, attributes: str = "") -> SafeString:
    """Return `#counts`: a person's progress, and each label with its number of tags."""
    done, total = legend.progress.done, legend.progress.total
    labels = "".join(
        f'<li data-label="{escape(one.slug)}">'
        f'<span class="label-name">{escape(one.name)}</span>'
        f' <b class="numbers" id="count-{escape(one.slug)}">{one.count}</b></li>'
        for one in legend.labels
    )
    return mark_safe(  # noqa: S308 - text is escaped where it is put in
        f'<div id="counts" class="counts"{attributes}><div class="progress-line">'
        f'<progress max="{total}" value="{done}" aria-label="Sentences tagged or read">'
        f'</progress> <span class="small numbers"><b id="progress-done">{done}</b> of {total}'
        f' sentences</span></div><ul class="legend" aria-label="Tags by label">{labels}</ul>'
        "</div>"
    )


def controls(of: dict[str, Any], attributes: str = "") -> SafeString:
    """Return `#controls`: undo and redo, and what the page knows of: see `queries.answer`.

    Buttons of the form around them, which has the token that they need. On the page itself each
    names its request: sent again after an answer was lost, it is done once.
    """
    article: Article = of["article"]
    stale = " data-stale" * of.get("stale", False)
    made = of.get("annotation")
    annotation = f' data-annotation="{made.pk}"' if made else ""
    buttons = "".join(
        f'<button id="{what}"{" disabled" * (not of[f"can_{what}"])}{_request(attributes)}'
        f' formaction="/articles/{article.pk}/{what}/">{what.capitalize()}</button>'
        for what in ("undo", "redo")
    )
    return mark_safe(  # noqa: S308 - numbers only
        f'<div id="controls" class="controls" data-latest="{of["event"]}"{stale}{annotation}'
        f"{attributes}>{buttons}</div>"
    )


def _request(attributes: str) -> str:
    return "" if attributes else f' name="request" value="{uuid.uuid4()}"'


def answer(of: dict[str, Any], said: str) -> str:
    """Return what changed, to be put in place; `said` is the element that tells it in words."""
    sentences = "\n".join(one.html_out_of_band for one in of["sentences"])
    legend, history = counts(of["legend"], OUT_OF_BAND), controls(of, OUT_OF_BAND)
    return f"{sentences}\n{legend}\n{history}\n{said}\n"


def said(words: str) -> str:
    return (
        '<p id="said" class="visually-hidden" role="status" aria-live="polite"'
        f"{OUT_OF_BAND}>{escape(words)}</p>"
    )


def said_of_others(words: str, changes: int) -> str:
    """Return the same of what others did; the page sums up what comes close together."""
    return f'<p id="said"{OUT_OF_BAND} data-changes="{changes}">{escape(words)}</p>'
