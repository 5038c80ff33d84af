from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('live', '0003_number_standing_events'),
    ]

    operations = [
        migrations.AlterField(
            model_name='event',
            name='number',
            field=models.BigIntegerField(editable=False),
        ),
        migrations.AlterModelOptions(
            name='event',
            options={'ordering': ['article', 'number']},
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_article',
        ),
        migrations.RemoveIndex(
            model_name='event',
            name='event_of_person',
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['article', 'by', 'number'], name='event_of_person'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(fields=('article', 'number'), name='event_number_once_per_article'),
        ),
    ]
