// The keys of the reading page, as the person has set them.

const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const ENDS = {
  ArrowRight: ["end", 1],
  ArrowLeft: ["end", -1],
  ArrowUp: ["start", -1],
  ArrowDown: ["start", 1],
};

// What a key that is held down does again and again: the rest would undo itself.
const REPEATED = new Set(["next", "previous", "next_unread", "previous_unread"]);
// What may be meant while a tag or a discussion is open and has the focus: it is not typed there.
const FROM_PANEL = new Set([...REPEATED, "guideline", "help"]);

/**
 * `settings`: of the page, with `keysOn` and `keys`, the key of each label and action. `labels` are
 * put by `tag(label)`; the other actions are functions in `does`. `step(by)` goes to another
 * sentence, `grow(end, by, granularity)` moves an end of the passage, `open()` opens what is here.
 * While `isBusy()`, something is about to open in which people type: what they type is no key yet.
 */
export function listen({ settings, isBusy, labels, tag, does, step, grow, open, escape }) {
  const actions = Object.fromEntries(Object.entries(settings.keys).map(([action, key]) => [key, action]));

  /** What the key does in this place, and whether again while it is held; nothing if it is not ours. */
  function meant({ target, shiftKey, altKey }, key) {
    const onSentence = target.matches?.(".s");
    if (shiftKey && ENDS[key] && target.closest(".s")) {
      return [() => grow(...ENDS[key], altKey ? "grapheme" : "word"), true];
    }
    if (onSentence && MOVES[key] && !altKey) return [() => step(MOVES[key]), true];
    if (onSentence && key === "Enter") return [open];
    const action = settings.keysOn && !isBusy() && actions[key];
    // On a Mac, Option makes the signs that other keyboards have on keys of their own.
    if (!action || (altKey && /[a-z\d]/i.test(key))) return [];
    if (target.closest("#panel") && !FROM_PANEL.has(action)) return [];
    if (labels[action]) return [() => tag(action)];
    if (action === "open") return onSentence ? [open] : [];
    return [does[action], REPEATED.has(action)];
  }

  document.addEventListener("keydown", (event) => {
    const key = keyOf(event, actions);
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (key === "Escape") {
      escape();
      return;
    }
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const [act, repeats] = meant(event, key);
    // The Enter that opened the palette chooses nothing in it while it is held.
    if (!act && !(event.repeat && event.target.closest("#palette"))) return;
    event.preventDefault();
    if (act && (repeats || !event.repeat)) act();
  });
}

/** The key that was meant: Caps Lock makes no redo of an undo, another script no other key. */
function keyOf({ key, code, shiftKey }, actions) {
  const cased = (letter) => (shiftKey ? letter.toUpperCase() : letter.toLowerCase());
  const isLetter = /^\p{L}$/u.test(key);
  const typed = isLetter ? cased(key) : key;
  // "Process" is all that is told of a key that an input method takes.
  const foreign = key === "Process" || (isLetter && !/[a-z]/i.test(key));
  return foreign && !actions[typed] && /^Key[A-Z]$/.test(code) ? cased(code.at(-1)) : typed;
}
