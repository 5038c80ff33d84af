// Discussions: beside the story or on pages of their own. What is typed is kept in this browser
// until the server has it; forms that are refused or cannot be sent keep their text.

import { hasEnded, token } from "./outbox.js";

const panel = document.getElementById("panel"); // there is none on pages of their own
const user = document.querySelector("[data-user]")?.dataset.user;
const root = () => document.querySelector("[data-discussion]");
const said = document.getElementById("said") ?? liveRegion();
let wanted = null; // the address that is open in the panel or about to be
let page = null; // what the story's page does for us
let opening = 0; // how many addresses are being asked for

export const isOpening = () => opening > 0;

/** On the story's page: `clear()` empties the panel, `complain(words)` says what went wrong. */
export function start(thePage) {
  page = thePage;
  const named = location.hash.match(/^#thread-(\d+)$/);
  if (named) open(`/threads/${named[1]}/`);
}

/** Show the discussion at an address of this site in the panel. */
export async function open(address) {
  page.clear();
  wanted = address;
  opening += 1;
  const html = await ask(address);
  opening -= 1;
  if (wanted !== address) return; // another one was opened meanwhile
  if (!html) {
    page.complain("The discussion cannot be opened now. Is there a connection?");
    return;
  }
  panel.innerHTML = html;
  arrived();
  // Where nobody has said anything yet, there is nothing to read first.
  const field = panel.querySelector("#new-thread [data-lines]:not(:has(*)) ~ form textarea");
  (field ?? panel.querySelector("h2")).focus();
}

/** Read again what the others said; what is being typed and where the focus is stay. */
export async function refresh() {
  const here = root();
  const lines = here?.querySelector("[data-lines]");
  if (!lines || lines.contains(document.activeElement)) return;
  const html = await ask(here.dataset.discussion);
  const fresh = html && parse(html).querySelector("[data-lines]");
  if (!fresh || !here.isConnected || lines.contains(document.activeElement)) return;
  if (fresh.innerHTML !== lines.innerHTML) lines.innerHTML = fresh.innerHTML;
}

/** The part of a page as HTML; empty if the server does not give it. */
async function ask(address) {
  try {
    const response = await fetch(address, { headers: { "HX-Request": "true" } });
    return response.ok ? await response.text() : "";
  } catch {
    return "";
  }
}

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

/** Another discussion is shown: bring back what was typed in it, and name it in the address. */
function arrived() {
  const here = root();
  for (const form of here?.querySelectorAll("form[data-draft]") ?? []) restore(form);
  if (!page) history.replaceState(null, "", here.dataset.discussion);
  else if (here.id.startsWith("thread-")) history.replaceState(null, "", `#${here.id}`);
}

// --- Sending ------------------------------------------------------------------------------------

async function send(form) {
  const here = form.closest("[data-discussion]");
  if (here.ariaBusy === "true") return; // a double click
  here.ariaBusy = "true";
  const body = new URLSearchParams(new FormData(form));
  body.set("csrfmiddlewaretoken", token()); // the form's own may be of before another sign-in
  let response;
  let html;
  try {
    response = await fetch(form.action, {
      method: "POST",
      headers: { "HX-Request": "true", "X-Person": user },
      body,
      redirect: "manual",
    });
    html = await response.text();
  } catch {
    tell(form, "No answer came. What you wrote is kept: send it again when there is a connection.");
    return;
  } finally {
    here.ariaBusy = "false";
  }
  const answer = parse(html);
  const fresh = answer.querySelector("[data-discussion]");
  if (!fresh) {
    tell(form, whyNot(response, html, answer));
    return;
  }
  if (response.ok) forget(form);
  if (!here.isConnected) return; // closed meanwhile
  const wrote = response.ok && form.dataset.draft?.startsWith("thread");
  here.replaceWith(fresh);
  arrived();
  const field = wrote && fresh.querySelector("#comment-text");
  (field || fresh.querySelector("h2")).focus();
  if (response.ok) said.textContent = "Saved";
}

function whyNot(response, html, answer) {
  if (hasEnded(response, html)) {
    return "Your session has ended. Sign in again, then send. What you wrote is kept.";
  }
  const words = answer.querySelector("#message p")?.textContent.trim();
  return words || "The server could not do this now. What you wrote is kept: send it again.";
}

/** Say what went wrong above the form; what was typed stays in it. */
function tell(form, words) {
  form.querySelector(":scope > .notice")?.remove();
  const box = document.createElement("p");
  box.className = "notice error";
  box.setAttribute("role", "alert");
  box.textContent = words;
  form.prepend(box);
}

// --- What is typed --------------------------------------------------------------------------------

const keyOf = (form) => `draft ${user} ${form.dataset.draft}`;

function keep(form) {
  const { text, request } = form.elements;
  try {
    if (text.value) localStorage.setItem(keyOf(form), JSON.stringify({ text: text.value, request: request?.value }));
    else forget(form);
  } catch {
    // No room: what is typed stays on the page.
  }
}

function restore(form) {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(form)));
    if (!kept) return;
    form.elements.text.value = kept.text;
    // The same words are sent under the same name: they may have arrived before.
    if (kept.request) form.elements.request.value = kept.request;
  } catch {
    // Not ours.
  }
}

function forget(form) {
  try {
    if (form.dataset.draft) localStorage.removeItem(keyOf(form));
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

// --- Listening ------------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-draft]") && event.target.name === "text") keep(form);
});

// Before the panel hears of it: there, a form that is sent is a tag's.
document.addEventListener(
  "submit",
  (event) => {
    if (!event.target.closest("[data-discussion]")) return;
    event.preventDefault();
    event.stopPropagation();
    send(event.target);
  },
  true,
);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-discuss], .discussion a[data-passage]");
  if (!link || !page || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-discuss]")) {
    event.preventDefault();
    event.stopImmediatePropagation(); // a click on a mark is none on its sentence
    open(link.getAttribute("href"));
    return;
  }
  const sentence = document.querySelector(link.hash);
  if (!sentence) return;
  event.preventDefault();
  sentence.focus();
  sentence.scrollIntoView({ block: "center" });
});

function liveRegion() {
  const region = document.createElement("p");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  document.body.append(region);
  return region;
}

if (!panel) {
  document.documentElement.classList.add("script");
  if (root()) for (const form of root().querySelectorAll("form[data-draft]")) restore(form);
}
