// Work that the server refused, kept in this browser until the person puts it away: nobody
// should have to remember what they wrote, or lose it with a reload.

/** The keys of this browser's storage that begin with `prefix`. */
export function storedKeys(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return []; // storage is forbidden
  }
}

export const prefixOf = (user) => `annotate-refused:${user}:`;

/** The list in the page's `#not-saved`. `again(item)` sends an item of the outbox anew. */
export class Refused {
  constructor({ user, article = null, again }) {
    this.prefix = prefixOf(user);
    this.article = article;
    this.again = again;
    this.memory = new Map(); // used where storage is full or forbidden
    this.details = document.getElementById("not-saved");
    this.details.addEventListener("click", (event) => this.click(event));
    addEventListener("storage", (event) => event.key?.startsWith(this.prefix) && this.draw());
    this.draw();
  }

  /** What was refused, oldest first, as { key, item, why, status }. */
  entries() {
    const found = new Map(this.memory);
    for (const key of storedKeys(this.prefix)) found.set(key, JSON.parse(localStorage.getItem(key)));
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Keep an item that the server answered with `status`, for the reason `why`. */
  keep(item, why, status) {
    for (const one of this.entries()) if (replaces(item, one.item)) this.remove(one);
    const key = item.key.replace(/^annotate:\d+:/, this.prefix);
    const entry = { key, item, why, status };
    try {
      localStorage.setItem(key, JSON.stringify(entry));
    } catch {
      this.memory.set(key, entry);
    }
    this.draw();
  }

  /** Keep no longer what the person has taken back: the item with this id. */
  forget(id) {
    for (const one of this.entries()) if (one.item.id === id) this.remove(one);
    this.draw();
  }

  remove({ key }) {
    this.memory.delete(key);
    if (storedKeys(key).length) localStorage.removeItem(key);
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
    this.remove(entry);
    this.draw();
    if (act === "again") this.again(entry.item);
    // The button is gone: the focus goes to what is left, or to where the person reads.
    if (!this.details.hidden) this.details.querySelector("summary").focus();
    else document.querySelector(".s[tabindex='0'], main")?.focus({ preventScroll: true });
  }
}

/** A closed story may be opened again, a suspension ends; to undo later would undo something else. */
function canGoAgain({ url }, status) {
  return [403, 409].includes(status) && !/\/(undo|redo)\/$/.test(url);
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
