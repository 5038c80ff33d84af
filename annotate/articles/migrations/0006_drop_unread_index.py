"""The constraint on positions has an index that begins with the article, too."""

from django.db import migrations, models

NAME = "articles_sentence_article_id_39309c4f"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0005_index_names")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {NAME}"
                    " ON articles_sentence (article_id)",
                )
            ],
            [
                migrations.AlterField(
                    "sentence",
                    "article",
                    models.ForeignKey(
                        on_delete=models.CASCADE,
                        to="articles.article",
                        related_name="sentences",
                        db_index=False,
                    ),
                )
            ],
        ),
    ]
