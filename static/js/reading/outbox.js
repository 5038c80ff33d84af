// Work on its way to the server. What a person does is written to this browser's storage
// before it is shown, and taken out when the server has answered: so it outlives a reload, a
// dropped connection and an ended session. It is sent in order, one at a time, over all tabs
// of this browser; its `request` id lets the server do it exactly once, however often it is sent.

const RETRY = [1000, 2000, 4000, 8000, 15000]; // milliseconds
const PATIENCE = 20_000; // milliseconds until a connection without an answer counts as dropped
const KEEPALIVE_BYTES = 60_000; // what a browser still sends for a page that was closed

export class Outbox {
  /**
   * `refused` keeps what the server refuses (refused.js). `article`, `title`, `since` and `view`: of the
   * story on this page, if there is one. Of the handlers each may be missing:
   * `onAnswer(html, item)`, `onHeard(html, since)`, `onRefused(why, item)`,
   * `onState(state, waiting)`, `onChange()`.
   */
  constructor({ user, article = null, title = "", since = null, view = () => "", refused, handlers }) {
    // One queue for all stories: what was left unsent in one is sent from any other.
    this.user = user;
    this.prefix = `annotate:${user}:`;
    this.article = article;
    this.title = title;
    this.since = since;
    this.view = view;
    this.refused = refused;
    this.handlers = handlers;
    this.attempt = 0;
    this.timer = 0;
    this.due = Infinity; // when the timer runs out
    this.sending = null;
    this.state = "saved";
    this.memory = new Map(); // used as well where storage is full or forbidden
    this.count = 0;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(this.prefix) : null;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
    addEventListener("storage", (event) => event.key?.startsWith(this.prefix) && this.changed());
    addEventListener("online", () => this.soon(0));
    document.addEventListener("visibilitychange", () => this.soon(0));
    addEventListener("pagehide", () => this.soon(0));
    addEventListener("beforeunload", (event) => {
      // From any other page it is sent all the same.
      if (this.article && this.items().length) event.preventDefault();
    });
  }

  /** What is not yet saved in this story, oldest first. */
  here() {
    return this.items().filter((item) => item.article === this.article);
  }

  /** The same, without what an undo that waits as well will take back. */
  standing() {
    const done = [];
    let undone = [];
    for (const item of this.here()) {
      if (item.url.endsWith("/undo/")) {
        if (done.length) undone.push(done.pop());
      } else if (item.url.endsWith("/redo/")) {
        if (undone.length) done.push(undone.pop());
      } else {
        done.push(item);
        undone = [];
      }
    }
    return done;
  }

  /** What is not yet saved, oldest first. */
  items() {
    const found = new Map(this.memory);
    try {
      for (let index = 0; index < localStorage.length; index += 1) {
        const key = localStorage.key(index);
        if (key.startsWith(this.prefix)) found.set(key, JSON.parse(localStorage.getItem(key)));
      }
    } catch {
      // Storage is forbidden: the page still works, and says so when it is closed.
    }
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  put(item) {
    try {
      localStorage.setItem(item.key, JSON.stringify(item));
      this.memory.delete(item.key);
    } catch {
      this.memory.set(item.key, item);
    }
  }

  drop(item) {
    this.memory.delete(item.key);
    try {
      localStorage.removeItem(item.key);
    } catch {
      // As above.
    }
  }

  /**
   * Send `fields` to `url`. `ref` names the item that makes the annotation which `url` is
   * about, where the server has not yet named it: "{id}" in `url` stands for its number.
   * `wait` holds it back for a moment, as while somebody types. `what` says in words what it
   * is and `quote` has the text it is about, for the person to read if it is refused.
   */
  add({ url, fields = {}, show = null, ref = null, wait = 0, what, quote, article, title }) {
    const stamp = String(Date.now()).padStart(15, "0");
    this.count += 1;
    const order = `${stamp}-${String(this.count).padStart(6, "0")}`;
    const id = uuid();
    const key = `${this.prefix}${order}-${id}`;
    const story = article ? { article, title } : { article: this.article, title: this.title };
    const item = { key, id, ...story, url, fields, show, ref, what, quote, after: Date.now() + wait };
    this.put(item);
    this.changed();
    this.soon(wait);
    return item;
  }

  /** Send once more what was refused, after all that waits. */
  again({ url, fields, show, what, quote, article, title }) {
    this.add({ url, fields, show, what, quote, article, title });
  }

  /**
   * Put newer `fields` into an item that waits; false if it is too late. It gets a new id: what
   * was there before may have reached the server although no answer came back.
   */
  replace(item, fields, wait) {
    if (this.sending?.key === item.key || !this.items().some((one) => one.key === item.key)) return false;
    this.put({ ...item, id: uuid(), fields, after: Date.now() + wait });
    this.changed();
    this.soon(wait);
    return true;
  }

  changed() {
    this.handlers.onChange?.();
    const waiting = this.items().length;
    if (!waiting) this.say("saved", 0);
    else this.say(this.state === "saved" ? "saving" : this.state, waiting);
  }

  say(state, waiting) {
    this.state = state;
    this.handlers.onState?.(state, waiting);
  }

  /** Send in so many milliseconds, if nothing is to be sent earlier. */
  soon(milliseconds) {
    const due = Date.now() + milliseconds;
    if (due >= this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.due = Infinity;
      this.drain();
    }, milliseconds);
  }

  /** Send all that waits. One tab sends at a time, so that the order holds. */
  async drain() {
    if (this.draining) {
      this.again = true; // what was added may have been too late for the loop that runs
      return;
    }
    if (!this.items().length) return;
    this.draining = true;
    this.again = false;
    try {
      if (navigator.locks) {
        await navigator.locks.request(this.prefix, () => this.sendAll());
      } else {
        await this.sendAll();
      }
    } finally {
      this.draining = false;
      if (this.again) this.soon(0);
    }
  }

  async sendAll() {
    for (let item = this.items()[0]; item; item = this.items()[0]) {
      // Typing is held back until it pauses, the page is left, or something else was done.
      const early = item.after - Date.now();
      if (early > 0 && this.items().length === 1 && document.visibilityState === "visible") {
        this.soon(early);
        return;
      }
      if (item.ref) {
        this.drop(item); // what it was about was refused, and is wanted no more
        this.refused.forget(item.ref);
        this.changed();
        continue;
      }
      if (!(await this.send(item))) return;
    }
  }

  /** Send one item; true if the next may go. */
  async send(item) {
    this.sending = item;
    const shown = this.since && item.article === this.article ? { since: this.since(), view: this.view() } : {};
    const body = new URLSearchParams({ ...item.fields, request: item.id, ...shown }).toString();
    let response;
    let html = "";
    try {
      response = await fetch(item.url, {
        method: "POST",
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "HX-Request": "true",
          "X-CSRFToken": cookie("__Host-csrftoken") || cookie("csrftoken"),
          "X-Person": this.user, // somebody else may have signed in in another tab
        },
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE),
        keepalive: body.length < KEEPALIVE_BYTES,
      });
      html = await response.text();
    } catch {
      return this.later();
    } finally {
      this.sending = null;
    }
    // A 403 that is not the site's own: the token went with the session.
    const noToken = response.status === 403 && !html.includes('id="message"');
    if (response.status === 401 || response.type === "opaqueredirect" || noToken) {
      this.say("signed-out", this.items().length);
      return false;
    }
    if (response.status >= 500 || response.status === 429) return this.later();
    this.attempt = 0;
    if (this.state !== "saved") this.state = "saving";
    // Another tab may have put newer words into it meanwhile: those stay.
    if (this.items().find((one) => one.key === item.key)?.id === item.id) this.drop(item);
    if (response.ok) {
      this.name(item, html);
      if (item.article === this.article) this.handlers.onAnswer?.(html, item);
      this.channel?.postMessage({ html, article: item.article, ...shown });
    } else {
      const why = messageOf(html) || "The server refused this. Nothing was changed.";
      this.refused.keep(item, why, response.status);
      this.handlers.onRefused?.(why, item);
    }
    this.changed();
    return true;
  }

  /** Tell items that waited for this one which annotation it made. */
  name(item, html) {
    const controls = new DOMParser().parseFromString(html, "text/html").getElementById("controls");
    const made = controls?.dataset.annotation;
    if (!made) return;
    for (const other of this.items()) {
      if (other.ref === item.id) this.put({ ...other, ref: null, url: other.url.replace("{id}", made) });
    }
  }

  later() {
    this.say("waiting", this.items().length);
    this.soon(RETRY[Math.min(this.attempt, RETRY.length - 1)]);
    this.attempt += 1;
    return false;
  }

  /** Another tab of this browser got an answer. */
  hear({ html, article, since, view }) {
    // Drawn in another view, it is not for this page: it comes with the next event.
    if (article === this.article && view === this.view()) this.handlers.onHeard?.(html, since);
    this.changed();
  }
}

function messageOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return page.getElementById("message")?.textContent.trim();
}

function cookie(name) {
  return document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Missing on plain http from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
