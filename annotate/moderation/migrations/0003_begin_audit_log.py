"""The log begins with what stands: without that, replaying it would not reach the present."""

from django.db import migrations


def begin(apps, schema_editor):
    entry = apps.get_model("moderation", "AuditEntry").objects
    user = apps.get_model("accounts", "User").objects
    article = apps.get_model("articles", "Article").objects
    round = apps.get_model("reviews", "Round").objects
    for one in user.prefetch_related("groups").order_by("pk"):
        names = {group.name for group in one.groups.all()}
        held = [name for name in ("reviewer", "moderator", "admin") if name in names]
        lines: list[tuple[str, dict]] = [("role", {"role": held[-1] if held else ""})]
        lines += [] if one.is_active else [("active", {"active": False})]
        for kind, after in lines:
            entry.create(kind=kind, person=one, after=after, why="When the log began.")
    for one in article.defer("text").order_by("pk"):
        entry.create(
            kind="imported",
            article=one,
            by_id=one.submitted_by_id,
            after={"status": one.status},
            why="When the log began.",
        )
    for one in round.order_by("pk"):
        entry.create(
            kind="round",
            article_id=one.article_id,
            by_id=one.opened_by_id,
            after={"round": one.number, "state": one.state},
            why="When the log began.",
        )


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_protect_audit_log")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop, elidable=True)]
