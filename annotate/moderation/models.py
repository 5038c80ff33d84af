"""Flags, the cases they make, what moderators decided, and the log of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotate.accounts.models import User
from annotate.annotations.models import Annotation
from annotate.articles.models import Article
from annotate.discussion.models import Comment
from annotate.keys import RandomKey
from annotate.reviews.models import Round
from annotate.wordsearch import words_of

if TYPE_CHECKING:
    import datetime

PERSON = settings.AUTH_USER_MODEL
WHY_WORDS = words_of("why")  # as an index has them
WORDS = 1_000  # code points of what somebody says about a flag or a decision


class Reason(models.TextChoices):
    OFF_GUIDELINE = "off_guideline", "Off guideline"
    WRONG_PASSAGE = "wrong_passage", "Wrong passage"
    ABUSIVE = "abusive", "Abusive"
    SPAM = "spam", "Spam"
    PERSONAL_DATA = "personal_data", "Personal data"
    BAD_FAITH = "bad_faith", "Bad faith"
    OTHER = "other", "Other"


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        """Moderators see all but those about themselves: a case says who flagged."""
        return self.exclude(person=user) if user.is_moderator else self.none()

    def decidable_by(self, user: User) -> CaseQuerySet:
        """What `user` may decide.

        Nobody decides about themselves; only admins about admins and about erasing. An appeal
        goes to somebody else than who decided, if there is anybody else who may.
        """
        cases = self.visible_to(user)
        if user.is_admin:
            others = User.objects.working().admins().exclude(pk=user.pk)
            left = others.exclude(pk=models.OuterRef("person"))
        else:
            cases = cases.exclude(kind=Case.Kind.ERASURE)
            cases = cases.exclude(person__in=User.objects.admins())
            others = User.objects.working().moderators().exclude(pk=user.pk)
            left = others.exclude(pk=models.OuterRef("person"))
        appealed = Q(decided_by=user, appealed_at__gt=models.F("decided_at"))
        return cases.exclude(appealed & Q(models.Exists(left)))

    def open(self) -> CaseQuerySet:
        return self.filter(state=Case.State.OPEN)

    def in_order(self) -> CaseQuerySet:
        """The riskiest first, then the oldest."""
        return self.order_by("-risk", "opened_at", "pk")


class Case(models.Model):
    """One thing that moderators look at, with all flags on it. There is one of each thing.

    `version` counts what was done to it: who decides says which one they saw.
    """

    class Kind(models.TextChoices):
        TAG = "tag", "Tag"
        COMMENT = "comment", "Comment"
        PERSON = "person", "Person"
        ERASURE = "erasure", "Request to erase an account"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DECIDED = "decided", "Decided"
        GONE = "gone", "Nothing left to decide"  # taken back by those who made it

    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    person = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, related_name="cases", help_text="Whom it concerns."
    )
    article = models.ForeignKey(
        Article, on_delete=models.PROTECT, null=True, related_name="cases"
    )
    annotation = models.OneToOneField(
        Annotation, on_delete=models.PROTECT, null=True, related_name="case"
    )
    comment = models.OneToOneField(
        Comment, on_delete=models.PROTECT, null=True, related_name="case"
    )
    opened_at = models.DateTimeField(
        default=timezone.now, help_text="When it last came into the queue."
    )
    flags_standing = models.PositiveIntegerField(default=0)
    reasons = ArrayField(
        models.CharField(max_length=20, choices=Reason),
        default=list,
        help_text="Of the flags that stand, the most frequent first.",
    )
    seen_for = ArrayField(
        models.CharField(max_length=20, choices=Reason),
        default=list,
        help_text="Reasons for which it was looked at: it comes back for new ones only.",
    )
    risk = models.PositiveIntegerField(default=0)
    # What made the risk: [points, "words"] each.
    risk_because = models.JSONField(default=list)
    claimed_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, related_name="claimed_cases"
    )
    claimed_until = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, related_name="decided_cases"
    )
    decided_at = models.DateTimeField(null=True)
    appeal = models.TextField(blank=True, max_length=WORDS, help_text="The author's answer.")
    appealed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                name="case_queue",
                fields=["-risk", "opened_at", "id"],
                condition=Q(state="open"),
            ),
            models.Index(  # with all that the overview and the queue count and sort by
                name="case_open",
                fields=["opened_at"],
                include=[
                    *("id", "risk", "kind", "person", "annotation"),
                    *("reasons", "flags_standing", "claimed_until"),
                    *("appealed_at", "decided_at"),
                ],
                condition=Q(state="open"),
            ),
            models.Index(
                name="case_decided_latest",
                fields=["-decided_at", "-id"],
                condition=Q(state="decided"),
            ),
            models.Index(name="case_of_person", fields=["person", "state"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="case_is_about_one_thing",
                condition=(
                    Q(kind="tag", annotation__isnull=False, comment=None)
                    | Q(kind="comment", comment__isnull=False, annotation=None)
                    | Q(kind__in=["person", "erasure"], annotation=None, comment=None)
                ),
            ),
            models.UniqueConstraint(
                name="case_one_per_person",
                fields=["person", "kind"],
                condition=Q(kind__in=["person", "erasure"]),
            ),
            models.CheckConstraint(
                name="case_claim_has_an_end",
                condition=Q(claimed_by=None, claimed_until=None)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
            ),
            models.CheckConstraint(
                name="case_decided_says_when",
                condition=~Q(state="decided") | Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Case {self.pk}: {self.get_kind_display().lower()} of {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("case", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def waits(self) -> bool:
        """It is about a tag that others see only after a moderator has."""
        tag = self.annotation
        return tag is not None and tag.pending and tag.withdrawn_at is None

    @property
    def is_appealed(self) -> bool:
        """Its author answered, and nobody has looked at the answer yet."""
        return (
            self.is_open
            and self.appealed_at is not None
            and (self.decided_at is None or self.decided_at < self.appealed_at)
        )

    def claimed_by_another(self, user: User) -> bool:
        return (
            self.claimed_by_id not in (None, user.pk)
            and self.claimed_until is not None
            and self.claimed_until > timezone.now()
        )


class FlagQuerySet(models.QuerySet["Flag"]):
    def standing(self) -> FlagQuerySet:
        return self.filter(withdrawn_at=None)

    def visible_to(self, user: User) -> FlagQuerySet:
        """One's own; moderators see all but those on themselves."""
        if user.is_moderator:
            return self.filter(Q(by=user) | ~Q(case__person=user))
        return self.filter(by=user)


class Flag(models.Model):
    """Somebody asks moderators to look at something. Withdrawn, never deleted."""

    id = RandomKey(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="flags")
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="flags")
    # Each round has a flag of its own: one flag for several would tell which pseudonyms in
    # them are the same person.
    round = models.ForeignKey(
        Round,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Where a person's behaviour was seen.",
    )
    reason = models.CharField(max_length=20, choices=Reason)
    text = models.TextField("in a sentence", blank=True, max_length=WORDS)
    created_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="When it was last changed."
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(name="flag_by_time", fields=["created_at"])]  # for the admin
        constraints = [
            models.UniqueConstraint(
                name="flag_one_standing_per_person_and_case",
                fields=["case", "by", "round"],
                condition=Q(withdrawn_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="flag_text_is_not_too_long", condition=Q(text__length__lte=WORDS)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.text[:60]}"

    @property
    def waits(self) -> bool:
        """Whether a moderator has yet to look at it."""
        case = self.case
        seen = case.decided_at is not None and case.decided_at >= self.created_at
        return self.withdrawn_at is None and case.is_open and not seen


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> DecisionQuerySet:
        """Those that were not taken back."""
        return self.filter(taken_back_at=None)

    def told_to(self, user: User) -> DecisionQuerySet:
        """What `user` is told of decisions about them, as `Decision.is_told` has it."""
        silent = Q(kind__in=Decision.SILENT, on_appeal=False)
        return self.filter(person=user).exclude(silent & ~Q(case__kind=Case.Kind.ERASURE))

    def visible_to(self, user: User) -> DecisionQuerySet:
        """Moderators see all but those about themselves: they say who decided."""
        return self.exclude(person=user) if user.is_moderator else self.none()

    def unread_by(self, user: User) -> DecisionQuerySet:
        return self.told_to(user).standing().filter(seen_at=None)


class Decision(models.Model):
    """What a moderator decided about a case. Append only, but for being taken back and seen."""

    class Kind(models.TextChoices):
        KEEP = "keep", "Keep"
        HIDE = "hide", "Hide"
        RELABEL = "relabel", "Relabel"
        TRIM = "trim", "Trim the passage"
        RESTORE = "restore", "Restore"
        LOCK = "lock", "Lock the story"
        WARN = "warn", "Warn"
        SUSPEND = "suspend", "Suspend"
        BAN = "ban", "Ban"
        LIFT = "lift", "Lift the suspension"
        ERASE = "erase", "Erase the account"

    SILENT = (Kind.KEEP, Kind.LOCK, Kind.ERASE)

    # In addresses: a count would tell the person how much else is decided.
    number = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=20, choices=Reason)
    note = models.TextField("note to the author", blank=True, max_length=WORDS)
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="decisions_made")
    role = models.CharField(max_length=10, help_text="Theirs at the time: the author is told.")
    at = models.DateTimeField(default=timezone.now, editable=False)
    # Of what it changed, for taking it back; see effects.py.
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    batch = models.UUIDField(help_text="Of those that were decided in one step.")
    on_appeal = models.BooleanField(default=False)
    waited = models.DurationField(help_text="How long the case had been in the queue.")
    taken_back_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="When the author read it.")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(name="decision_about_person", fields=["person", "-id"]),
            models.Index(name="decision_by_moderator", fields=["by", "-id"]),
            models.Index(
                name="decision_by_time",
                fields=["at"],
                include=["reason", "waited", "taken_back_at"],
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="decision_note_is_not_too_long", condition=Q(note__length__lte=WORDS)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_reason_display().lower()}"

    def get_absolute_url(self) -> str:
        return reverse("decision", args=[self.number])

    @property
    def is_told(self) -> bool:
        """Whether the person is told. That something was kept is no news, unless they asked."""
        asked = self.on_appeal or self.case.kind == Case.Kind.ERASURE
        return asked or self.kind not in self.SILENT

    @property
    def may_be_answered(self) -> bool:
        """Once per case. All that concerns a person is one case: there, once per matter."""
        answered = self.case.appealed_at
        new = self.case.kind == Case.Kind.PERSON and not self.on_appeal
        return self.taken_back_at is None and (answered is None or (new and answered < self.at))

    @property
    def until(self) -> datetime.datetime | None:
        """The end of a suspension, if it was one that ends."""
        end = self.after.get("suspended_until") if self.kind == self.Kind.SUSPEND else None
        return parse_datetime(end) if end else None


class Revert(models.Model):
    """All that one person did, or that happened in one article, between two times, undone.

    A revert of a revert puts back what that one changed: `of`.
    """

    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()
    of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="back")
    why = models.TextField(max_length=WORDS)
    by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    # What it changed: lines of the log of annotations, and of that of threads.
    changes = ArrayField(models.BigIntegerField(), default=list)
    steps = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="revert_is_about_a_person_or_an_article",
                condition=Q(person__isnull=False) | Q(article__isnull=False),
            ),
            models.CheckConstraint(
                name="revert_ends_after_it_begins", condition=Q(until__gte=models.F("since"))
            ),
        ]

    def __str__(self) -> str:
        return f"Revert {self.pk}"


class AuditEntry(models.Model):
    """One line of the audit log: who did what, when, from which state to which, and why.

    The database refuses to change or delete any, with a trigger. It holds no names: people
    are named by whom they are now, so that an erased one stays erased.
    """

    class Kind(models.TextChoices):
        DECIDED = "decided", "Decision"
        TAKEN_BACK = "taken_back", "Decision taken back"
        APPEALED = "appealed", "Appeal"
        ROLE = "role", "Role"
        ACTIVE = "active", "Account opened or shut"
        FACTOR = "factor", "Second factor removed"
        SUSPENSION = "suspension", "Suspension"
        SESSIONS = "sessions", "Sessions ended"
        ERASURE = "erasure", "Request to erase"
        ERASED = "erased", "Account erased"
        IMPORTED = "imported", "Story put in"
        STATUS = "status", "Status of a story"
        ROUND = "round", "Review round"
        PREMODERATION = "premoderation", "Pre-moderation"
        REVERTED = "reverted", "Revert"

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, related_name="+", help_text="None: a rule."
    )
    kind = models.CharField(max_length=15, choices=Kind)
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.PROTECT, null=True, related_name="+")
    annotation = models.ForeignKey(
        Annotation, on_delete=models.PROTECT, null=True, related_name="+"
    )
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="audit")
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    why = models.TextField(blank=True)

    class Meta:
        verbose_name = "line of the audit log"
        verbose_name_plural = "audit log"
        ordering = ["-pk"]
        indexes = [
            models.Index(name="audit_of_person", fields=["person", "-id"]),
            models.Index(name="audit_of_article", fields=["article", "-id"]),
            GinIndex(WHY_WORDS, name="audit_words_of_why", condition=~Q(why="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"
