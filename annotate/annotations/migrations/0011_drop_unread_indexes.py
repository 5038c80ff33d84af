"""Half a gigabyte of indexes, beside ten million tags, that no page read and each tag wrote.

Dropped beside what goes on. The names are those that Django gave them.
"""

from django.db import migrations, models
from django.db.models import PROTECT


def without_index(table, name, column, model, field, to, **options):
    key = models.ForeignKey(on_delete=PROTECT, to=to, db_index=False, **options)
    return migrations.SeparateDatabaseAndState(
        [
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column})",
            )
        ],
        [migrations.AlterField(model, field, key)],
    )


def of_change(end, field, to="annotations.change", **options):
    table = "annotations_change"
    return without_index(
        table, f"{table}_{field}_id_{end}", f"{field}_id", "change", field, to, **options
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("annotations", "0010_index_for_the_admin"),
        ("articles", "0005_index_names"),
    ]
    operations = [
        of_change("c3e6d054", "below", null=True, related_name="+"),
        of_change("ee787a5a", "target", null=True, related_name="+"),
        of_change("a65c70e6", "article", "articles.article", related_name="changes"),
        without_index(
            *("annotations_annotation", "annotations_annotation_label_id_d1afe995"),
            *("label_id", "annotation", "label", "annotations.label"),
            related_name="annotations",
        ),
    ]
