// One tag, opened: label, passage, note and confidence save by themselves while they change.

import { badgeOf } from "./marks.js";

const PAUSE = 600; // milliseconds without a key before a note is sent
const panel = document.getElementById("panel");
const typing = new Map(); // annotation -> the outbox item that holds the note's newest text

export const isOpen = () => panel.childElementCount > 0;
export const contains = (node) => panel.contains(node);
// The annotation that is open; null also for a discussion, which threads.js has opened.
export const current = () => panel.firstElementChild?.id.match(/^annotation-(\d+)$/)?.[1] ?? null;

let wanted = null; // the annotation that is open or about to be
let outbox;
let onClose;

export function start(theOutbox, closed) {
  outbox = theOutbox;
  onClose = closed;
  panel.addEventListener("input", edit);
  panel.addEventListener("change", edit);
  panel.addEventListener("submit", submit);
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
  if (text.bottom > sheet.top && text.right > sheet.left && text.left < sheet.right) {
    sentence.scrollIntoView({ block: "nearest" });
  }
}

export function close() {
  wanted = null;
  if (!isOpen()) return;
  const id = current();
  panel.replaceChildren();
  history.replaceState(null, "", location.pathname + location.search);
  onClose(id);
}

/** Read the panel again, as after an undo; not while somebody types in it. */
export async function refresh() {
  const id = current();
  const typed = () => document.activeElement?.tagName === "TEXTAREA";
  if (!id || typed()) return;
  const html = await ask(id).catch(() => "");
  if (!html || wanted !== id || typed()) return;
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
  const form = panel.querySelector("[data-edit]");
  for (const item of outbox.standing()) {
    // What was done here and is not yet saved, perhaps before a reload.
    if (!form || item.url !== `/annotations/${id}/`) continue;
    for (const [name, value] of Object.entries(item.fields)) form.elements[name].value = value;
    if ("note" in item.fields) typing.set(id, item);
  }
}

function edit(event) {
  const field = event.target;
  const id = current();
  if (!field.form?.matches("[data-edit]") || !field.name) return;
  if (field.name === "note") {
    if (event.type === "input") save(id, { note: field.value }, PAUSE);
    return;
  }
  if (event.type !== "change") return;
  if (field.name === "start" || field.name === "end") passage(id, field.form);
  else save(id, { [field.name]: field.value });
  if (field.name === "label") relabel(field);
}

function save(id, fields, wait = 0) {
  const url = `/annotations/${id}/`;
  const about = { what: inWords(fields), quote: panel.querySelector(".quoted").textContent };
  if (wait) {
    const standing = typing.get(id);
    if (standing && outbox.replace(standing, fields, wait)) return;
    typing.set(id, outbox.add({ url, fields, wait, ...about }));
    return;
  }
  outbox.add({ url, fields, ...about });
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
