from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0007_draw_tag_numbers_at_random'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='annotation',
            constraint=models.CheckConstraint(condition=models.Q(('note__length__lte', 10000)), name='annotation_note_is_not_too_long'),
        ),
    ]
