"""Threads and comments that stand keep their numbers."""

from django.db import migrations

from annotate.keys import draw_at_random


class Migration(migrations.Migration):

    dependencies = [
        ('discussion', '0002_hide_comments'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='thread',
            options={'ordering': ['article', 'start', 'created_at', 'pk']},
        ),
        migrations.AlterModelOptions(
            name='comment',
            options={'ordering': ['created_at', 'pk']},
        ),
        draw_at_random('discussion_thread', 'thread'),
        draw_at_random('discussion_comment', 'comment'),
    ]
