// What the story shows: answers of the server put in place without disturbing the person, and
// what is being saved drawn over it meanwhile.

import { endOf, passageOf, passageOfMarks, rangeOf, sentenceAt, sentences, startOf } from "./offsets.js";

// A tag's number stands in its badge's address alone: on a long page each time more is felt.
const BADGE = (id) => `.tag[href="/annotations/${id}/"]`;

/** The badge of a tag: the link that opens it. */
export const badgeOf = (id) => document.querySelector(BADGE(id));

/** The number of the tag that a badge opens. */
export const tagOf = (badge) => badge.pathname.split("/")[2];

/** The tags whose passage touches a sentence, from their badges. */
export function tagsOn(sentence) {
  const ids = new Set();
  for (const mark of sentence.querySelectorAll("mark")) {
    for (const id of mark.dataset.annotations.split(" ")) ids.add(id);
  }
  return [...ids].map(badgeOf).filter(Boolean);
}

/** The person's own tag with this label on exactly this passage. */
export function ownTag(label, start, end) {
  const own = sentenceAt(end - 1).querySelectorAll(`.tag[data-mine][data-label="${label}"]`);
  return [...own].find((badge) => {
    const marks = document.querySelectorAll(`mark[data-annotations~="${tagOf(badge)}"]`);
    const passage = passageOfMarks([...marks]);
    return passage.start === start && passage.end === end;
  });
}

/** Put an answer's elements in place of those with their ids; keep focus and selection. */
export function apply(html) {
  const selection = getSelection();
  const selected = selection.isCollapsed ? null : passageOf(selection.getRangeAt(0));
  const answer = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html");
  const active = document.activeElement;
  const within = active?.closest(".s");
  const badge = active?.matches(".tag") && tagOf(active);
  const control = active?.id;
  for (const fresh of [...answer.querySelector("template").content.children]) {
    const standing = fresh.id && document.getElementById(fresh.id);
    if (!standing) continue;
    fresh.removeAttribute("hx-swap-oob");
    if (fresh.id === "said" || fresh.id === "message") continue;
    if (standing.tabIndex === 0 && standing.matches(".s")) fresh.tabIndex = 0;
    standing.replaceWith(document.adoptNode(fresh));
  }
  if (!document.contains(active)) {
    const place = within && document.getElementById(within.id);
    const again = (badge && place?.querySelector(BADGE(badge))) || place || (control && document.getElementById(control));
    (again?.disabled ? document.querySelector(".s[tabindex='0']") : again)?.focus({ preventScroll: true });
  }
  if (selected && selection.isCollapsed) select(selected);
  drawTags();
  return answer.querySelector("template").content;
}

function select({ start, end }) {
  const range = rangeOf(start, end);
  getSelection().setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
}

/** Draw what is on its way: `items` of the outbox. */
export function drawPending(items) {
  for (const sentence of document.querySelectorAll(".s[data-saving]")) delete sentence.dataset.saving;
  for (const tag of document.querySelectorAll(".tag.going")) tag.classList.remove("going");
  const highlights = new Map();
  const all = items.length ? sentences() : [];
  const shown = items.map((item) => item.show).filter(Boolean);
  for (const [index, show] of shown.entries()) {
    // Of what was put on and taken off again, only the last counts.
    if (shown.slice(index + 1).some((later) => subject(later) && subject(later) === subject(show))) continue;
    if (show.gone) badgeOf(show.gone)?.classList.add("going");
    if (show.label) {
      if (!highlights.has(show.label)) highlights.set(show.label, []);
      highlights.get(show.label).push(rangeOf(show.start, show.end));
    }
    if (show.text && show.end) note(sentenceAt(show.end - 1, all), show.text);
  }
  if (!CSS.highlights) return;
  for (const name of [...CSS.highlights.keys()]) if (name.startsWith("saving-")) CSS.highlights.delete(name);
  for (const [label, ranges] of highlights) CSS.highlights.set(`saving-${label}`, new Highlight(...ranges));
}

const subject = (show) => show.toggle ?? show.reading;

function note(sentence, text) {
  sentence.dataset.saving = `${sentence.dataset.saving ?? ""} ${text}`.trim();
}

/** Show the passage that is being chosen; null for none. */
export function drawPassage(passage) {
  if (!CSS.highlights) return;
  if (passage) CSS.highlights.set("passage", new Highlight(rangeOf(passage.start, passage.end)));
  else CSS.highlights.delete("passage");
}

let open = null; // the tag whose passage is shown

/** Show the passage of the tag that is open; null for none. */
export function drawOpen(id) {
  open = id;
  drawTags();
}

/** Tell apart what has more tags than lines: the passage of the tag that is open, and of one pointed at. */
export function drawTags(pointed = null) {
  if (!CSS.highlights) return;
  const ranges = [open, pointed].filter(Boolean).flatMap((id) => {
    const marks = [...document.querySelectorAll(`mark[data-annotations~="${id}"]`)];
    if (!marks.length) return [];
    const { start, end } = passageOfMarks(marks);
    return [rangeOf(start, end)];
  });
  if (ranges.length) CSS.highlights.set("tag", new Highlight(...ranges));
  else CSS.highlights.delete("tag");
}

export const isWhole = (sentence, passage) =>
  passage.start === startOf(sentence) && passage.end === endOf(sentence);
