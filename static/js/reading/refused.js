// Work that the server refused, kept in this browser until the person puts it away: nobody
// should have to remember what they wrote, or lose it with a reload.

import { Kept } from "./kept.js";

/** The list in the page's `#not-saved`. `again(item)` sends an item of the outbox anew. */
export class Refused {
  constructor({ user, article = null, again }) {
    this.prefix = `annotate-refused:${user}:`;
    this.kept = new Kept(this.prefix, () => this.draw());
    this.article = article;
    this.again = again;
    this.details = document.getElementById("not-saved");
    this.details.addEventListener("click", (event) => this.click(event));
    this.draw();
  }

  /** What was refused, oldest first, as { key, item, why, status }. */
  entries() {
    return this.kept.all();
  }

  /** Keep an item that the server answered with `status`, for the reason `why`. */
  keep(item, why, status) {
    for (const one of this.entries()) if (replaces(item, one.item)) this.kept.drop(one);
    const key = item.key.replace(/^annotate:\d+:/, this.prefix);
    this.kept.put({ key, item, why, status });
    this.draw();
  }

  /** Keep no longer what the person has taken back: the item with this id. */
  forget(id) {
    for (const one of this.entries()) if (one.item.id === id) this.kept.drop(one);
    this.draw();
  }

  draw() {
    const entries = this.entries();
    this.details.hidden = !entries.length;
    const changes = entries.length === 1 ? "1 change" : `${entries.length} changes`;
    this.details.querySelector("summary").textContent = `Not saved: ${changes}`;
    this.details.querySelector("ul").replaceChildren(...entries.map((entry) => this.row(entry)));
  }

  row({ key, item, why, status }) {
    const row = document.createElement("li");
    const what = add(row, "p", item.what ?? "A change", "refused-what");
    if (item.article !== this.article && item.title) {
      what.append(" in ");
      add(what, "a", item.title).href = `/articles/${item.article}/`;
    }
    if (item.quote) add(row, "blockquote", item.quote).dir = "auto";
    if (item.fields.note) add(row, "p", item.fields.note, "refused-note").dir = "auto";
    add(row, "p", why, "small");
    const acts = add(row, "div", "", "refused-acts");
    for (const [act, name] of [["again", "Try again"], ["dismiss", "Dismiss"]]) {
      if (act === "again" && !canGoAgain(item, status)) continue;
      const button = add(acts, "button", name);
      button.type = "button";
      button.dataset.refused = act;
      button.dataset.key = key;
      button.setAttribute("aria-label", `${name}: ${item.what ?? "a change"}`);
    }
    return row;
  }

  click(event) {
    const { refused: act, key } = event.target.closest("button")?.dataset ?? {};
    const entry = act && this.entries().find((one) => one.key === key);
    if (!entry) return;
    if (act === "again") this.again(entry.item);
    this.kept.drop(entry);
    this.draw();
    // The button is gone: the focus goes to what is left, or to where the person reads.
    if (!this.details.hidden) this.details.querySelector("summary").focus();
    else document.querySelector(".s[tabindex='0'], main")?.focus({ preventScroll: true });
  }
}

/** A closed story may be opened again, a suspension ends; to undo later would undo something else. */
function canGoAgain({ url }, status) {
  return [403, 404, 409].includes(status) && !/\/(undo|redo)\/$/.test(url);
}

/** Whether `item` says again all that `older` said, as a note does that is typed on. */
function replaces(item, older) {
  return (
    item.url === older.url &&
    Object.entries(older.fields).every(([name, value]) =>
      name === "note" ? item.fields.note?.startsWith(value) : String(item.fields[name]) === String(value),
    )
  );
}

function add(parent, name, text, looks = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = looks;
  parent.append(element);
  return element;
}
