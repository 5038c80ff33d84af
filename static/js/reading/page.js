// Reading and tagging by key, mouse and thumb. Every control here is also a plain link or form
// of the page, so that all of it works without this script.

import * as keys from "./keys.js";
import { Live } from "./live.js";
import * as marks from "./marks.js";
import * as offsets from "./offsets.js";
import { Outbox, signInLink } from "./outbox.js";
import * as palette from "./palette.js";
import * as panel from "./panel.js";
import * as passage from "./passage.js";
import { Refused } from "./refused.js";
import * as threads from "./threads.js";

const settings = JSON.parse(document.getElementById("page-settings").textContent);
const story = document.getElementById("story");
const article = story.dataset.article;
const names = Object.fromEntries(
  [...document.querySelectorAll("#palette [data-tag]")].map((button) => [
    button.dataset.tag,
    button.querySelector(".label-name").textContent,
  ]),
);
const badgeOf = (label) => document.querySelector(`#palette [data-tag="${label}"] kbd`).textContent;

let selecting = false; // by mouse or finger, just now
let pressed = document.body; // where the mouse or the finger last went down
let byTouch = matchMedia("(pointer: coarse)").matches;

document.documentElement.classList.add("script");
document.documentElement.dataset.keys = settings.keysOn ? "on" : "off";

// --- The outbox -------------------------------------------------------------------------------

const latest = () => document.getElementById("controls")?.dataset.latest ?? "0";

const { user } = story.dataset;
const refused = new Refused({ user, article, again: (item) => outbox.again(item) });
const outbox = new Outbox({
  user,
  article,
  title: offsets.textOf(offsets.sentences()[0]),
  since: latest,
  view: () => story.dataset.only,
  refused,
  handlers: {
    onAnswer(html, item) {
      const answer = show(html);
      say(answer.querySelector("#said")?.textContent);
      panel.refresh();
      live.answered();
    },
    onHeard(html, since) {
      const before = latest();
      show(html);
      // What happened before the other tab's last look is still to come with the next answer.
      if (Number(since) > Number(before)) document.getElementById("controls").dataset.latest = before;
      panel.refresh();
      live.answered();
    },
    onRefused(why, item) {
      complain(`${why} Not saved is ${item.what ?? "a change"}. It is kept under “Not saved”.`);
      panel.refresh();
    },
    onState: showState,
    onChange: () => marks.drawPending(outbox?.standing() ?? []),
  },
});

const live = new Live({
  story,
  outbox,
  latest,
  say,
  show(html) {
    show(html);
    outbox.changed(); // draws again what is being saved
    if (html.includes(`/annotations/${panel.current()}/"`)) panel.refresh();
    threads.refresh();
  },
  changed: (fresh) => Object.assign(settings, fresh),
});

/** Put an answer in place, and draw again what the person is choosing there. */
function show(html) {
  const answer = marks.apply(html);
  dressSentences();
  passage.draw();
  return answer;
}

let submitting = null; // the form that waits until everything is saved

// What is not yet saved would be refused once the review is submitted.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-submit-review]") || !outbox.here().length) return;
  event.preventDefault();
  submitting = event.target;
  say("Your review is submitted when everything is saved");
  outbox.soon(0);
});

function showState(state, waiting) {
  if (state === "saved" && submitting) {
    submitting.requestSubmit();
    submitting = null;
  }
  const element = document.getElementById("state");
  const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
  element.dataset.state = state;
  element.replaceChildren(
    {
      saved: "All saved",
      saving: `Saving ${changes}…`,
      waiting: `${changes} not saved yet: no connection. Kept in this browser, sent when it is back.`,
      unkept: `${changes} not saved yet: no connection. Leave this page open: this browser cannot keep it.`,
      "signed-out": `${changes} not saved yet: your session has ended. `,
    }[state],
  );
  if (state === "signed-out") element.append(signInLink(settings.signIn));
}

/** Say something to a screen reader. */
function say(words) {
  if (words) document.getElementById("said").textContent = words;
}

/** Show what went wrong until the person closes it. */
function complain(words) {
  const box = document.getElementById("message");
  const text = document.createElement("p");
  text.textContent = words;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "link";
  close.textContent = "Close";
  close.addEventListener("click", () => {
    box.replaceChildren();
    currentSentence()?.focus({ preventScroll: true });
  });
  box.replaceChildren(text, close);
}

// --- Where the person is ------------------------------------------------------------------------

/** Only the sentence in focus, and its badges, are stops of the Tab key. */
function dressSentences() {
  for (const link of story.querySelectorAll(".s:not([tabindex='0']) a")) link.tabIndex = -1;
  for (const link of story.querySelectorAll(".s[tabindex='0'] a")) link.removeAttribute("tabindex");
}

const currentSentence = () => story.querySelector(".s[tabindex='0']");

function makeCurrent(sentence) {
  const before = currentSentence();
  if (before && before !== sentence) {
    before.tabIndex = -1;
    before.removeAttribute("role");
    before.removeAttribute("aria-label");
    for (const link of before.querySelectorAll("a")) link.tabIndex = -1;
  }
  sentence.tabIndex = 0;
  // A group with a name: what a screen reader says when the focus arrives.
  sentence.setAttribute("role", "group");
  sentence.setAttribute("aria-label", describe(sentence));
  for (const link of sentence.querySelectorAll("a")) link.removeAttribute("tabindex");
}

function describe(sentence) {
  const number = sentence.querySelector(".n").textContent;
  const tags = marks.tagsOn(sentence).map(nameOf);
  const strip = sentence.querySelector(".strip")?.getAttribute("aria-label");
  const state = tags.length ? tags.join(", ") : sentence.matches(".read") ? "nothing to tag" : "not read yet";
  const heard = [state, strip].filter(Boolean).join(". ");
  return `${number === "H" ? "Headline" : `Sentence ${number}`}, ${heard}. ${offsets.textOf(sentence)}`;
}

const nameOf = (tag) => tag.getAttribute("aria-label").replace(": open this tag", "");

function go(sentence) {
  if (!sentence) return;
  passage.clear();
  palette.close();
  sentence.focus();
  sentence.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = offsets.sentences();
  const here = document.activeElement?.closest?.(".s");
  const index = all.indexOf(here ?? currentSentence());
  // The first step from elsewhere goes to the sentence where the person was.
  go(here ? all[index + by] : all[Math.max(index, 0)]);
}

/** Go to the next or previous sentence that the view is about: contested, or else unread. */
function stepInView(by) {
  const listed = [...document.querySelectorAll("#contested a")];
  const here = currentSentence();
  let found;
  if (story.dataset.view === "contested") {
    const all = listed.map((link) => document.querySelector(link.hash)).filter(Boolean);
    const at = all.indexOf(here);
    found = at < 0 ? all.at(by > 0 ? 0 : -1) : all.at((at + by) % all.length);
  } else {
    const all = offsets.sentences();
    const unread = (sentence) => !sentence.matches(".read, .tagged") && !("saving" in sentence.dataset);
    const at = all.indexOf(here);
    const around = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0))];
    found = by > 0 ? around.find(unread) : around.findLast(unread);
  }
  if (found) go(found);
  else say(story.dataset.view === "contested" ? "No sentence is contested" : "Every sentence is tagged or read");
}

story.addEventListener("focusin", (event) => {
  const sentence = event.target.closest(".s");
  if (sentence) makeCurrent(sentence);
});

// --- Tagging --------------------------------------------------------------------------------------

/**
 * The sentence that a key is about: the one in focus, or where the focus last was. Out of sight it
 * is only shown: nobody tags what they do not see.
 */
function sentenceInSight() {
  const sentence = currentSentence();
  if (!sentence || sentence.contains(document.activeElement) || palette.isOpen()) return sentence;
  const { top, bottom } = sentence.getBoundingClientRect();
  if (bottom > 0 && top < innerHeight) return sentence;
  go(sentence);
  return null;
}

/** Put a label on the passage, or on the sentence in focus; again, take it off. */
function tag(label) {
  if (!mayWork()) return;
  const chosen = passage.chosen();
  const sentence = chosen ? currentSentence() : sentenceInSight();
  if (!sentence) return;
  const { start, end } = chosen ?? { start: offsets.startOf(sentence), end: offsets.endOf(sentence) };
  const on = chosen ? "the passage" : where(sentence);
  const at = where(offsets.sentenceAt(start));
  const quote = offsets.textBetween(start, end);
  const standing = marks.ownTag(label, start, end);
  const toggle = `${label} ${start} ${end}`;
  const pending = outbox.standing().findLast(({ show }) => show?.toggle === toggle);
  const stands = pending ? pending.show.label : standing && !standing.matches(".going");
  if (outbox.isUnsure() || pending?.fields.toggle) {
    const show = { toggle, label, start, end, text: `${badgeOf(label)}…` };
    const what = `${names[label]} on or off ${at}`;
    const fields = { start, end, label, toggle: true };
    outbox.add({ url: `/articles/${article}/annotations/`, fields, show, what, quote });
    say(`Changing ${names[label]} on ${on}`);
  } else if (!stands) {
    const show = { toggle, label, start, end, text: `${badgeOf(label)}…` };
    const what = `${names[label]} on ${chosen ? `a passage from ${at}` : at}`;
    outbox.add({ url: `/articles/${article}/annotations/`, fields: { start, end, label }, show, what, quote });
    say(`Saving ${names[label]} on ${on}`);
  } else {
    // A tag that is still on its way has no number yet: the outbox fills it in.
    const [id, ref] = pending ? ["{id}", pending.id] : [marks.tagOf(standing), null];
    const what = `${names[label]} taken off ${at}`;
    outbox.add({ url: `/annotations/${id}/withdraw/`, ref, show: { toggle, gone: ref ? null : id }, what, quote });
    say(`Taking ${names[label]} off ${on}`);
  }
  afterTag({ put: !stands });
}

function nothingHere() {
  const sentence = mayWork() && sentenceInSight();
  if (!sentence) return;
  const id = sentence.id.replace("sentence-", "");
  const pending = outbox.standing().findLast(({ show }) => show?.reading === id);
  const read = !(pending ? pending.fields.read === "true" : sentence.matches(".read"));
  const [start, end] = [offsets.startOf(sentence), offsets.endOf(sentence)];
  const unsure = outbox.isUnsure() || (pending && !pending.fields.read);
  outbox.add({
    url: `/sentences/${id}/reading/`,
    fields: unsure ? {} : { read: String(read) }, // the server then does the opposite of what stands
    show: { reading: id, start, end, text: read ? "✓…" : "○…" },
    what: read ? `Nothing to tag in ${where(sentence)}` : `Unread again: ${where(sentence)}`,
    quote: offsets.textBetween(start, end),
  });
  say(read ? `Saving nothing to tag in ${where(sentence)}` : `Marking ${where(sentence)} as unread`);
  afterTag({ put: read });
}

function afterTag({ put }) {
  const wasPassage = Boolean(passage.chosen());
  passage.clear();
  getSelection().removeAllRanges();
  palette.close({ restore: true });
  if (settings.moveOn && put && !wasPassage) step(1);
}

const where = (sentence) => {
  const number = sentence.querySelector(".n").textContent;
  return number === "H" ? "the headline" : `sentence ${number}`;
};

/** Whether the person may change anything in this story's review now; if not, say why. */
function mayWork() {
  if (!settings.refusal) return true;
  complain(settings.refusal);
  if (live.over) live.wake(); // it may have been opened again
  return false;
}

function history_(which) {
  if (!mayWork()) return;
  outbox.add({ url: `/articles/${article}/${which}/`, what: which === "undo" ? "Undo" : "Redo" });
  say(which === "undo" ? "Undoing" : "Doing again");
}

// --- The palette, at a sentence or a selection --------------------------------------------------------

function openPalette({ focus = false, box = null } = {}) {
  const sentence = currentSentence();
  if (!sentence) return;
  const part = passage.chosen();
  const target = part ?? { start: offsets.startOf(sentence), end: offsets.endOf(sentence) };
  const chosen = new Set(Object.keys(names).filter((label) => marks.ownTag(label, target.start, target.end)));
  palette.open({
    sentence,
    passage: part,
    chosen,
    focus,
    read: sentence.matches(".read"),
    words: part ? `The passage “${shorten(offsets.textBetween(target.start, target.end))}”` : `The whole of ${where(sentence)}`,
    box: box ?? offsets.rangeOf(target.start, target.end).getBoundingClientRect(),
  });
}

const shorten = (text) => (text.length > 60 ? `${text.slice(0, 40)} … ${text.slice(-16)}` : text);

palette.listen({ choose: tag, nothing: nothingHere, openTag, discuss });

/** After a selection by mouse or finger: offer to tag it. */
function offerSelection() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return false;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(story)) return false;
  const found = offsets.passageOf(range);
  if (!found) return false;
  passage.set(found);
  const sentence = offsets.sentenceAt(found.start);
  makeCurrent(sentence);
  openPalette({ box: range.getBoundingClientRect() });
  return true;
}

document.addEventListener("selectionchange", () => {
  selecting = !getSelection().isCollapsed;
  // By touch there is no moment when the selection is done: the palette follows it.
  clearTimeout(offerSelection.timer);
  if (selecting && byTouch) {
    offerSelection.timer = setTimeout(offerSelection, 350);
  }
});

document.addEventListener("pointerdown", (event) => {
  pressed = event.target;
  byTouch = event.pointerType === "touch";
  // What is open at the place where a selection begins would be selected too.
  if (!palette.contains(event.target)) palette.close();
});

document.addEventListener("pointerup", (event) => {
  if (byTouch || event.button || palette.contains(pressed) || panel.contains(pressed) || pressed.closest("a, button")) return;
  // The selection is final only after this event.
  setTimeout(() => selecting && offerSelection());
});

// A third click selects the paragraph: by itself the browser stops at our badges, and selects
// so again at each movement until the button is let go. Who draws on into another has that.
document.addEventListener("mouseup", (event) => {
  const paragraph = event.detail === 3 && event.target.closest("#story h1, #story .body p");
  if (paragraph && paragraph.contains(pressed)) getSelection().selectAllChildren(paragraph);
});

for (const pointing of ["pointerover", "focusin"]) {
  story.addEventListener(pointing, ({ target }) => {
    const badge = target.closest("a.tag");
    marks.drawTags(badge && marks.tagOf(badge));
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("dialog")) return;
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "help" || act === "guideline") {
    event.preventDefault();
    openDialog(act);
  }
  if (event.target.closest("a.tag")) {
    event.preventDefault();
    openTag(marks.tagOf(event.target.closest("a.tag")));
    return;
  }
  const sentence = event.target.closest("#story .s");
  if (sentence && !selecting) {
    if (event.target.closest(".n")) event.preventDefault();
    passage.clear();
    sentence.focus({ preventScroll: true });
    if (event.detail === 0) {
      openPalette({ focus: true }); // the number's link, by key
      return;
    }
    const line = 16;
    openPalette({ box: { left: event.clientX, top: event.clientY - line, bottom: event.clientY + line } });
  } else if (!sentence && !palette.contains(event.target) && !selecting) {
    passage.clear();
    palette.close();
  }
});

// --- Tags, opened ------------------------------------------------------------------------------------

panel.start(
  outbox,
  (id) => (marks.badgeOf(id)?.closest(".s") ?? currentSentence())?.focus({ preventScroll: true }),
  complain,
);

async function openTag(id) {
  palette.close();
  const trouble = await panel.open(id);
  if (trouble) complain(trouble);
}

passage.start(say);
threads.start({ clear: panel.close, complain });

/** Discuss the passage, or the sentence in focus. */
function discuss() {
  const sentence = passage.chosen() ? currentSentence() : sentenceInSight();
  if (!sentence) return;
  const { start, end } = passage.chosen() ?? { start: offsets.startOf(sentence), end: offsets.endOf(sentence) };
  palette.close();
  threads.open(`/articles/${article}/threads/new/?start=${start}&end=${end}`);
}

function openHere() {
  const tags = marks.tagsOn(currentSentence());
  if (tags.length === 1 && !passage.chosen()) openTag(marks.tagOf(tags[0]));
  else openPalette({ focus: true });
}

function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog.open) dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const which = event.submitter?.id;
  if (which !== "undo" && which !== "redo") return;
  event.preventDefault();
  history_(which);
});

// --- Keys ------------------------------------------------------------------------------------------

keys.listen({
  settings,
  isBusy: threads.isOpening,
  labels: names,
  tag,
  step,
  grow: (...how) => passage.grow(currentSentence(), ...how),
  open: openHere,
  does: {
    next: () => step(1),
    previous: () => step(-1),
    next_unread: () => stepInView(1),
    previous_unread: () => stepInView(-1),
    nothing: nothingHere,
    discuss,
    undo: () => history_("undo"),
    redo: () => history_("redo"),
    guideline: () => openDialog("guideline"),
    help: () => openDialog("help"),
  },
  escape() {
    if (palette.isOpen()) palette.close({ restore: true });
    else if (panel.isOpen()) panel.close();
    getSelection().removeAllRanges();
    passage.clear();
  },
});

// --- At the start --------------------------------------------------------------------------------------

for (const kbd of document.querySelectorAll("[data-key-of]")) kbd.textContent = settings.keys[kbd.dataset.keyOf];
for (const button of document.querySelectorAll("#palette [data-tag]")) {
  button.querySelector("kbd").textContent = settings.keys[button.dataset.tag].toUpperCase();
}
document.querySelector("#palette [data-tag-nothing] kbd").textContent = settings.keys.nothing.toUpperCase();

const named = location.hash.match(/^#sentence-\d+$/) && document.querySelector(location.hash);
makeCurrent(named ?? offsets.sentences().find((one) => !one.matches(".read, .tagged")) ?? offsets.sentences()[0]);
dressSentences();
outbox.changed();
outbox.soon(0);
live.start();
const opened = location.hash.match(/^#annotation-(\d+)$/);
if (opened) openTag(opened[1]);
