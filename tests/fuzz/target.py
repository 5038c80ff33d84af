"""Run one target under libFuzzer: `python -m tests.fuzz.target NAME CORPUS [ARGUMENT…]`.

CORPUS is a folder where inputs that reached new code are kept; the arguments are libFuzzer's.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import atheris

# What the readers import when they run: imported here, so that it is watched as well.
LIBRARIES = {
    "md": ["markdown_it"],
    "html": ["trafilatura", "trafilatura.metadata", "htmldate"],
    "docx": ["docx"],
    "docx_bytes": ["docx"],
    "pdf": ["pypdfium2"],
    "txt": ["charset_normalizer"],
}
WATCHED = ["annotate", "markdown_it", "trafilatura", "htmldate", "docx"]


def main() -> None:
    name = sys.argv.pop(1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    with atheris.instrument_imports(include=WATCHED):
        django.setup()
        for library in LIBRARIES.get(name, []):
            __import__(library)
        from tests.fuzz import imports, readers, texts

    logging.disable()
    for number, seed in enumerate(readers.seeds(name)):
        Path(sys.argv[1], f"seed-{number}").write_bytes(seed)
    one_input = next(
        getattr(module, name) for module in (readers, texts, imports) if hasattr(module, name)
    )
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
