// The passage that a person has chosen and not yet tagged, and how it grows by keyboard.

import { drawPassage } from "./marks.js";
import { rangeOf, sentenceAt, sentences, stops, textBetween } from "./offsets.js";

const SAID = 80; // how much of a passage is said: of a longer one, what is at the end that moved

let passage = null; // { start, end }
let say;

export const start = (speak) => (say = speak);
export const chosen = () => passage;
export const set = (found) => (passage = found);
export const draw = () => drawPassage(passage);

export function clear() {
  if (!passage) return;
  passage = null;
  draw();
}

/** Move an end of the passage by a word or a character; with none, begin one in `sentence`. */
export function grow(sentence, end, by, granularity) {
  if (!sentence) return;
  if (!passage) {
    const first = stops(sentence, granularity)[0];
    if (first) choose(first, "end");
    return;
  }
  const moved = { ...passage, [end]: stopBeside(passage[end], by, granularity, end) };
  if (moved.end > moved.start) choose(moved, end);
}

/** The next stop before or after an offset, in this sentence or the one beside it. */
function stopBeside(offset, by, granularity, side) {
  const all = sentences();
  const index = all.indexOf(sentenceAt(side === "end" ? offset - 1 : offset, all));
  for (let at = index; at >= 0 && at < all.length; at += by) {
    const found = stops(all[at], granularity).map((stop) => stop[side]);
    const next = by > 0 ? found.find((stop) => stop > offset) : found.findLast((stop) => stop < offset);
    if (next !== undefined) return next;
  }
  return offset;
}

/** Take this passage, of which one end has moved: that end is shown and said. */
function choose({ start, end }, moved) {
  passage = { start, end };
  getSelection().removeAllRanges(); // from here on the passage is what counts
  draw();
  const range = rangeOf(start, end);
  const words = [...textBetween(start, end)];
  if (words.length <= SAID) say(words.join(""));
  else say(moved === "end" ? `… ${words.slice(-SAID).join("")}` : `${words.slice(0, SAID).join("")} …`);
  range[`${moved}Container`].parentElement.scrollIntoView({ block: "nearest" });
}
