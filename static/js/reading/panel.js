// One tag, opened: label, passage, note and confidence save by themselves while they change.

const PAUSE = 600; // milliseconds without a key before a note is sent
const panel = document.getElementById("panel");
const typing = new Map(); // annotation -> the outbox item that holds the note's newest text

export const isOpen = () => panel.childElementCount > 0;
export const contains = (node) => panel.contains(node);
export const current = () => panel.firstElementChild?.id.replace("annotation-", "") ?? null;

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
    const step = event.target.closest("[data-step]");
    if (step) move(...step.dataset.step.split(" "));
  });
}

/** Show annotation `id`; says so in words if the server cannot be asked. */
export async function open(id, { focus = true } = {}) {
  let response;
  try {
    response = await fetch(`/annotations/${id}/`, { headers: { "HX-Request": "true" } });
  } catch {
    return "There is no connection: the tag can be opened when it is back.";
  }
  if (!response.ok) return "This tag cannot be opened now.";
  panel.innerHTML = await response.text();
  for (const item of outbox.here()) {
    // What was typed here and is not yet saved, perhaps before a reload.
    if (item.url === `/annotations/${id}/` && "note" in item.fields) {
      const note = panel.querySelector("[name=note]");
      if (note) note.value = item.fields.note;
      typing.set(id, item);
    }
  }
  history.replaceState(null, "", `#annotation-${id}`);
  if (focus) panel.querySelector("h2").focus();
  return "";
}

export function close() {
  if (!isOpen()) return;
  const id = current();
  panel.replaceChildren();
  history.replaceState(null, "", location.pathname + location.search);
  onClose(id);
}

/** Read the panel again, as after an undo; not while somebody types in it. */
export function refresh() {
  if (isOpen() && document.activeElement?.tagName !== "TEXTAREA") {
    open(current(), { focus: panel.contains(document.activeElement) });
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
  if (wait) {
    const standing = typing.get(id);
    if (standing && outbox.replace(standing, fields, wait)) return;
    typing.set(id, outbox.add({ url, fields, wait }));
    return;
  }
  outbox.add({ url, fields });
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
  const name = field.closest("label").textContent.trim();
  section.querySelector("h2 .label-name").textContent = name;
}

function submit(event) {
  event.preventDefault();
  const id = current();
  if (event.target.matches("[data-withdraw]")) {
    outbox.add({ url: `/annotations/${id}/withdraw/`, show: { gone: id } });
    close();
  } else {
    close();
  }
}
