// Checking a story: a click cuts a sentence, a join or a cut changes one paragraph alone, and
// nothing is lost by leaving the page or by a session that ended.
// Without this the same buttons send the same form and get the whole page.

// As _WORD_START in annotate/articles/sentences.py.
const WORD_START =
  /(?<=[\s–—])[^\s–—]|[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
const REACH = 200; // UTF-16 units to either side of a click that are searched for a word
const ENDED = "Your session has ended. Sign in again in another tab, then press the button once more.";
const FAILED = "That did not reach the server, so nothing was changed. Press the button once more.";

let work = Promise.resolve();
let saved = false;

document.documentElement.classList.add("scripted");

addEventListener("beforeunload", (event) => {
  if (document.getElementById("check") && !saved) event.preventDefault();
});

// One after another: each answer has the joins and cuts that the next request sends along.
function send(target, name, value) {
  const request = () => {
    if (saved) return null;
    const form = document.getElementById("check");
    say(name === "step" ? "One moment…" : "");
    return htmx.ajax("POST", form.action, {
      source: form,
      target: `#${target}`,
      swap: "outerHTML",
      values: { [name]: value },
    });
  };
  work = work.then(request).catch(() => {});
}

function say(words) {
  document.getElementById("said").textContent = words;
}

// All of its buttons, so that what was checked stays in the page until the server has it.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "check") return;
  event.preventDefault();
  const button = event.submitter;
  send(button.closest("ol")?.id ?? "check", button.name, button.value);
});

document.addEventListener("click", (event) => {
  const place = cutAt(event);
  if (!place || !getSelection().isCollapsed) return;
  const { sentence, index } = place;
  // The server counts code points, JavaScript UTF-16 units.
  const points = Array.from(sentence.textContent.slice(0, index)).length;
  const paragraph = sentence.closest("ol").id;
  send(paragraph, "cut", Number(sentence.dataset.start) + points);
});

// Shows where a click would cut.
const here = document.createElement("span");
here.id = "cut-here";
here.hidden = true;
document.body.append(here);
document.addEventListener("pointermove", (event) => {
  const place = event.pointerType === "mouse" && !event.buttons ? cutAt(event) : null;
  here.hidden = !place;
  if (!place) return;
  const range = document.createRange();
  range.setStart(place.sentence.firstChild, place.index);
  const box = range.getBoundingClientRect();
  here.style.left = `${box.left + scrollX}px`;
  here.style.top = `${box.top + scrollY}px`;
  here.style.height = `${box.height}px`;
});

// The sentence under the pointer and the UTF-16 index of the word start nearest to it.
function cutAt(event) {
  const sentence = event.target.closest?.("#sentences [data-start]");
  const at = sentence && caretIndex(sentence, event.clientX, event.clientY);
  if (at == null) return null;
  const index = nearestWordStart(sentence.textContent, at);
  return index === null ? null : { sentence, index };
}

function caretIndex(sentence, x, y) {
  const caret = document.caretPositionFromPoint?.(x, y);
  const range = caret ? null : document.caretRangeFromPoint?.(x, y);
  const [node, index] = caret
    ? [caret.offsetNode, caret.offset]
    : [range?.startContainer, range?.startOffset];
  return node === sentence.firstChild ? index : null;
}

// Null where the sentence's own start is the nearest: it cannot be cut there.
export function nearestWordStart(text, at) {
  const from = Math.max(0, at - REACH);
  let nearest = from === 0 ? 0 : null;
  const near = text.slice(from, at + REACH);
  for (const match of near.matchAll(WORD_START)) {
    const index = from + match.index;
    if (index > 0 && (nearest === null || Math.abs(index - at) < Math.abs(nearest - at))) {
      nearest = index;
    }
  }
  return nearest || null;
}

// Whoever signed in again in another tab has a new token; another person saves nothing of this.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const token = document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]*)/)?.[1];
  if (token) detail.parameters.csrfmiddlewaretoken = token;
  detail.headers["X-Person"] = document.getElementById("unsent").dataset.user;
});

// The text stands already: an answer to be shown like any other.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status !== 409) return;
  detail.shouldSwap = true;
  detail.isError = false;
});

document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  saved = detail.xhr.getResponseHeader("HX-Redirect") !== null;
});

document.addEventListener("htmx:sendError", () => say(FAILED));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  const why = page.getElementById("message")?.textContent.trim();
  say(xhr.status === 401 ? ENDED : (why ?? FAILED));
});
