"""Read a file in a process of its own, where it can neither crash nor hold up the server.

PDF and HTML libraries meet whatever a person uploads: pdfium is C++ and must not be used by
two threads at once, and every one of them has inputs that take minutes. A process has an end.
"""

import contextlib
import dataclasses
import json
import logging
import os
import resource
import subprocess
import sys
from pathlib import Path

from annotate.exchange.story import Story, StoryRefused, date_of

log = logging.getLogger(__name__)

MEMORY_BYTES = 2 * 1024**3


def read_apart(name: str, data: bytes, *, max_text_bytes: int, max_seconds: int) -> Story:
    """Return the story in a file; at most `max_seconds` and 2 GB are spent on it.

    Raises StoryRefused.
    """
    numbers = map(str, (max_text_bytes, max_seconds, MEMORY_BYTES))
    command = [sys.executable, "-m", __name__, name, *numbers]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=max_seconds,
            env=_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StoryRefused(
            f"The file could not be read within {max_seconds} seconds. Paste the text instead."
        ) from error
    answer = None
    with contextlib.suppress(ValueError):
        answer = json.loads(done.stdout)
    if not isinstance(answer, dict):
        log.warning(
            # Not what it said, nor the file's name: either may be somebody's words.
            "The reader of a %s file stopped with code %s",
            Path(name).suffix.lower(),
            done.returncode,
        )
        raise StoryRefused(
            "The file could not be read: it may be damaged. Paste the text instead."
        )
    if "refused" in answer:
        raise StoryRefused(answer["refused"])
    answer["published"] = date_of(answer["published"])
    answer["notes"] = tuple(answer["notes"])
    return Story(**answer)


def _environment() -> dict[str, str]:
    """Return what Python needs to start here, and none of the site's secrets."""
    needed = {
        name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
    }
    root = str(Path(__file__).parents[3])
    return {**needed, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}


def _main(name: str, max_text_bytes: int, max_seconds: int, max_memory: int) -> None:
    """Read the file on standard input, write the story or why not as JSON."""
    from annotate.exchange.reading import read_here  # it imports this module

    # Should the server die meanwhile, nobody is left to stop this process.
    resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
    if sys.platform == "linux":  # macOS knows the name and refuses the number
        resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
    answer: dict[str, object]
    try:
        story = read_here(name, sys.stdin.buffer.read(), max_text_bytes=max_text_bytes)
        answer = dataclasses.asdict(story)
        answer["published"] = story.published and story.published.isoformat()
    except StoryRefused as refusal:
        answer = {"refused": str(refusal)}
    except MemoryError:
        answer = {"refused": "The file takes too much memory to read. Paste the text instead."}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:]))
