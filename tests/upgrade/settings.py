"""The site's settings, with more migrations."""

from annotate.settings import *  # noqa: F403

MIGRATION_MODULES = {"annotations": "tests.upgrade.migrations"}
