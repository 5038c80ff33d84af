// The palette: what can be said of a sentence or a passage, beside it; on a phone, below.

import { tagOf, tagsOn } from "./marks.js";

const palette = document.getElementById("palette");
const what = document.getElementById("palette-what");
const list = document.getElementById("palette-tags");
const GAP = 8; // pixels
let returnTo = null;

export const isOpen = () => !palette.hidden;
export const contains = (node) => palette.contains(node);

/**
 * Open at `box` (a DOMRect of the page's view) for `target`: { sentence, passage } with a null
 * passage for the whole sentence. `chosen` has the label slugs that stand on it.
 */
export function open({ box, sentence, passage, chosen, read, words, focus }) {
  what.textContent = words;
  for (const button of palette.querySelectorAll("[data-tag]")) {
    button.setAttribute("aria-pressed", String(chosen.has(button.dataset.tag)));
  }
  const nothing = palette.querySelector("[data-tag-nothing]");
  nothing.hidden = Boolean(passage);
  nothing.setAttribute("aria-pressed", String(read));
  list.replaceChildren(...(passage ? [] : tagsOn(sentence).map(entry)));
  palette.hidden = false;
  place(box);
  uncover(passage ? box : sentence.getBoundingClientRect());
  returnTo = sentence;
  if (focus) palette.querySelector("button:not([hidden])").focus();
}

export function close({ restore = false } = {}) {
  if (palette.hidden) return;
  const hadFocus = palette.contains(document.activeElement);
  palette.hidden = true;
  // The sentence may have been drawn anew meanwhile.
  if ((hadFocus || restore) && returnTo) document.getElementById(returnTo.id)?.focus({ preventScroll: true });
}

/** Where it is a sheet, move what it is about out from under it. */
function uncover({ top, bottom }) {
  const covered = bottom + GAP - palette.getBoundingClientRect().top;
  if (isSheet() && covered > 0) scrollBy({ top: Math.min(covered, Math.max(top - GAP, 0)), behavior: "instant" });
}

const isSheet = () => getComputedStyle(palette).position === "fixed";

/** Call `choose(label)`, `nothing()`, `discuss()` or `openTag(id)` when the person chooses. */
export function listen({ choose, nothing, openTag, discuss }) {
  palette.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.tag) choose(button.dataset.tag);
    else if ("tagNothing" in button.dataset) nothing();
    else if ("discussHere" in button.dataset) discuss();
    else if (button.dataset.open) openTag(button.dataset.open);
    else close({ restore: true });
  });
}

function entry(tag) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = tag.href;
  link.dataset.open = tagOf(tag);
  link.textContent = `Open ${tag.getAttribute("aria-label").replace(": open this tag", "")}: “${excerpt(tag)}”`;
  item.append(link);
  return item;
}

function excerpt(tag) {
  const marks = document.querySelectorAll(`mark[data-annotations~="${tagOf(tag)}"]`);
  const text = [...marks].map((mark) => mark.lastChild.data ?? "").join("");
  return text.length > 60 ? `${text.slice(0, 58)}…` : text;
}

function place(box) {
  const { width, height } = palette.getBoundingClientRect();
  const left = Math.min(Math.max(box.left, 16), document.documentElement.clientWidth - width - 16);
  const below = box.bottom + GAP;
  const beside = below + height < innerHeight ? below : box.top - height - GAP;
  const top = Math.min(Math.max(beside, GAP), innerHeight - height - GAP); // of a long passage, over it
  palette.style.left = `${left + scrollX}px`;
  palette.style.top = `${top + scrollY}px`;
}
