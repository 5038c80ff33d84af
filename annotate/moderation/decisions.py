"""Decide cases, one or several at once, and take one's last decision back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.articles.models import Article

from . import audit, effects
from .cases import CLAIM, case_of, case_of_erasure, open_again, refuse
from .effects import Verdict
from .models import AuditEntry, Case, Decision, Reason
from .people import erase
from .refusals import ActionRefused, Stale
from .signals import decided

Kind = Decision.Kind
State = Case.State

# What the author is told where the moderator writes nothing.
NOTES = {
    Reason.OFF_GUIDELINE: "It does not follow the guideline of its label.",
    Reason.WRONG_PASSAGE: "The passage is not the one that the label is about.",
    Reason.ABUSIVE: "It attacks or insults somebody.",
    Reason.SPAM: "It has nothing to do with the story.",
    Reason.PERSONAL_DATA: "It holds personal data that do not belong here.",
    Reason.BAD_FAITH: "It does not look like an honest attempt to follow the guideline.",
    Reason.OTHER: "A moderator looked at it.",
}
LOGGED_AS = {
    Kind.SUSPEND: AuditEntry.Kind.SUSPENSION,
    Kind.BAN: AuditEntry.Kind.SUSPENSION,
    Kind.LIFT: AuditEntry.Kind.SUSPENSION,
    Kind.ERASE: AuditEntry.Kind.ERASED,
}


@dataclass
class Outcome:
    """What came of deciding several cases: a refusal of one does not hold up the others."""

    decided: list[Decision] = field(default_factory=list)
    refused: list[tuple[Case, ActionRefused]] = field(default_factory=list)


def decide(cases: Mapping[int, int], verdict: Verdict, *, by: User) -> Outcome:
    """Decide cases: their numbers with the version of each that was seen.

    A case that was decided, claimed or changed meanwhile is refused, and so is what does not
    fit; the others are decided. All in one transaction.
    """
    outcome = Outcome()
    batch = uuid.uuid4()
    with transaction.atomic():
        for case in lock(cases):
            try:
                with transaction.atomic():
                    if case.version != cases[case.pk]:
                        raise Stale(_meanwhile(case))
                    outcome.decided.append(_decide(case, verdict, by, batch))
            except ActionRefused as error:
                outcome.refused.append((case, error))
    return outcome


@transaction.atomic
def decide_about(person: User, verdict: Verdict, *, by: User) -> Decision:
    """Decide about a person without anybody having flagged them. Raises ActionRefused."""
    case = case_of_erasure(person) if verdict.kind == Kind.ERASE else case_of(person)
    outcome = decide({case.pk: case.version}, verdict, by=by)
    if outcome.refused:
        raise outcome.refused[0][1]
    return outcome.decided[0]


def decide_tags(tags: Iterable[Annotation], verdict: Verdict, *, by: User) -> Outcome:
    """Decide about tags whether anybody flagged them or not."""
    with transaction.atomic():
        cases = [case_of(one) for one in tags]
    # Not in one transaction: the articles are locked before the cases.
    return decide({one.pk: one.version for one in cases}, verdict, by=by)


@transaction.atomic
def take_back(*, by: User) -> list[Decision]:
    """Take back what a moderator decided last: one decision, or several of one step.

    The cases are open again, and theirs. Nothing to take back: an empty list. Raises Stale if
    somebody decided one of the cases or changed the thing since.
    """
    latest = by.decisions_made.standing().order_by("-pk").first()
    if latest is None:
        return []
    batch = list(by.decisions_made.standing().filter(batch=latest.batch).order_by("pk"))
    cases = {case.pk: case for case in lock({one.case_id for one in batch})}
    for decision in batch:
        case = decision.case = cases[decision.case_id]
        if case.decisions.standing().filter(pk__gt=decision.pk).exists():
            raise Stale("Somebody has decided this case since. Decide it anew.")
        before, after = effects.undo(decision, by=by)
        decision.taken_back_at = timezone.now()
        decision.save(update_fields=["taken_back_at"])
        previous = case.decisions.standing().order_by("-pk").first()
        case.decided_by = previous.by if previous else None
        case.decided_at = previous.at if previous else None
        open_again(case)
        case.claimed_by, case.claimed_until = by, timezone.now() + CLAIM
        case.save(update_fields=["claimed_by", "claimed_until"])
        kind = AuditEntry.Kind.TAKEN_BACK
        _log(kind, decision, before, after)
    return batch


def lock(cases: Collection[int]) -> list[Case]:
    """Lock the articles of some cases, then the cases; return these by number."""
    rows = Case.objects.filter(pk__in=list(cases))
    articles = Article.objects.filter(pk__in=rows.values("article")).order_by("pk")
    list(articles.select_for_update(no_key=True).values_list("pk", flat=True))
    locked = (
        rows.select_for_update(of=("self",))
        .order_by("pk")
        .select_related(
            *("person", "article", "claimed_by", "decided_by"),
            *("annotation__label", "annotation__reviewer", "annotation__round"),
            *("comment__author", "comment__thread"),
        )
    )
    return list(locked.defer("article__text", "article__search"))


# --- Inside an action ------------------------------------------------------------------------


def _decide(case: Case, verdict: Verdict, by: User, batch: uuid.UUID) -> Decision:
    refuse(case, by)
    on_appeal, reason = case.is_appealed, verdict.reason or default_reason(case)
    before, after = effects.apply(case, verdict, by=by)
    decision = Decision.objects.create(
        case=case,
        person=case.person,
        kind=verdict.kind,
        reason=reason,
        note=verdict.note or NOTES[Reason(reason)],
        by=by,
        role="admin" if by.is_admin else "moderator",
        before=before,
        after=after,
        batch=batch,
        on_appeal=on_appeal,
        waited=timezone.now() - case.opened_at,
    )
    case.state, case.decided_by, case.decided_at = State.DECIDED, by, decision.at
    case.claimed_by = case.claimed_until = None
    case.seen_for = sorted({*case.seen_for, *case.reasons, reason})
    case.version += 1
    case.save()
    _log(LOGGED_AS.get(verdict.kind, AuditEntry.Kind.DECIDED), decision, before, after)
    if verdict.kind == Kind.ERASE:
        erase(case.person, by=by)
    else:
        decided.send(Decision, decision=decision)
    return decision


def default_reason(case: Case) -> str:
    """Return why a case is decided where the moderator does not say: for what most flagged."""
    return case.reasons[0] if case.reasons else Reason.OTHER


def _log(kind: AuditEntry.Kind, decision: Decision, before: dict, after: dict) -> None:
    case = decision.case
    audit.record(
        kind,
        by=decision.by,
        person=case.person,
        article=case.article,
        annotation=case.annotation,
        comment=case.comment,
        case=case,
        before=before,
        after={"decision": decision.kind, "reason": decision.reason, **after},
        why=decision.note,
    )


def _meanwhile(case: Case) -> str:
    if case.state == State.DECIDED:
        return "Another moderator has decided this case meanwhile."
    return "Something new came up in this case. Look at it again."
