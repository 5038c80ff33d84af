// Offsets: the server counts Unicode code points from the start of the article's text, the
// DOM counts UTF-16 units inside text nodes. Everything is converted here and nowhere else.

const story = document.getElementById("story");

/** The sentences in reading order. */
export function sentences() {
  return [...story.querySelectorAll(".s")];
}

export const startOf = (sentence) => Number(sentence.dataset.start);
export const endOf = (sentence) => Number(sentence.dataset.end);

/** Code points in the first `units` UTF-16 units of `text`. */
export function codePoints(text, units = text.length) {
  let count = 0;
  for (let unit = 0; unit < units; count += 1) {
    unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
  }
  return count;
}

/** UTF-16 units that the first `points` code points of `text` take. */
export function units(text, points) {
  let unit = 0;
  for (let count = 0; count < points && unit < text.length; count += 1) {
    unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
  }
  return unit;
}

// A sentence also holds its number, badges and hidden label names: they are no text of the story.
function isText(node) {
  return !node.parentElement.closest("[data-aside], .n");
}

function textNodes(sentence) {
  const walker = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) if (isText(walker.currentNode)) found.push(walker.currentNode);
  return found;
}

/** A sentence's own text, as the server has it. */
export function textOf(sentence) {
  return textNodes(sentence).map((node) => node.data).join("");
}

/** The sentence that has the offset; between two sentences, the one after. */
export function sentenceAt(offset, all = sentences()) {
  let low = 0;
  let high = all.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(all[middle]) > offset) high = middle;
    else low = middle + 1;
  }
  return all[low];
}

/** The place of an offset in the DOM, as [text node, UTF-16 offset]. */
function placeOf(sentence, offset, atEnd) {
  let left = offset - startOf(sentence);
  const nodes = textNodes(sentence);
  for (const node of nodes) {
    const length = codePoints(node.data);
    if (left < length || (atEnd && left === length)) return [node, units(node.data, left)];
    left -= length;
  }
  const last = nodes.at(-1);
  return [last, last.data.length];
}

/** The DOM range of the passage [start, end). */
export function rangeOf(start, end) {
  const all = sentences();
  const range = document.createRange();
  range.setStart(...placeOf(sentenceAt(start, all), start, false));
  range.setEnd(...placeOf(sentenceAt(end - 1, all), end, true));
  return range;
}

/** The offset of a DOM place inside a sentence. */
function offsetIn(sentence, container, position) {
  const before = document.createRange();
  before.setStart(sentence, 0);
  before.setEnd(container, position);
  let offset = startOf(sentence);
  for (const node of textNodes(sentence)) {
    if (!before.intersectsNode(node)) break;
    offset += node === container ? codePoints(node.data, position) : codePoints(node.data);
    if (node === container) break;
  }
  // A place after an element's last child has that child's text before it.
  return Math.min(offset, endOf(sentence));
}

/** The text of [start, end), as it is read: sentences apart by a space. */
export function textBetween(start, end) {
  return sentences()
    .filter((sentence) => startOf(sentence) < end && endOf(sentence) > start)
    .map((sentence) => {
      const base = startOf(sentence);
      return [...textOf(sentence)].slice(Math.max(start - base, 0), end - base).join("");
    })
    .join(" ");
}

/** The passage from the first of these marks to the end of the last. */
export function passageOfMarks(marks) {
  const [first, last] = [marks[0], marks.at(-1)];
  return {
    start: offsetIn(first.closest(".s"), first, 0),
    end: offsetIn(last.closest(".s"), last, last.childNodes.length),
  };
}

/** The passage that a selection covers, without white space at its ends; null if none. */
export function passageOf(range) {
  const touched = sentences().filter((sentence) => range.intersectsNode(sentence));
  if (!touched.length) return null;
  const [first, last] = [touched[0], touched.at(-1)];
  let start = first.contains(range.startContainer)
    ? offsetIn(first, range.startContainer, range.startOffset)
    : startOf(first);
  let end = last.contains(range.endContainer)
    ? offsetIn(last, range.endContainer, range.endOffset)
    : endOf(last);
  // A selection that only touches a sentence's edge does not reach into it.
  if (start >= endOf(first) && touched.length > 1) start = startOf(touched[1]);
  if (end <= startOf(last) && touched.length > 1) end = endOf(touched.at(-2));
  return trim(start, end);
}

function trim(start, end) {
  if (end <= start) return null;
  const all = sentences();
  const [first, last] = [sentenceAt(start, all), sentenceAt(end - 1, all)];
  const head = [...textOf(first)].slice(start - startOf(first));
  while (head.length && !head[0].trim() && start < end) {
    head.shift();
    start += 1;
  }
  const tail = [...textOf(last)].slice(0, end - startOf(last));
  while (tail.length && !tail.at(-1).trim() && end > start) {
    tail.pop();
    end -= 1;
  }
  return end > start ? { start, end } : null;
}

// Written without spaces between words, which only a dictionary then knows.
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** Where words, or characters as a reader sees them, begin and end in a sentence. */
export function stops(sentence, granularity) {
  const text = textOf(sentence);
  const whole = (word) => granularity === "word" && !UNSPACED.test(word);
  // No passage begins or ends with white space.
  const pieces = [...text.matchAll(/\S+/gu)].flatMap(({ 0: word, index }) =>
    whole(word) ? [[index, word]] : segments(word, granularity).map(([at, piece]) => [index + at, piece]),
  );
  let [start, at] = [startOf(sentence), 0];
  return pieces.map(([index, piece]) => {
    start += codePoints(text.slice(at, index));
    at = index;
    return { start, end: start + codePoints(piece) };
  });
}

const segments = (text, granularity) =>
  [...new Intl.Segmenter(undefined, { granularity }).segment(text)].map(({ index, segment }) => [index, segment]);
