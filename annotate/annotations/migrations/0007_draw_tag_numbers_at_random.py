"""Tags that stand keep their numbers."""

from django.db import migrations, models

from annotate.keys import draw_at_random


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0006_hold_and_correct_tags'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='annotation',
            options={'ordering': ['article', 'start', 'created_at', 'pk']},
        ),
        draw_at_random('annotations_annotation', 'annotation'),
        migrations.AddIndex(
            model_name='annotation',
            index=models.Index(fields=['created_at'], name='annotation_by_time'),
        ),
    ]
