// The queue by keyboard. Every control here is also a plain link or form of the page, so that
// all of it works without this script.

import { ask, elements, send } from "./answers.js";

const desk = document.getElementById("desk");
const beside = document.getElementById("beside");
const keysDialog = document.getElementById("keys");
const wide = matchMedia("(min-width: 62rem)");
const keysOn = "keys" in desk.dataset;

const form = () => document.getElementById("decide");
const rows = () => [...document.querySelectorAll("#rows > .row")];
const linkOf = (row) => row.querySelector(".case-link");
const numberOf = (row) => row.id.replace("row-", "");
const selected = () => rows().filter((row) => row.querySelector(":checked"));
const details = (key) => beside.querySelector(`details[data-key="${key}"]`);

const PAUSE = 100; // ms: who goes on at once does not ask for the cases in between

let current = null; // the number of the case in focus
let asked = null; // what aborts the request for the case that is to be shown
let shown = Promise.resolve();
let sent = Promise.resolve(); // decisions go one after the other
let relabelling = false;
const currentRow = () => document.getElementById(`row-${current}`);
/** Do something after what was asked before it. */
function later(work) {
  sent = sent.then(work).catch(() => say("The server cannot be reached. Read the list again."));
}

function say(words) {
  document.getElementById("said").textContent = words;
}

// --- The case in focus ------------------------------------------------------------------------

function makeCurrent(row) {
  if (!row || current === numberOf(row)) return;
  if (currentRow()) linkOf(currentRow()).removeAttribute("aria-current");
  current = numberOf(row);
  linkOf(row).setAttribute("aria-current", "true");
  dress();
  shown = show(row);
}

/** Say to the form and to the place of the case which case it is. */
function dress() {
  const row = currentRow();
  if (!row) return;
  const { kind, waits } = row.dataset;
  form().dataset.kind = selected().length ? "" : kind;
  form().toggleAttribute("data-waits", waits !== undefined && !selected().length);
  // On a phone the case stands below its row.
  if (wide.matches) bringHome();
  else if (!row.contains(beside)) row.append(beside);
}

/** Take the case out of a row that goes; a move would lose the focus in it. */
function bringHome() {
  if (beside.parentElement !== desk) desk.append(beside);
}

async function show(row) {
  asked?.abort();
  const { signal } = (asked = new AbortController());
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (signal.aborted) return;
  try {
    const answer = await ask(linkOf(row).href, { signal });
    if (answer.ok) document.getElementById("case").outerHTML = answer.html;
    else say(answer.html);
  } catch (error) {
    if (error.name !== "AbortError") say("The server cannot be reached: the case is not shown.");
  }
}

function go(row) {
  if (!row) return;
  makeCurrent(row);
  linkOf(row).focus();
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(currentRow());
  // The first step from elsewhere goes to the case that is shown.
  const inList = document.activeElement.closest?.("#rows .row");
  const next = inList && !beside.contains(document.activeElement) ? all[at + by] : all[Math.max(at, 0)];
  if (next) go(next);
  else if (by > 0 && !selected().length) later(reload);
}

/** Read the list anew: the cases that come next. */
async function reload() {
  const { ok, html } = await ask(location.href);
  if (!ok) return;
  bringHome();
  document.getElementById("list").outerHTML = html;
  window.htmx?.process(document.getElementById("list"));
  begin();
  if (rows().length) go(rows()[0]);
  else say(document.querySelector("#list .empty").textContent.trim());
}

function begin() {
  current = null;
  document.getElementById("case").replaceChildren();
  if (rows().length && wide.matches) makeCurrent(rows()[0]);
  beside.hidden = !rows().length;
}

// --- Deciding ---------------------------------------------------------------------------------

/** Which cases a decision is for: those selected, else the one in focus. */
function targets(button) {
  const chosen = selected();
  if (chosen.length && !button.closest("#case")) return chosen;
  return currentRow() ? [currentRow()] : [];
}

function decide(button) {
  if (!button || button.disabled) return;
  const those = targets(button).filter((row) => !("sent" in row.dataset));
  if (!those.length) return say("Choose a case first: j goes to the next.");
  const data = new FormData(form());
  data.delete("case");
  for (const row of those) data.append("case", row.dataset.case);
  data.set(button.name, button.value);
  if (button.name === "label") data.delete("decision");
  for (const row of those) row.dataset.sent = "";
  const after = rows().slice(rows().indexOf(those.at(-1)) + 1);
  const next = after.find((row) => !("sent" in row.dataset));
  close();
  write("", "");
  if (next) go(next);
  later(async () => {
    const decided = await post(form().action, data);
    for (const row of those) delete row.dataset.sent;
    if (!decided && !form().elements.note.value) write(data.get("reason"), data.get("note"));
    const refused = those.map((row) => document.getElementById(row.id)).find(Boolean);
    if (decided && !next) await (refused ? go(refused) : reload());
  });
}

/** The reason and the note for the next decision. */
function write(reason, note) {
  form().elements.reason.value = reason;
  form().elements.note.value = note;
}

/** Send something and put the answer in place; tell whether it was done. */
async function post(url, data) {
  const { ok, html, words } = await send(url, data);
  if (words) say(words);
  else apply(html);
  return Boolean(ok);
}

/** Put each element of an answer in the place of the one that the page has. */
function apply(html) {
  const focused = currentRow()?.contains(document.activeElement) && !beside.contains(document.activeElement);
  const back = [];
  for (const { element, gone, standing } of elements(html)) {
    if (standing?.contains(beside)) bringHome();
    if (gone) standing?.remove();
    else if (element.id === "said") standing.textContent = element.textContent;
    else if (standing) standing.replaceWith(element);
    else if (element.matches(".row")) back.push(element);
  }
  document.getElementById("rows")?.prepend(...back);
  if (back.length) go(back[0]);
  else if (currentRow()) {
    linkOf(currentRow()).setAttribute("aria-current", "true");
    if (focused) linkOf(currentRow()).focus();
  }
  dress();
}

function claim(row = currentRow()) {
  if (!row) return;
  const act = "mine" in row.dataset ? "release" : "claim";
  later(async () => {
    await post(`${linkOf(row).pathname}${act}/`, new FormData());
    if (currentRow()) shown = show(currentRow());
  });
}

function takeBack() {
  later(() => post(document.getElementById("take-back").action, new FormData()));
}

// --- Forms that a key opens -------------------------------------------------------------------

async function open(key) {
  if (key === "t") await shown;
  const box = details(key);
  if (!box || getComputedStyle(box).display === "none") return say("This does not fit the case.");
  if (key === "t" && selected().length) return say("Trim one case at a time: x takes the selection off.");
  box.open = true;
  relabelling = key === "r";
  if (!relabelling) box.querySelector("input, select, button").focus();
  box.scrollIntoView({ block: "nearest" });
  if (relabelling) {
    const keys = [...box.querySelectorAll("[data-label-key]")];
    say(`Relabel: ${keys.map((one) => `${one.dataset.labelKey} ${one.querySelector("span").textContent}`).join(", ")}.`);
  }
}

function close() {
  relabelling = false;
  for (const box of beside.querySelectorAll("details[data-key]:not(.why)")) box.open = false;
}

const does = {
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  x: () => currentRow()?.querySelector("input[type=checkbox]")?.click(),
  z: takeBack,
  c: claim,
  "/": () => document.querySelector("#case-filters select").focus(),
  "?": () => keysDialog.showModal(),
};

function press(key) {
  if (relabelling) {
    const button = beside.querySelector(`[data-label-key="${CSS.escape(key)}"]`);
    close();
    if (button) decide(button);
    return Boolean(button) || key === "Escape";
  }
  const button = form().querySelector(`button[aria-keyshortcuts="${CSS.escape(key)}"]`);
  if (does[key]) does[key]();
  else if (button && getComputedStyle(button).display === "none") say("This does not fit the case.");
  else if (button) decide(button);
  else if (details(key) || key === "t") open(key);
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open], :popover-open")) return;
  const { target, key } = event;
  if (key === "Escape" && target.closest("#beside, #case-filters")) {
    close();
    return go(currentRow());
  }
  const field = target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  if (field) {
    // Enter in the days or in a word confirms.
    const confirm = field.closest("details")?.querySelector("button[name=decision]");
    if (key === "Enter" && confirm && !field.matches("textarea")) {
      event.preventDefault();
      decide(confirm);
    }
    return;
  }
  if (!keysOn || (key === "Enter" && !relabelling)) return;
  if (press(key)) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  const act = { decide: () => decide(submitter), "take-back": takeBack }[target.id];
  if (!act && !target.matches("#beside .claim")) return;
  event.preventDefault();
  (act ?? claim)();
});

document.addEventListener("focusin", ({ target }) => {
  if (!beside.contains(target)) makeCurrent(target.closest("#rows > .row"));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(".case-link");
  // By mouse or thumb the case is shown here; Enter opens its page.
  if (link && event.detail && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go(link.closest(".row"));
  }
  if (event.target.closest("#show-keys")) keysDialog.showModal();
});

document.addEventListener("change", (event) => {
  if (event.target.closest("#rows")) dress();
});

document.body.addEventListener("htmx:beforeSwap", bringHome);
document.body.addEventListener("htmx:afterSwap", begin);
wide.addEventListener("change", dress);
addEventListener("pageshow", (event) => event.persisted && reload()); // decided elsewhere meanwhile

for (const button of document.querySelectorAll(".needs-keys")) button.hidden = false;
begin();
document.documentElement.classList.add("script");
