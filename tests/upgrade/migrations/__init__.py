"""The migrations of annotate.annotations, and after them those beside this file."""

from pkgutil import iter_modules

from annotate.annotations import migrations

LATEST = max(module.name for module in iter_modules(migrations.__path__))
__path__ = [*__path__, *migrations.__path__]
