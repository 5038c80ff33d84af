from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('live', '0001_create_events'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='number',
            field=models.BigIntegerField(editable=False, null=True),
        ),
    ]
