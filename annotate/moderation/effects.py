"""What a decision does to the thing, the person or the story, and how that is undone.

Each returns what it changed, before and after, as the decision and the audit log keep it:
`annotation` with the fields of a tag, `comment` with those of a comment, `suspended_until` of
the person, `status` of the article. The article and the case are locked.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from annotate.accounts.models import FOREVER, User
from annotate.annotations.log import snapshot
from annotate.annotations.models import Annotation, Change, Label
from annotate.annotations.states import moderate as moderate_tag
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from annotate.discussion.models import Step
from annotate.discussion.moderating import moderate as moderate_comment

from .models import Case, Decision
from .refusals import ActionRefused, Stale

Kind = Decision.Kind
type Change_ = tuple[dict[str, Any], dict[str, Any]]

# What a decision may change of a tag; its note stays its author's.
OF_TAG = ("label", "guideline", "start", "end", "hidden", "pending", "corrected")
CHANGING = (Kind.HIDE, Kind.RELABEL, Kind.TRIM, Kind.LOCK, Kind.SUSPEND, Kind.BAN)
# Which kinds of cases a kind of decision fits.
FITS: dict[str, set[str]] = {
    Kind.HIDE: {Case.Kind.TAG, Case.Kind.COMMENT},
    Kind.RELABEL: {Case.Kind.TAG},
    Kind.TRIM: {Case.Kind.TAG},
    Kind.ERASE: {Case.Kind.ERASURE},
    Kind.KEEP: set(Case.Kind),
}
OF_WORK = {Case.Kind.TAG, Case.Kind.COMMENT, Case.Kind.PERSON}  # for all other kinds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided: a kind with what it needs, why, and the words for the author.

    Without a reason it is the case's own, without words those of the reason.
    """

    kind: Kind
    reason: str = ""
    note: str = ""
    label: Label | None = None  # of RELABEL
    start: int | None = None  # of TRIM, in code points
    end: int | None = None
    until: datetime.datetime | None = None  # of SUSPEND


def apply(case: Case, verdict: Verdict, *, by: User) -> Change_:
    """Carry a verdict out; return what was before and after.

    Raises ActionRefused where it does not fit, and what the actions of other apps raise.
    """
    kind = verdict.kind
    if case.kind not in FITS.get(kind, OF_WORK) or (kind == Kind.LOCK and case.article is None):
        raise ActionRefused(f"“{kind.label}” does not fit: {_thing(case)}.")
    match kind:
        case Kind.KEEP:
            return _show(case, by) if _is_pending(case) else ({}, {})
        case Kind.HIDE:
            return _hide(case, by)
        case Kind.RELABEL | Kind.TRIM:
            return _correct(case, verdict, by)
        case Kind.RESTORE:
            return _restore(case, by)
        case Kind.LOCK:
            return _set_status(case, Article.Status.LOCKED, by)
        case Kind.SUSPEND:
            if verdict.until is None:
                raise ActionRefused("Say until when to suspend.")
            return _suspend(case.person, verdict.until)
        case Kind.BAN:
            return _suspend(case.person, FOREVER)
        case Kind.LIFT:
            return _suspend(case.person, None)
    return {}, {}  # a warning changes nothing; an erasure is carried out by its caller


def undo(decision: Decision, *, by: User) -> Change_:
    """Put back what a decision changed. Raises Stale if it was changed again since."""
    case, before, after = decision.case, decision.before, decision.after
    if decision.kind == Kind.ERASE:
        raise ActionRefused("An erased account cannot be brought back.")
    found: Change_ = {}, {}
    if "annotation" in after:
        tag = _tag(case)
        if _part(tag) != after["annotation"]:
            raise Stale("The tag was changed since. Decide anew.")
        _join(found, _moderate(tag, before["annotation"], by))
    if "comment" in after:
        _join(found, _moderate_comment(case, before["comment"], by))
    if "suspended_until" in after:
        _join(found, _suspend(case.person, _moment(before["suspended_until"])))
    if "status" in after:
        _join(found, _set_status(case, before["status"], by))
    return found


# --- Effects ---------------------------------------------------------------------------------


def _hide(case: Case, by: User) -> Change_:
    if case.comment:
        return _moderate_comment(case, {"hidden": True}, by)
    return _moderate(_tag(case), {"hidden": True, "pending": False}, by)


def _show(case: Case, by: User) -> Change_:
    return _moderate(_tag(case), {"hidden": False, "pending": False}, by)


def _correct(case: Case, verdict: Verdict, by: User) -> Change_:
    """Relabel or trim; a tag that waited is seen from then on."""
    tag = _tag(case)
    state: dict[str, Any] = {"corrected": True}
    if tag.pending:
        state |= {"pending": False, "hidden": False}
    if verdict.kind == Kind.RELABEL:
        if verdict.label is None:
            raise ActionRefused("Choose a label.")
        if verdict.label == tag.label:
            raise ActionRefused(f"The tag is a {tag.label} already.")
        state |= {"label": verdict.label.slug, "guideline": verdict.label.version}
    else:
        if verdict.start is None or verdict.end is None or verdict.start >= verdict.end:
            raise ActionRefused("Choose the first and the last word of the passage.")
        if (verdict.start, verdict.end) == (tag.start, tag.end):
            raise ActionRefused("This is the tag’s passage already.")
        state |= {"start": verdict.start, "end": verdict.end}
    return _moderate(tag, state, by)


def _restore(case: Case, by: User) -> Change_:
    """Put back what the case's decisions changed since they were last restored."""
    changed: list[Decision] = []
    for one in case.decisions.standing().order_by("-pk"):
        if one.kind == Kind.RESTORE:
            break
        if one.kind in CHANGING:
            changed.append(one)
    found: Change_ = {}, {}
    tags = [one for one in changed if "annotation" in one.before]
    if tags or (case.annotation and case.annotation.hidden_at):
        original = tags[-1].before["annotation"] if tags else {}
        state = {**original, "hidden": False, "pending": False, "corrected": False}
        _join(found, _moderate(_tag(case), state, by))
    if case.comment:
        _join(found, _moderate_comment(case, {"hidden": False}, by))
    for one in changed:
        end = one.after.get("suspended_until")
        if end and _moment(end) == case.person.suspended_until:
            _join(found, _suspend(case.person, None))
        if "status" in one.after and case.article:
            _join(found, _set_status(case, one.before["status"], by))
    if not found[1]:
        raise ActionRefused("There is nothing to restore.")
    return found


def _moderate(tag: Annotation, state: dict[str, Any], by: User) -> Change_:
    before = _part(tag)
    wanted = {**before, **state}
    if wanted["hidden"] != before["hidden"]:
        kind = Change.Kind.HIDDEN if wanted["hidden"] else Change.Kind.SHOWN
    elif wanted["pending"] != before["pending"]:
        kind = Change.Kind.HIDDEN
    else:
        kind = Change.Kind.CORRECTED
    moderate_tag(tag, state, by=by, kind=kind)
    return {"annotation": before}, {"annotation": _part(tag)}


def _part(tag: Annotation) -> dict[str, Any]:
    state = {"pending": False, "corrected": False, **snapshot(tag)}
    return {name: state[name] for name in OF_TAG}


def _moderate_comment(case: Case, state: dict[str, Any], by: User) -> Change_:
    comment = case.comment
    assert comment is not None
    before = {"hidden": comment.hidden_at is not None}
    kind = Step.Kind.HIDDEN if state["hidden"] else Step.Kind.SHOWN
    moderate_comment(comment, {"hidden": state["hidden"]}, by=by, kind=kind)
    return {"comment": before}, {"comment": {"hidden": state["hidden"]}}


def _suspend(person: User, until: datetime.datetime | None) -> Change_:
    before = person.suspended_until
    person.suspended_until = until
    person.save(update_fields=["suspended_until"])
    return {"suspended_until": _iso(before)}, {"suspended_until": _iso(until)}


def _set_status(case: Case, status: str, by: User) -> Change_:
    article = case.article
    assert article is not None
    before = article.status
    try:
        case.article = set_status(article, status, by=by)
    except ValidationError as error:
        raise ActionRefused(" ".join(error.messages)) from error
    return {"status": before}, {"status": case.article.status}


def _join(found: Change_, more: Change_) -> None:
    found[0].update({name: more[0][name] for name in more[0] if name not in found[0]})
    found[1].update(more[1])


def _tag(case: Case) -> Annotation:
    assert case.annotation is not None
    return case.annotation


def _is_pending(case: Case) -> bool:
    return case.annotation is not None and case.annotation.pending


def _thing(case: Case) -> str:
    return f"the case is about {'an' if case.kind == Case.Kind.ERASURE else 'a'} {case.kind}"


def _iso(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime.datetime | None:
    return parse_datetime(text) if text else None
