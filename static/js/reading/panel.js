// One tag, opened: label, passage, note and confidence save by themselves while they change.

import { badgeOf, drawOpen } from "./marks.js";

const PAUSE = 600; // milliseconds without a key before a note is sent
const CHOICE = 400; // the same for a label: the arrow keys pass over others on the way to it
const GAP = 8; // pixels between a tag's sentence and the sheet
const panel = document.getElementById("panel");
const waiting = new Map(); // annotation and field -> the outbox item with the newest of it
const bar = new ResizeObserver(([{ target }]) => {
  document.documentElement.style.setProperty("--bar", `${target.offsetHeight}px`);
});

export const isOpen = () => panel.childElementCount > 0;
export const contains = (node) => panel.contains(node);
// The annotation that is open; null also for a discussion, which threads.js has opened.
export const current = () => panel.firstElementChild?.id.match(/^annotation-(\d+)$/)?.[1] ?? null;

let wanted = null; // the annotation that is open or about to be
let asked = 0; // how often the server was asked for it: an earlier answer is an older one
let isBehind = false; // something changed while somebody typed
let outbox;
let onClose;
let complain;

/** `closed(id)` is called when the panel was, `say(words)` says what went wrong. */
export function start(theOutbox, closed, say) {
  outbox = theOutbox;
  onClose = closed;
  complain = say;
  panel.addEventListener("input", edit);
  panel.addEventListener("change", edit);
  panel.addEventListener("submit", submit);
  panel.addEventListener("focusout", () => isBehind && setTimeout(refresh));
  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-act='close-panel']")) close();
    const other = event.target.closest("[data-open]");
    if (other) {
      event.preventDefault();
      open(other.dataset.open);
    }
    const step = event.target.closest("[data-step]");
    if (step) move(...step.dataset.step.split(" "));
  });
}

/** Show annotation `id`; says so in words if the server cannot be asked. */
export async function open(id) {
  wanted = id;
  let html;
  try {
    html = await ask(id);
  } catch {
    wanted = current();
    return "There is no connection: the tag can be opened when it is back.";
  }
  if (wanted !== id) return ""; // closed, or another one opened, meanwhile
  if (!html) {
    wanted = current();
    return "This tag cannot be opened now.";
  }
  fill(id, html);
  history.replaceState(null, "", `#annotation-${id}`);
  panel.querySelector("h2").focus();
  uncover(id);
  return "";
}

/** Where the panel is a sheet over the text, move the tag's sentence out from under it. */
function uncover(id) {
  const sentence = badgeOf(id)?.closest(".s");
  if (!sentence) return;
  const [text, sheet] = [sentence.getBoundingClientRect(), panel.getBoundingClientRect()];
  const covered = text.bottom + GAP - sheet.top;
  if (covered <= 0 || text.right <= sheet.left || text.left >= sheet.right) return;
  scrollBy({ top: Math.min(covered, Math.max(text.top - GAP, 0)), behavior: "instant" });
}

export function close() {
  wanted = null;
  if (!isOpen()) return;
  const id = current();
  panel.replaceChildren();
  drawOpen(null);
  history.replaceState(null, "", location.pathname + location.search);
  onClose(id);
}

/** Read the panel again, as after an undo; not while somebody types in it. */
export async function refresh() {
  const id = current();
  const typed = () => panel.contains(document.activeElement) && document.activeElement.matches("textarea");
  isBehind = Boolean(id) && typed();
  if (!id || isBehind) return;
  asked += 1;
  const turn = asked;
  const html = await ask(id).catch(() => "");
  if (!html || wanted !== id || turn !== asked) return;
  isBehind = typed();
  if (isBehind) return;
  const stops = () => [...panel.querySelectorAll("h2, a, button, input, select")];
  const place = stops().indexOf(document.activeElement);
  fill(id, html);
  if (place >= 0) (stops()[place] ?? stops()[0]).focus({ preventScroll: true });
}

/** The panel of annotation `id` as HTML; empty if the server does not give it. */
async function ask(id) {
  const response = await fetch(`/annotations/${id}/`, { headers: { "HX-Request": "true" } });
  return response.ok ? response.text() : "";
}

function fill(id, html) {
  panel.innerHTML = html;
  drawOpen(id);
  bar.disconnect();
  bar.observe(document.querySelector(".bar")); // on a phone the panel stands on it
  const form = panel.querySelector("[data-edit]");
  for (const item of outbox.standing()) {
    // What was done here and is not yet saved, perhaps before a reload.
    if (!form || item.url !== `/annotations/${id}/`) continue;
    for (const [name, value] of Object.entries(item.fields)) form.elements[name].value = value;
    waiting.set(`${id} ${Object.keys(item.fields)}`, item);
  }
}

function edit(event) {
  const field = event.target;
  const id = current();
  if (!field.form?.matches("[data-edit]") || !field.name) return;
  if (field.name === "note") {
    if (event.type !== "input") return;
    if (field.value.length >= field.maxLength) complain(`A note has at most ${field.maxLength} characters: what is more is left out.`);
    save(id, { note: field.value }, PAUSE);
    return;
  }
  if (event.type !== "change") return;
  if (field.name === "start" || field.name === "end") passage(id, field.form);
  else save(id, { [field.name]: field.value }, CHOICE);
  if (field.name === "label") relabel(field);
}

function save(id, fields, wait = 0) {
  const url = `/annotations/${id}/`;
  const about = { what: inWords(fields), quote: panel.querySelector(".quoted").textContent };
  const what = `${id} ${Object.keys(fields)}`;
  const standing = wait && waiting.get(what);
  if (standing && outbox.replace(standing, { fields, ...about }, wait)) return;
  waiting.set(what, outbox.add({ url, fields, wait, ...about }));
}

/** What is changed in the tag that is open, for the person to read if it is refused. */
function inWords(fields) {
  const tag = panel.querySelector("h2").textContent;
  if ("note" in fields) return `The note of ${tag}`;
  if ("label" in fields) return `Another label for ${tag}: ${nameOf(fields.label)}`;
  if ("confidence" in fields) return `Confidence ${fields.confidence || "none"} of ${tag}`;
  return `Another passage for ${tag}`;
}

function nameOf(label) {
  const choice = panel.querySelector(`[data-edit] [name="label"][value="${label}"]`);
  return choice.closest("label").textContent.trim();
}

function passage(id, form) {
  const [start, end] = [Number(form.elements.start.value), Number(form.elements.end.value)];
  if (end > start) save(id, { start, end });
}

/** Move an end of the passage by a word; `by` is -1 or 1. */
function move(which, by) {
  const form = panel.querySelector("[data-edit]");
  const select = form.elements[which];
  const next = select.selectedIndex + Number(by);
  if (next < 0 || next >= select.options.length) return;
  const before = select.selectedIndex;
  select.selectedIndex = next;
  if (Number(form.elements.end.value) <= Number(form.elements.start.value)) {
    select.selectedIndex = before; // the ends would meet
    return;
  }
  passage(current(), form);
}

function relabel(field) {
  const section = panel.firstElementChild;
  section.dataset.label = field.value;
  section.querySelector("h2 .label-name").textContent = nameOf(field.value);
}

function submit(event) {
  event.preventDefault();
  const id = current();
  if (event.target.matches("[data-withdraw]")) {
    const what = `${panel.querySelector("h2").textContent} taken back`;
    const quote = panel.querySelector(".quoted").textContent;
    outbox.add({ url: `/annotations/${id}/withdraw/`, show: { gone: id }, what, quote });
    close();
  } else {
    close();
  }
}
