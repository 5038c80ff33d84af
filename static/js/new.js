// Checking a story: a click cuts a sentence, and a join or a cut changes one paragraph alone.
// Without this the same buttons send the same form and get the whole page.

// As _WORD_START in annotate/articles/sentences.py.
const WORD_START =
  /(?<=[\s–—])[^\s–—]|[\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
const REACH = 200; // UTF-16 units to either side of a click that are searched for a word
const CHANGES = ["join", "cut", "cutting", "whole"];

let work = Promise.resolve();

document.documentElement.classList.add("scripted");

// One after another: each answer has the joins and cuts that the next request sends along.
function change(form, paragraph, name, value) {
  const send = () =>
    htmx.ajax("POST", form.action, {
      source: form,
      target: `#${paragraph}`,
      swap: "outerHTML",
      values: { [name]: value },
    });
  work = work.then(send).catch(() => {});
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.id !== "check" || !CHANGES.includes(button?.name)) return;
  event.preventDefault();
  change(event.target, button.closest("ol").id, button.name, button.value);
});

document.addEventListener("click", (event) => {
  const place = cutAt(event);
  if (!place || !getSelection().isCollapsed) return;
  const { sentence, index } = place;
  // The server counts code points, JavaScript UTF-16 units.
  const points = Array.from(sentence.textContent.slice(0, index)).length;
  const paragraph = sentence.closest("ol").id;
  change(sentence.closest("form"), paragraph, "cut", Number(sentence.dataset.start) + points);
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

for (const failure of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const count = document.getElementById("count");
    if (!count || event.target.id !== "check") return;
    count.textContent =
      event.detail.xhr.status === 401
        ? "Your session has ended. Sign in again in another tab, then press the button once more."
        : "That did not reach the server, so nothing was changed. Press the button once more.";
  });
}
