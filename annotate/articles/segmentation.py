"""Split a paragraph of news into sentences, in any of the languages we are given.

One regular expression finds every place where a sentence could end (a run of stops with its
closing quotes and brackets, or a line break); the small rules below it decide one place
each. Every rule reads a bounded stretch around its place, so the time is linear in the text.

`tests/articles/measure_segmentation.py` measures the rules on treebanks; docs/decisions.md
has the figures and what else was tried.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from annotate.articles import abbreviations as known

# How far a rule may look to either side, in code points. Bounds the time of each decision.
REACH = 48
# How many decisions are kept for a text that repeats itself; one that fills them does not.
MEMORY = 1_000
# A paragraph with no longer line than this is not taken for hard-wrapped text.
NARROWEST_WRAP = 40

# Stops that end a sentence wherever they stand, whatever follows.
FIRM_STOPS = "。！？｡।॥۔։።"
_STOPS = ".!?…؟‼⁇⁈⁉‽" + FIRM_STOPS
_CLOSERS = "\"'”’»›)]}」』】）》〉〕＂"
_OPENERS = " \"'“”‘’„‚«»‹›([{¿¡「『【（《〈〔—–-*_"
_BREAKS = r"\n\r\u2028\u2029"
_EMOJI = r"\u200d\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff"

_PLACE = re.compile(
    rf"""
    (?! \.[-a-z0-9,:;/@] | (?<=\b\w)\.\w )           # inside a word: "a.org", "2.5", "U.S"
    (?P<stop> \.(?:[ \xa0]\.){{1,4}}+(?!\.) | [{_STOPS}]++ )
    (?P<close> (?:
        [{re.escape(_CLOSERS)}][{_STOPS}]*+                 # stops again: "I quit?".
      | \[\d{{1,3}}\]                                # a footnote mark
      | \*++(?=\s|\Z)                                # emphasis in Markdown
      | [“«](?=[\s,.;:)]|\Z)                         # these close in German and Danish
      | [ \xa0\u202f][»”](?=[\s,.;:)]|\Z)            # spaced as in French
    )*+ )
    (?P<gap> [^\S{_BREAKS}]*+ (?P<broken> [{_BREAKS}]\s*+ )?+ )
    (?= (?P<trailer> \[[\da-z] | [#:;{_EMOJI}] )? )
  | [{_BREAKS}]\s*+                                # a mere line break: no group
    """,
    re.VERBOSE,
)
_UNSPACED_SCRIPT = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LINE_BREAK = re.compile(f"[{_BREAKS}]")
# What trails a sentence after its stop: emoji, emoticons, hashtags, footnote marks.
_TRAILER = re.compile(
    rf"""(?: [^\S{_BREAKS}]*+ (?:
        [{_EMOJI}\u20e3\U000e0020-\U000e007f]++
      | [:;]-?[()DP](?!\w)
      | \[(?:\d{{1,3}}|[a-z][^\[\]\n]{{0,30}})\]        # [3], [citation needed]
      | \#\w++
    ) )++ \s*+""",
    re.VERBOSE,
)
_BULLETS = "-*•‣▪●◦·►➤✓✔☐–—"  # what a bullet may begin with: quicker to look at
_BULLET = re.compile(r"[-*•‣▪●◦·►➤✓✔☐][^\S\n]+\S|[–—][^\S\n]+[^\W\d_a-z]")
_NUMBERED_ITEM = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)][^\S\n]+\S")
_ENUMERATOR = re.compile(
    r"[(\[*]*(?:\d{1,3}(?:\.\d{1,2})*|[^\W\d_]|[IVXivx]{1,4}|(?:Figure|Table) \d+)"
)
_WORD = re.compile(r"[^\s.,;:!?…()\[\]\"“”«»।。]+")
_JOINTS = re.compile(r"[\"“”‘«»„()\[\]{}—–/]|(?<!\d)-")
_ADDRESS = re.compile(r"[@/\\_#=&]|www\.")
_ROMAN = re.compile(r"[IVXLC]+")
_DOTTED = re.compile(r"\.\w")


def split_sentences(paragraph: str) -> list[tuple[int, int]]:
    """Return the sentences of `paragraph` as (start, end), end not included.

    Offsets count Unicode code points from the paragraph's start. Spans are in order, do not
    overlap, are without surrounding white space, and together hold every character that is
    not white space. Any string will do; a blank one has no sentences.
    """
    spans = []
    start = len(paragraph) - len(paragraph.lstrip())
    for end in _boundaries(paragraph, start):
        spans.append((start, start + len(paragraph[start:end].rstrip())))
        start = end
    if start < len(paragraph):
        spans.append((start, start + len(paragraph[start:].rstrip())))
    return spans


class Place(NamedTuple):
    """A place where a sentence could end: what stands there and on either side of it."""

    before: str  # the sentence so far, at most its last REACH code points
    stop: str  # "." or "?!" or "..."; empty at a mere line break
    close: str  # the quotes and brackets that close right after the stop
    gap: str  # the white space, or trailer, between these and what follows
    after: str  # the next REACH code points

    def last_token(self) -> str:
        """Return what stands at the stop, back to white space; empty if white space does."""
        before = self.before
        return before.rsplit(None, 1)[-1] if before and not before[-1].isspace() else ""

    def last_word(self) -> str:
        """Return the word at the stop, without what is joined to it: Ky of "(R-Ky"."""
        token = self.last_token()
        return token if token.isalnum() else _JOINTS.split(token)[-1].lstrip("'’")

    def word_before_last(self) -> str:
        """Return the word before the last, as written."""
        words = self.before.rsplit(None, 2)
        return words[-2] if len(words) > 1 else ""

    def next_sign(self) -> str:
        """Return the first code point after opening quotes and brackets."""
        return self.after.lstrip(_OPENERS)[:1]

    def next_word(self) -> str:
        """Return the word after opening quotes and brackets; empty if there is none."""
        match = _WORD.match(self.after.lstrip(_OPENERS))
        return match[0] if match else ""


def _boundaries(text: str, start: int) -> Iterator[int]:
    """Yield the offset of each sentence's first code point, but for the first, at `start`."""
    line_start = reached = start
    wrap, length = 0, len(text)
    # By what is around a stop, and where in it the stop begins and its gap ends.
    decided: dict[tuple[str, int, int], tuple[bool, bool]] = {}
    for match in _PLACE.finditer(text):
        stop_at, end = match.span()
        if stop_at < reached:
            continue  # a line break after a trailer, decided with the stop before it
        if end == length:
            return
        reached = end
        stop, close, gap, broken, trailer = match.groups("")
        if trailer:
            line_end = stop_at + len(stop) + len(close)
            reached = _end_of_trailer(text, line_end) or reached
            if reached == length:
                return
            gap = text[line_end:reached]
            broken = gap if _LINE_BREAK.search(gap) else ""
        if stop and not close:  # the plainest cases and the densest in long runs
            if stop[-1] in FIRM_STOPS and gap in ("", " "):  # as in Chinese
                if start < stop_at:
                    start = reached
                    yield start
                continue
            if not gap and text[reached].islower():
                continue  # "e.g", "Yahoo!s"
        ends = abbreviated = False
        if stop:
            left = stop_at - REACH if stop_at - REACH > start else start
            decision = None
            if looking := len(decided) < MEMORY:
                around = text[left : reached + REACH], stop_at - left, reached - left
                decision = decided.get(around)
            if not decision:
                before, after = text[left:stop_at], text[reached : reached + REACH]
                decision = _decide(Place(before, stop[:REACH], close[:REACH], gap, after))
                if looking:
                    decided[around] = decision
            ends, abbreviated = decision
        if broken or not stop:
            if not ends:
                wrap = wrap or max(map(len, text.splitlines()))
                line = text[line_start : stop_at + len(stop) + len(close)]
                after = text[reached : reached + REACH]
                ends = _line_ends_sentence(line.strip(), after, wrap, abbreviated)
            line_start = reached
        if ends:
            start = reached
            yield start


def _end_of_trailer(text: str, at: int) -> int:
    """Return where the text goes on after emoji, hashtags and the like; 0 if there are none."""
    match = _TRAILER.match(text, at)
    if not match:
        return 0
    end = match.end()
    # "#Budget is trending": the hashtag is the next sentence's subject.
    if "#" in match[0] and text[end : end + 1].islower():
        return 0
    return end


def _decide(place: Place) -> tuple[bool, bool]:
    """Whether the stop at `place` ends its sentence; whether an abbreviation ends its line."""
    ends = _stop_ends_sentence(place)
    if ends or place.stop != "." or not _LINE_BREAK.search(place.gap):
        return ends, False
    return ends, known.is_abbreviation(place.last_word())


def _stop_ends_sentence(place: Place) -> bool:
    """Whether the stop at `place` ends its sentence."""
    before, stop, close, gap, after = place
    if not before[-1:].isalnum() and (before[-1:] == "(" or not _WORD.search(before)):
        return False  # "...and then", "Doe (?)"
    if stop[-1] in FIRM_STOPS:
        return not (close and _is_attribution(place))
    if not gap:
        return _ends_without_space(place)
    if after.startswith(("...", "…")):
        return stop == "."
    sign = place.next_sign()
    if sign and sign in ",;:.!?)]}":
        return False
    if sign.islower():
        return _ends_before_lower_case(place)
    if len(stop) == 1 and stop not in "!?؟…":
        return _full_stop_ends_sentence(place)
    if "!" in stop or "?" in stop or "؟" in stop:
        return not (close and _is_attribution(place))
    return True  # an ellipsis


def _is_attribution(place: Place) -> bool:
    """Whether what follows a quotation says who spoke: "Why?" Ms. Doe asked."""
    if not place.gap and _UNSPACED_SCRIPT.match(place.after):
        return any(sign in known.SPEECH_SIGNS for sign in place.after[:8])
    for word in place.after.split()[:4]:
        if not word[0].isalpha():
            return False
        bare = word.rstrip(".,:;।")
        if bare in known.SPEECH_VERBS:
            return True
        if bare[:1].islower() or word[-1] in ",:;।":
            return False
    return False


def _ends_without_space(place: Place) -> bool:
    """Whether a stop with no white space after it ends a sentence: "It ended.The next"."""
    if place.stop.startswith(("..", "…")):
        return False  # "it will ...Or will it"
    sign = place.next_sign()
    if _UNSPACED_SCRIPT.match(sign):
        return place.stop != "." or bool(_UNSPACED_SCRIPT.match(place.last_token()[-1:]))
    if not sign.isalpha() or sign.islower():
        return False
    if place.close and known.is_abbreviation(place.last_word()):
        return False
    left, right = place.last_token(), place.after.split(None, 1)[0]
    if not place.close and ("." in left or not _are_whole_words(place, left)):
        return False
    return not _ADDRESS.search(left + right) and bool(place.close or not _DOTTED.search(right))


def _are_whole_words(place: Place, left: str) -> bool:
    """Whether the words around a stop without white space are no parts of names."""
    word = place.next_word()
    if left[-1:] in _CLOSERS:
        whole = bool(left)
    elif place.next_sign().isupper():
        last = place.last_word()
        whole = len(word) > 1 or word in "AI"  # not the D of "Ph.D."
        whole = whole and len(last) > 1 and (last[1:].islower() or last.isdigit())
    else:
        # A script without capitals, as Arabic: whole words, not letters of an abbreviation.
        whole = min(len(place.last_word()), len(word)) > 2
    if not whole:
        return False
    return (
        place.last_word() not in known.TITLES and word.casefold() not in known.FILES_AND_DOMAINS
    )


def _ends_before_lower_case(place: Place) -> bool:
    """Whether a stop ends a sentence although a small letter follows."""
    word, follower = place.last_word(), place.next_word()
    if known.is_abbreviation(word) or len(place.stop) > 1 or place.stop == "…":
        return False
    if place.after.startswith(("http://", "https://", "www.")):
        return True
    if place.close:
        return place.stop == "." and place.after[0] in "(["
    if follower != follower.lower():
        return True  # "iPhone sales", "eBay said"
    # As some write, all in small letters. A capital before: an abbreviation not listed.
    return place.stop == "." and (place.after[0] in "([" or (len(word) > 2 and word.islower()))


def _full_stop_ends_sentence(place: Place) -> bool:
    """Whether a single full stop ends its sentence; white space and no small letter follow."""
    word, follower = place.last_word(), place.next_word()
    if place.after[0] in "–—-":
        return not (place.close or known.is_abbreviation(word))  # "RENO, Nev. —"
    if place.close:  # "Rep. Doe (R-Ky.) Monday"
        bracket = ")" in place.close or "]" in place.close
        return not (bracket and known.is_abbreviation(word))
    if len(place.before) < 12 and _ENUMERATOR.fullmatch(place.before.strip()):
        return False  # "1. The bill", "Q. Why?"
    if word.isdigit():
        return not _is_ordinal(place, word, follower)
    if known.is_letter(word) and word not in known.TITLES:
        return _letter_ends_sentence(place, word, follower)
    if not known.is_abbreviation(word):
        return True
    return _abbreviation_ends_sentence(place, word, follower)


def _abbreviation_ends_sentence(place: Place, word: str, follower: str) -> bool:
    """Whether an abbreviation's full stop is its sentence's as well."""
    word, previous = known.as_listed(word), place.word_before_last()
    if place.after[0] == "(":
        return _is_starter(follower)  # "RENO, Nev. (Reuters)"
    if word in known.NAME_ENDS and not _is_spanish_title(word, previous):
        return follower not in known.NAMED_AFTER
    if word in known.TITLES or word in known.JOINING:
        return False
    if word in known.NUMBERED or word in known.DATES:
        number_follows = follower[:1].isdigit() or _ROMAN.fullmatch(follower)
        return not number_follows or follower == "I"
    if word in known.CLOCK:
        return follower not in known.AFTER_CLOCK and not follower[:1].isdigit()
    if follower[:1].isdigit() and (word in known.STATES or known.is_initials(word)):
        return False  # "Washington, D.C. 20515"
    if word in known.ERAS and (previous[-1:].isdigit() or _ROMAN.fullmatch(previous)):
        return True
    if _is_starter(follower):
        return True
    if word in known.COMPANIES:
        return follower not in known.OFFICES
    # At a sentence's end a State follows its town: "in Reno, Nev. Voters".
    return word in known.STATES and previous.endswith(",")


def _is_starter(word: str) -> bool:
    """Whether `word`, capitalised, mostly begins a sentence; also with 's, 'm, 're, 'll."""
    if word in known.STARTERS or word.isalpha():
        return word in known.STARTERS
    head, _, tail = word.replace("’", "'").partition("'")
    return head in known.STARTERS and 0 < len(tail) <= 2


def _is_spanish_title(word: str, previous: str) -> bool:
    """Whether "Sr." stands before a name, as in "el Sr. Paz", not after it: "Joe Doe Sr."."""
    return word == "Sr" and (not previous[:1].isupper() or previous in known.STARTERS)


def _letter_ends_sentence(place: Place, letter: str, follower: str) -> bool:
    """Whether a full stop after a single letter ends a sentence, or is an initial's."""
    previous = place.word_before_last()
    if letter in "гвдпэ":
        # Russian: "в 1990 г. Он", "XX в. Он", "и т. д. Он", but "г. Москва".
        counted = previous[-1:].isdigit() or _ROMAN.fullmatch(previous)
        return bool(counted) or (previous in {"т.", "н."} and _is_starter(follower))
    if letter == "C" and previous in {"a.", "d."}:
        return not follower[:1].isdigit()  # Spanish: "en 300 a. C. Estaban"
    if len(previous) == 2 and previous[0].islower() and previous[1] == ".":
        return False  # "z. B. Die Linke"
    return previous in known.LETTERED or previous.endswith(("°", "º")) or _is_starter(follower)


def _is_ordinal(place: Place, number: str, follower: str) -> bool:
    """Whether a number and its full stop are an ordinal, as in German "am 14. November"."""
    if len(number) > 2:
        return False
    if follower in known.ORDINAL_NOUNS:
        return True
    return (
        place.word_before_last().lower() in known.ORDINAL_CUES
        and follower not in known.STARTERS
    )


def _line_ends_sentence(line: str, after: str, wrap: int, abbreviated: bool) -> bool:
    """Whether a break after `line` ends a sentence, `wrap` being the longest line's length.

    A line of its own is a sentence; text that was only wrapped goes on. A break was
    deliberate if the next word would still have fitted on the line.
    """
    if not line:
        return False
    if after[0] in _BULLETS and _BULLET.match(after):
        return True
    if line[-1] in ",–—-" or (after[0].islower() and not _NUMBERED_ITEM.match(after)):
        return False
    if abbreviated:
        return False
    first = after.split(None, 1)[0]
    length = len(line) + 1 + len(first)
    fits = length <= wrap or (length <= NARROWEST_WRAP and _is_starter(first))
    if fits and line.rsplit(None, 1)[-1] not in known.UNFINISHED:
        return True
    if not fits and line[-1] not in ":;.!?":
        return False
    in_list = _NUMBERED_ITEM.match(after) or _NUMBERED_ITEM.match(line) or _BULLET.match(line)
    return bool(in_list)
