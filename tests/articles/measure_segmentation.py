"""Measure the sentence splitter on Universal Dependencies treebanks.

    python tests/articles/measure_segmentation.py [OPTION...] PATH...

Each PATH is one set: a CoNLL-U file, or a folder of them. For each set, prints boundary
F1 × 100 inside paragraphs (a paragraph's own end does not count), then sentences per second.
`--half` keeps every other document, so that rules made on one half are tested on the other.
`--punctuated` leaves out paragraphs where a sentence but the last ends without a stop, as
captions and headings do that a treebank joins without their line breaks.
`--errors` prints that many wrong boundaries of each set, with the text around them.

    python tests/articles/measure_segmentation.py --hostile

Prints the CPU seconds that a million code points of each hostile text take, the worst first.

The treebanks are not part of this repository: github.com/UniversalDependencies has them.
"""

import argparse
import re
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from annotate.articles.segmentation import split_sentences
from tests.bench.hostile import REPEATED, seconds

# The parallel treebanks (PUD) mark no paragraphs: a sentence's number names its document.
PARALLEL_ID = re.compile(r"# sent_id = ([nw]\d{5})\d{3}$")
STOPPED = re.compile(r"[.!?…。！？।؟][\"'”’»)」\]]*$")
UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def paragraphs(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (document id, sentences) for each paragraph of a CoNLL-U file."""
    document, parallel, texts = "", "", []
    for line in lines:
        name, _, value = line.removeprefix("# ").partition(" = ")
        match = PARALLEL_ID.match(line)
        starts_new = match[1] != parallel if match else name.startswith(("newdoc", "newpar"))
        if starts_new and texts and not (parallel and not match):
            yield document, texts
            texts = []
        if match:
            document = parallel = match[1]
        elif name == "newdoc id" and not parallel:
            document = value
        elif name == "text":
            texts.append(value.strip())
    if texts:
        yield document, texts


def wrong_boundaries(sentences: list[str]) -> tuple[int, int, list[tuple[str, int, str]]]:
    """Return (right, expected, wrong) boundaries, each of wrong as (kind, offset, text)."""
    joiner = "" if UNSPACED.search(sentences[0]) else " "
    text, gold = "", set()
    for sentence in sentences:
        if text:
            gold.add(len(text) + len(joiner))
            text += joiner
        text += sentence
    found = {start for start, _ in split_sentences(text)[1:]}
    wrong = [("missed", offset, text) for offset in gold - found]
    wrong += [("extra", offset, text) for offset in found - gold]
    return len(gold & found), len(gold), wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--punctuated", action="store_true")
    parser.add_argument("--errors", type=int, default=0)
    options = parser.parse_args()
    if options.hostile:
        print_hostile()
    if options.paths:
        print_scores(options)


def print_hostile() -> None:
    """Print one line for each hostile text."""
    costs = [
        (seconds(split_sentences, piece * (1_000_000 // len(piece))), name)
        for name, piece in REPEATED.items()
    ]
    for cost, name in sorted(costs, reverse=True):
        print(f"{cost:6.2f}  {name}")


def print_scores(options: argparse.Namespace) -> None:
    """Print one line for each set, then their mean."""
    scores, sentence_count, began = [], 0, time.process_time()
    for path in options.paths:
        right = expected = 0
        wrong = []
        for file in sorted(path.rglob("*.conllu")) if path.is_dir() else [path]:
            for document, sentences in paragraphs(file.read_text().splitlines()):
                if options.half not in (None, zlib.crc32(document.encode()) % 2):
                    continue
                if options.punctuated and not all(map(STOPPED.search, sentences[:-1])):
                    continue
                hits, boundaries, misses = wrong_boundaries(sentences)
                right, expected, wrong = right + hits, expected + boundaries, wrong + misses
                sentence_count += len(sentences)
        score = 200 * right / max(1, 2 * right + len(wrong))
        scores.append(score)
        print(f"{score:6.2f}  {expected:5} boundaries  {len(wrong):4} wrong  {path.stem}")
        for kind, offset, text in wrong[: options.errors]:
            around = f"{text[max(0, offset - 60) : offset]}⏐{text[offset : offset + 40]}"
            print(f"        {kind:6}  {around}")
    seconds = time.process_time() - began
    print(
        f"{sum(scores) / len(scores):6.2f}  mean; {sentence_count / seconds:,.0f} sentences/s"
    )


if __name__ == "__main__":
    main()
