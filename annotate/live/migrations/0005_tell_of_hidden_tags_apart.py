from django.db import migrations, models

KINDS = [
    ("tags", "tags or readings"),
    ("hidden", "tags that other reviewers do not see"),
    ("threads", "discussion"),
    ("round", "the review round"),
    ("part", "a person's part in it"),
]


class Migration(migrations.Migration):
    dependencies = [("live", "0004_number_events_by_the_clock")]
    operations = [
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=10),
        )
    ]
