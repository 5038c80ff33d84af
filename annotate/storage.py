"""How static files are stored: named by their content, compressed, cached for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):
    # Also rewrites the names inside `import` lines of JavaScript modules.
    support_js_module_import_aggregation = True
