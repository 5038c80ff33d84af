from datetime import timedelta

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_begin_audit_log")]
    operations = [
        migrations.AddField(
            model_name="decision",
            name="waited",
            field=models.DurationField(
                default=timedelta, help_text="How long the case had been in the queue."
            ),
            preserve_default=False,
        ),
    ]
