"""Migrations run while the version before them serves: what they may do to standing tables.

Looked at is the SQL of each migration after those of the baseline. How to write one:
“Migrations” in docs/development.md.
"""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from django.contrib.postgres import operations as postgres
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

# Of each app, the last migration of before the first release: no older version ran beside it.
BASELINE = {
    "accounts": "0003_add_session_epoch_and_cache",
    "annotations": "0009_index_waiting_tags",
    "articles": "0003_add_premoderation",
    "discussion": "0004_say_what_a_step_left",
    "live": "0005_tell_of_hidden_tags_apart",
    "moderation": "0006_index_decided_cases",
    "notices": "0002_tell_of_decisions",
    "reviews": "0002_take_names_out_of_moves",
}
# Statements that are no rule's, and why they are safe all the same: by app, migration and a
# part of the statement. “No version that may still run reads the column” is a reason.
ACCEPTED: dict[tuple[str, str, str], str] = {
    ("articles", "0007_separate_words", "DROP EXPRESSION IF EXISTS"): (
        "Of the catalogue alone: what is stored stays, and no version writes the column."
    ),
}

NAME = r'"?(?P<table>\w+)"?'
VALUE = r"(?:'[^']*'(?:::\w+)?|-?[\d.]+|true|false)"
TYPE = r"[\w ]+(?:\([\d, ]+\))?(?:\[\])?"
# What locks a table for no longer than a moment, and leaves the version before working.
ON_STANDING_TABLES = [
    rf'ALTER TABLE {NAME} ADD COLUMN "\w+" {TYPE} (?:NULL|DEFAULT {VALUE} (?:NOT )?NULL)',
    rf"ALTER TABLE {NAME} ADD CONSTRAINT .+ NOT VALID",
    rf"ALTER TABLE {NAME} VALIDATE CONSTRAINT .+",
    rf"ALTER TABLE {NAME} DROP CONSTRAINT .+",
    rf'ALTER TABLE {NAME} ALTER COLUMN "\w+" DROP NOT NULL',
    rf'ALTER TABLE {NAME} ALTER COLUMN "\w+" SET DEFAULT .+',
    rf"CREATE (?:UNIQUE )?INDEX CONCURRENTLY .+? ON {NAME} .+",
    r"DROP INDEX CONCURRENTLY .+",
    r"COMMENT ON .+",
    r"CREATE (?:OR REPLACE )?FUNCTION .+",
    rf"CREATE (?:OR REPLACE )?TRIGGER .+? ON {NAME} .+",
]
ALONE = re.compile(r"CONCURRENTLY|VALIDATE CONSTRAINT")
NO_STATEMENT = "-- THIS OPERATION CANNOT BE WRITTEN AS SQL"


def statements(state: ProjectState, migration: Migration) -> list[str]:
    """Return the SQL of a migration of `state`, and a comment for what is done in Python."""
    # Outside of the test's transaction, in which an operation would refuse to be concurrent.
    with (
        closing(connection.copy()) as fresh,
        fresh.schema_editor(collect_sql=True, atomic=migration.atomic) as editor,
    ):
        migration.apply(state, editor, collect_sql=True)
    lines = "\n".join(editor.collected_sql).splitlines()
    told = [line for line in lines if NO_STATEMENT in line or not line.startswith("--")]
    return [one.strip() for one in re.split(r";$", "\n".join(told), flags=re.M) if one.strip()]


def refusals(sql: list[str], *, atomic: bool) -> list[str]:
    """Return what of a migration's SQL could break or hold up a site at work, and why."""
    made = {found[1] for one in sql if (found := re.match(r'CREATE TABLE "?(\w+)', one))}
    in_python = [one for one in sql if NO_STATEMENT in one]
    found, altered, alone = [], set(), []
    for one in sql:
        if one in in_python or concerns(one, made):
            continue
        match = next((hit for rule in ON_STANDING_TABLES if (hit := matches(rule, one))), None)
        if not match:
            found.append(f"not safe beside the version before: {one}")
        elif ALONE.search(one):
            alone.append(one)
        elif table := match.groupdict().get("table"):
            altered.add(table)
            if not atomic:
                found.append(f"without a transaction it waits for its lock without end: {one}")
    if len(altered) > 1:
        found.append(f"several standing tables are locked at once: {sorted(altered)}")
    if alone and len(sql) > len(alone):
        found.append(f"belongs into a migration of its own: {alone[0]}")
    if in_python and (made or altered):
        found.append("data are apart from schema: what Python does, in a migration of its own")
    return found


def matches(rule: str, statement: str) -> re.Match[str] | None:
    return re.fullmatch(rule, statement, re.DOTALL)


def concerns(statement: str, made: set[str]) -> bool:
    """Return whether a statement is about a table that the same migration makes."""
    about = re.match(r'(?:CREATE TABLE|ALTER TABLE|CREATE .*?INDEX .+? ON) "?(\w+)', statement)
    return bool(about and about[1] in made)


def test_new_migrations_can_run_beside_the_version_before(db):
    loader = MigrationLoader(connection)
    found = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app not in ours(loader) or name <= BASELINE.get(app, ""):
            continue
        sql = statements(loader.project_state((app, name), at_end=False), migration)
        accepted = [part for where, which, part in ACCEPTED if (where, which) == (app, name)]
        rest = [one for one in sql if not any(part in one for part in accepted)]
        found += [f"{app}.{name}: {one}" for one in refusals(rest, atomic=migration.atomic)]
    assert found == []


def ours(loader: MigrationLoader) -> set[str]:
    return {
        app
        for (app, _), migration in loader.disk_migrations.items()
        if type(migration).__module__.startswith("annotate.")
    }


def test_the_baseline_names_migrations_that_are_there(db):
    known = set(MigrationLoader(connection).disk_migrations)
    assert set(BASELINE.items()) - known == set()


@pytest.mark.django_db(transaction=True)
def test_a_site_that_has_the_index_of_open_cases_goes_on():
    """From `0009_index_open_cases`, which is no more."""

    def migrate(*to: tuple[str, str]) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(to or executor.loader.graph.leaf_nodes())

    try:
        migrate(("moderation", "0008_index_why"))
        with connection.cursor() as cursor:
            # As one that was given up halfway: it does not do what the model says.
            cursor.execute("CREATE INDEX case_open ON moderation_case (opened_at)")
    finally:
        migrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'case_open'")
        [(definition,)] = cursor.fetchall()
    assert "INCLUDE (id, risk, kind, person_id" in definition


# --- The rules themselves ------------------------------------------------------------------
@pytest.fixture(scope="module")
def today() -> ProjectState:
    """What the models are after all migrations there are."""
    return MigrationLoader(None).project_state()


def refused(today: ProjectState, *operations: Operation, atomic: bool = True) -> list[str]:
    """Return what is refused of a migration of annotate.annotations that does this next."""
    migration = Migration("next", "annotations")
    migration.operations, migration.atomic = list(operations), atomic
    return refusals(statements(today.clone(), migration), atomic=atomic)


def nothing(apps: object, schema_editor: object) -> None:
    """Change no data."""


def add(field: models.Field, *, to: str = "annotation") -> Operation:
    return migrations.AddField(to, "source", field)


NULL = models.TextField(null=True)
CHECK = models.CheckConstraint(condition=models.Q(start__gte=0), name="a_rule")
INDEX = models.Index(fields=["note"], name="an_index")
PARENT = models.ForeignKey("annotations.Annotation", models.CASCADE)
WORDS = models.TextField(help_text="Words")  # nothing that the database is told

SAFE = [
    [add(NULL)],
    [add(models.TextField(db_default="a"))],
    [postgres.AddConstraintNotValid("annotation", CHECK)],
    [postgres.ValidateConstraint("annotation", "a_rule")],
    [migrations.CreateModel("Source", [("id", models.BigAutoField(primary_key=True))])],
    [migrations.CreateModel("Source", [("tag", PARENT)]), add(NULL, to="source")],
    [migrations.RunPython(nothing)],
    [migrations.AlterField("annotation", "note", WORDS)],
]
TAGS = '"annotations_annotation"'
ADD = f'ALTER TABLE {TAGS} ADD COLUMN "source"'
UNSAFE = [
    (
        [add(models.TextField(default="a"))],
        f'ALTER TABLE {TAGS} ALTER COLUMN "source" DROP DEFAULT',
    ),
    (
        [add(models.TextField(db_default=Now()))],
        f"{ADD} text DEFAULT (STATEMENT_TIMESTAMP()) NOT NULL",
    ),
    ([add(models.TextField(null=True, unique=True))], f"{ADD} text NULL UNIQUE"),
    (
        [add(models.PositiveIntegerField(null=True))],
        f'{ADD} integer NULL CHECK ("source" >= 0)',
    ),
    ([migrations.RemoveField("annotation", "note")], f'ALTER TABLE {TAGS} DROP COLUMN "note"'),
    (
        [migrations.RenameField("annotation", "note", "words")],
        f'ALTER TABLE {TAGS} RENAME COLUMN "note" TO "words"',
    ),
    (
        [migrations.AlterField("annotation", "note", models.CharField(max_length=5))],
        f'ALTER TABLE {TAGS} ALTER COLUMN "note" TYPE varchar(5) USING "note"::varchar(5)',
    ),
    ([migrations.DeleteModel("Precedent")], 'DROP TABLE "annotations_precedent" CASCADE'),
    ([migrations.AddIndex("annotation", INDEX)], f'CREATE INDEX "an_index" ON {TAGS} ("note")'),
    (
        [migrations.AddConstraint("annotation", CHECK)],
        f'ALTER TABLE {TAGS} ADD CONSTRAINT "a_rule" CHECK ("start" >= 0)',
    ),
    (
        [migrations.RunSQL("UPDATE annotations_label SET key = 'x'")],
        "UPDATE annotations_label SET key = 'x'",
    ),
]


def test_safe_migrations_are_let_through(db, today):
    assert [refused(today, *operations) for operations in SAFE] == [[]] * len(SAFE)
    concurrent = postgres.AddIndexConcurrently("annotation", INDEX)
    assert refused(today, concurrent, atomic=False) == []


def test_unsafe_statements_are_refused(db, today):
    told = [refused(today, *operations)[:1] for operations, _ in UNSAFE]
    assert told == [[f"not safe beside the version before: {sql}"] for _, sql in UNSAFE]


def test_migrations_that_do_too_much_at_once_are_refused(db, today):
    two = [add(NULL), add(NULL, to="label")]
    assert refused(today, *two) == [
        "several standing tables are locked at once: "
        "['annotations_annotation', 'annotations_label']"
    ]
    assert refused(today, add(NULL), migrations.RunPython(nothing)) == [
        "data are apart from schema: what Python does, in a migration of its own"
    ]
    index = [postgres.AddIndexConcurrently("annotation", INDEX), add(NULL)]
    assert refused(today, *index, atomic=False) == [
        f"without a transaction it waits for its lock without end: {ADD} text NULL",
        "belongs into a migration of its own: "
        f'CREATE INDEX CONCURRENTLY "an_index" ON {TAGS} ("note")',
    ]
