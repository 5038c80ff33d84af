from django.db import migrations, models

# As `manage.py createcachetable` makes it.
CREATE = """
    CREATE TABLE accounts_cache (
        cache_key varchar(255) NOT NULL PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX accounts_cache_expires ON accounts_cache (expires);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_add_suspension'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='session_epoch',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(CREATE, 'DROP TABLE accounts_cache'),
    ]
