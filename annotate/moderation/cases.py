"""What makes a case and what becomes of it until somebody decides: flags, waiting tags, claims,
appeals.

A case's row is locked before it changes. Where an article is locked, too, that comes first.
"""

from __future__ import annotations

import datetime
from collections import Counter

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.annotations.signals import pending_changed
from annotate.articles.models import Article
from annotate.discussion.models import Comment
from annotate.reviews.models import Round

from . import audit
from .models import AuditEntry, Case, Decision, Flag
from .refusals import ActionRefused, Claimed, NotYours, Stale
from .risk import assess

CLAIM = datetime.timedelta(minutes=15)
OWN = "This is your own. You can change it or take it back yourself."
Kind = Case.Kind
State = Case.State

type Thing = Annotation | Comment | User


@transaction.atomic
def flag(
    thing: Thing, *, by: User, reason: str, text: str = "", round: Round | None = None
) -> Flag:
    """Ask moderators to look at a tag, a comment or a person's behaviour.

    Whether `by` sees it is settled before; `round` is where a person's behaviour was seen.
    Again, the flag that stands gets the new words. A case that was decided comes back for a
    reason that nobody looked at yet, or if the thing was changed since.
    Raises NotYours for one's own things.
    """
    case = case_of(thing, round.article if round else None)
    if case.person_id == by.pk:
        raise NotYours(OWN)
    standing = case.flags.standing().filter(by=by, round=round).first()
    if standing and (standing.reason, standing.text) == (reason, text):
        return standing
    made = standing or Flag(case=case, by=by, round=round)
    made.reason, made.text, made.created_at = reason, text, timezone.now()
    made.save()
    if not case.is_open and (reason not in case.seen_for or _changed_since(case)):
        open_again(case)
    _recount(case)
    return made


@transaction.atomic
def withdraw_flag(flag: Flag, *, by: User) -> Flag:
    """Take one's flag back; taken back already, it stays so. Raises NotYours."""
    case = Case.objects.select_for_update().get(pk=flag.case_id)
    flag = Flag.objects.get(pk=flag.pk)
    if flag.by_id != by.pk:
        raise NotYours("This is another person's flag.")
    if flag.withdrawn_at is None:
        flag.withdrawn_at = timezone.now()
        flag.save(update_fields=["withdrawn_at"])
        _recount(case)
    return flag


@transaction.atomic
def ask_for_erasure(*, by: User, text: str = "") -> Case:
    """Ask that one's account be erased: an admin decides."""
    case = case_of_erasure(by)
    if not case.is_open or case.version == 1:
        open_again(case)
        audit.record(
            AuditEntry.Kind.ERASURE, by=by, person=by, case=case, after={"asked": True}
        )
    case.appeal = text
    _save(case)
    return case


def asked_for_erasure(person: User) -> Case | None:
    """Return the case of a person's request to be erased while it stands."""
    return Case.objects.open().filter(kind=Kind.ERASURE, person=person).first()


@transaction.atomic
def withdraw_erasure(*, by: User) -> None:
    """Take the request to erase one's account back; without one, nothing changes."""
    case = case_of_erasure(by)
    if not case.is_open:
        return
    case.state, case.version, case.appeal = State.GONE, case.version + 1, ""
    case.claimed_by = case.claimed_until = None
    _save(case)
    before, after = {"asked": True}, {"asked": False}
    audit.record(
        AuditEntry.Kind.ERASURE, by=by, person=by, case=case, before=before, after=after
    )


@transaction.atomic
def claim(case: Case, *, by: User) -> Case:
    """Keep a case for oneself for 15 minutes, from now on. Raises Claimed, NotYours, Stale."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    refuse(case, by)
    if not case.is_open:
        raise Stale("This case has been decided meanwhile.")
    case.claimed_by, case.claimed_until = by, timezone.now() + CLAIM
    case.save(update_fields=["claimed_by", "claimed_until"])
    return case


@transaction.atomic
def release(case: Case, *, by: User) -> Case:
    """Let others have a case that one has claimed; another's claim stays."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    if case.claimed_by_id == by.pk:
        case.claimed_by = case.claimed_until = None
        case.save(update_fields=["claimed_by", "claimed_until"])
    return case


@transaction.atomic
def appeal(decision: Decision, *, by: User, text: str) -> Case:
    """Answer a decision about oneself: the case is open again, for another moderator.

    Once per case. Raises NotYours, ActionRefused.
    """
    case = Case.objects.select_for_update().get(pk=decision.case_id)
    decision = Decision.objects.get(pk=decision.pk)
    decision.case = case
    if decision.person_id != by.pk:
        raise NotYours("This decision is about somebody else.")
    if decision.taken_back_at:
        raise ActionRefused("This decision was taken back: there is nothing to answer.")
    if not decision.may_be_answered:
        raise ActionRefused("You have answered in this case already: once is the most.")
    case.appeal, case.appealed_at = text, timezone.now()
    open_again(case)
    audit.record(AuditEntry.Kind.APPEALED, by=by, person=by, article=case.article, case=case)
    return case


# --- Inside an action ------------------------------------------------------------------------


def case_of(thing: Thing, article: Article | None = None) -> Case:
    """Return the case of a thing, locked; a new one is not in the queue yet."""
    if isinstance(thing, Annotation):
        return _locked(
            Kind.TAG, annotation=thing, person=thing.reviewer, article_id=thing.article_id
        )
    if isinstance(thing, Comment):
        article_id = thing.thread.article_id
        return _locked(Kind.COMMENT, comment=thing, person=thing.author, article_id=article_id)
    return _locked(Kind.PERSON, person=thing, article=article)


def case_of_erasure(person: User) -> Case:
    """Return the case of erasing somebody's account, locked."""
    return _locked(Kind.ERASURE, person=person)


def _locked(kind: Kind, **fields: object) -> Case:
    one: dict[str, object] = {
        name: fields[name] for name in ("annotation", "comment") if name in fields
    }
    found = Case.objects.select_for_update(of=("self",))
    case, _ = found.get_or_create(
        **(one or {"person": fields["person"], "kind": kind}),
        defaults={"kind": kind, "state": State.GONE, **fields},
    )
    return case


def refuse(case: Case, by: User) -> None:
    """Raise why `by` may not decide this case now, if they may not."""
    if not Case.objects.decidable_by(by).filter(pk=case.pk).exists():
        raise NotYours(why_not(case, by))
    if case.claimed_by_another(by):
        left = (case.claimed_until - timezone.now()).total_seconds()  # type: ignore[operator]
        raise Claimed(
            f"{case.claimed_by} works on this case, for {max(round(left / 60), 1)} more min."
        )


def why_not(case: Case, by: User) -> str:
    """Return why `by` may not decide a case that is not one of `decidable_by`."""
    if case.person_id == by.pk:
        return "This case is about you: somebody else decides it."
    if case.kind == Kind.ERASURE:
        return "Only admins erase accounts."
    if case.person.is_admin and not by.is_admin:
        return "This case is about an admin: only admins decide it."
    return "You decided this case before: another moderator looks at the answer."


def open_again(case: Case) -> None:
    """Put a case into the queue, as seen to by nobody."""
    case.state, case.opened_at = State.OPEN, timezone.now()
    case.claimed_by = case.claimed_until = None
    case.version += 1
    _save(case)


def _save(case: Case) -> None:
    assess(case)
    case.save()


def _recount(case: Case) -> None:
    """Count the flags that stand; with the last one gone there may be nothing to decide."""
    reasons = Counter(case.flags.standing().values_list("reason", flat=True))
    case.flags_standing = reasons.total()
    case.reasons = [reason for reason, _ in reasons.most_common()]
    if case.is_open and not reasons and not case.waits and not case.is_appealed:
        case.state, case.version = State.GONE, case.version + 1
        case.claimed_by = case.claimed_until = None
    _save(case)


def _changed_since(case: Case) -> bool:
    """Whether the thing was changed since the case was decided."""
    if case.decided_at is None:
        return True
    if case.annotation:
        return case.annotation.changed_at > case.decided_at
    edited = case.comment.edited_at if case.comment else None
    return edited is not None and edited > case.decided_at


@receiver(pending_changed)
def queue_pending(annotation: Annotation, **_: object) -> None:
    """Keep a tag that waits to be seen in the queue, and no other, unless it is flagged."""
    case = case_of(annotation)
    case.annotation = annotation
    if case.waits and not case.is_open:
        open_again(case)
    elif not case.waits:
        _recount(case)
