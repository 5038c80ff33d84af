"""Let a passage be cut out of a long text without unpacking all that stands before it.

Each tag does that. A text that stands already is stored anew when it is next written.
"""

from django.db import migrations

SET = "ALTER TABLE articles_article ALTER COLUMN text SET STORAGE"


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_create_articles")]

    operations = [migrations.RunSQL(f"{SET} EXTERNAL", f"{SET} EXTENDED")]
