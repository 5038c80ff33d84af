"""Words are found beside any quotation mark or dash, whatever the locale of the database.

Why: annotate/wordsearch.py. The column `search` was generated. Another expression would store
the whole table anew, and nobody could read it meanwhile; so a trigger fills the column from
now on, and the next migration those that stand. The version before neither writes the column
nor knows that it differs.
"""

from django.contrib.postgres.search import SearchVectorField
from django.db import migrations

SEPARATORS = "".join(
    [
        r"\u0080-\u00a9\u00ab\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7",
        r"\u02c2-\u02c5\u02d2-\u02df",
        r"\u037e\u0384\u0385\u0387\u1fbd\u1fbf-\u1fc1",
        r"\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd\u1ffe",
        r"\u0482\u055a-\u055f\u0589-\u058f\u10fb",
        r"\u05be\u05c0\u05c3\u05c6\u05f3\u05f4",
        r"\u0606-\u060f\u061b-\u061f\u066a-\u066d\u06d4",
        r"\u06dd\u06de\u06e9\u06fd\u06fe",
        r"\u0700-\u070f\u07f7-\u07f9\u1360-\u1368\u166e",
        r"\u0964\u0965\u0970\u09f2\u09f3\u09fb\u09fd\u0a76\u0af0\u0af1\u0bf9",
        r"\u0c77\u0c84\u0df4",
        r"\u0e3f\u0e4f\u0e5a\u0e5b\u0f04-\u0f14\u0f3a-\u0f3d\u0fd0-\u0fd4",
        r"\u104a-\u104f\u17d4-\u17d6\u17d8-\u17db\u1800-\u180a",
        r"\u1680\u2000-\u2070\u2074-\u207e\u2080-\u208e\u20a0-\u20cf\u20e3",
        r"\u2100\u2101\u2103-\u2106\u2109\u2116\u2117\u2120-\u2122\u2150-\u215f\u2190-\u2bff",
        r"\u2e00-\u2e2e\u2e30-\u2e7f\u2ff0-\u3004\u3008-\u3020\u3030\u3036\u3037",
        r"\u303d-\u303f\u309b\u309c\u30a0\u30fb\u3200-\u33ff",
        r"\ue000-\uf8ff\ufd3e\ufd3f\ufdfc\ufe0e-\ufe19\ufe30-\ufe6b",
        r"\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff",
        r"\U0001f000-\U0001fbef\U000e0000-\U000e007f",
    ]
)
# U+00AD is the soft hyphen, within a word.
WORDS = f"""
CREATE OR REPLACE FUNCTION spaced_words(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(replace(words, U&'\\00AD', ''), '[{SEPARATORS}]+', ' ', 'g');
"""
# PostgreSQL keeps no word positions past 16,383 and refuses a vector over 1 MB: the first
# 200,000 characters are what it can take of any text.
VECTOR = """
CREATE OR REPLACE FUNCTION article_words(config regconfig, title text, outlet text, body text)
    RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(to_tsvector(config, spaced_words(title)), 'A')
        || setweight(to_tsvector(config, spaced_words(outlet)), 'B')
        || setweight(to_tsvector(config, spaced_words(left(body, 200000))), 'C');
CREATE OR REPLACE FUNCTION fill_article_search() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.search := article_words(
        CASE WHEN NEW.language LIKE 'en%' THEN 'english'::regconfig ELSE 'simple' END,
        NEW.title, NEW.outlet, NEW.text); RETURN NEW; END $$;
"""
FILL = """
ALTER TABLE articles_article ALTER COLUMN search DROP EXPRESSION IF EXISTS;
CREATE OR REPLACE TRIGGER article_search_is_filled
    BEFORE INSERT OR UPDATE OF language, title, outlet, text
    ON articles_article FOR EACH ROW EXECUTE FUNCTION fill_article_search();
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_drop_unread_index")]
    operations = [
        # Taken back, all stays as it is: the version before works with it.
        migrations.RunSQL(WORDS + VECTOR, migrations.RunSQL.noop),
        migrations.RunSQL(
            FILL,
            migrations.RunSQL.noop,
            [
                migrations.AlterField(
                    "article", "search", SearchVectorField(editable=False, null=True)
                )
            ],
        ),
    ]
