// Work on its way to the server. What a person does is written to this browser's storage
// before it is shown, and taken out when the server has answered: so it outlives a reload, a
// dropped connection and an ended session. It is sent in order, one at a time, over all tabs
// of this browser; its `request` id lets the server do it exactly once, however often it is sent.

import { Kept } from "./kept.js";

const RETRY = [1000, 2000, 4000, 8000, 15000]; // milliseconds
const PATIENCE = 20_000; // milliseconds until a connection without an answer counts as dropped
const KEEPALIVE_BYTES = 60_000; // what a browser still sends for a page that was closed
const LONGEST_WAIT = 5000; // milliseconds; held back for longer, the clock was set back meanwhile

export class Outbox {
  /**
   * `refused` keeps what the server refuses (refused.js). `article`, `title`, `since` and `view`: of the
   * story on this page, if there is one. Of the handlers each may be missing:
   * `onAnswer(html, item)`, `onHeard(html, since)`, `onRefused(why, item)`,
   * `onState(state, waiting)`, `onChange()`. `state` is one of saved, saving, waiting, unkept (the
   * same, but this browser cannot keep it), signed-out.
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
    this.kept = new Kept(this.prefix, () => this.changed());
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(this.prefix) : null;
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
    addEventListener("online", () => this.soon(0));
    document.addEventListener("visibilitychange", () => this.soon(0));
    addEventListener("pagehide", () => this.soon(0));
    document.addEventListener("click", ({ target }) => (this.leaving = target.matches("[data-to-send]")));
    addEventListener("beforeunload", (event) => {
      if (this.leaving) return; // to sign in is the way to send it
      if (this.items().length || this.refused.kept.isFragile) event.preventDefault();
    });
  }

  /** What is not yet saved in this story, oldest first. */
  here() {
    return this.items().filter((item) => item.article === this.article);
  }

  /** The same, without what an undo that waits as well will take back. */
  standing() {
    return replay(this.here()).done;
  }

  /** Whether an undo or redo waits of what is saved already: what it does only the server knows. */
  isUnsure() {
    return replay(this.here()).unsure;
  }

  /** What is not yet saved, oldest first. */
  items() {
    return this.kept.all();
  }

  /**
   * Take out an item that will not be sent, and with it the undo and redo of it that wait: they
   * would undo something else. True if it stood at the end.
   */
  giveUp(item) {
    const { done, steps } = replay(this.items().filter(({ article }) => article === item.article));
    const own = [...steps.keys()].find(({ key }) => key === item.key);
    for (const one of [item, ...(steps.get(own) ?? [])]) this.kept.drop(one);
    return !own || done.includes(own);
  }

  /**
   * Send `fields` to `url`. `ref` names the item that makes the annotation which `url` is
   * about, where the server has not yet named it: "{id}" in `url` stands for its number.
   * `wait` holds it back for a moment, as while somebody types. `what` says in words what it
   * is and `quote` has the text it is about, for the person to read if it is refused.
   */
  add({ url, fields = {}, show = null, ref = null, wait = 0, what, quote, article, title }) {
    // After all that waits, also where the clock was set back meanwhile.
    const last = this.items().at(-1)?.key.slice(this.prefix.length) ?? "";
    const order = Math.max(Date.now(), parseInt(last, 10) + 1 || 0);
    const id = uuid();
    const key = `${this.prefix}${String(order).padStart(15, "0")}-${id}`;
    const story = article ? { article, title } : { article: this.article, title: this.title };
    const item = { key, id, ...story, url, fields, show, ref, what, quote, after: Date.now() + wait };
    this.kept.put(item);
    this.soon(wait);
    this.changed();
    return item;
  }

  /** Send once more what was refused, after all that waits. */
  again({ url, fields, show, what, quote, article, title }) {
    this.add({ url, fields, show, what, quote, article, title });
  }

  /**
   * Put `newer` fields, and what they are in words, into an item that waits; false if it is too late.
   * It gets a new id: what was there before may have reached the server although no answer came back.
   */
  replace(item, newer, wait) {
    if (this.sending?.key === item.key || !this.items().some((one) => one.key === item.key)) return false;
    this.kept.put({ ...item, ...newer, id: uuid(), after: Date.now() + wait });
    this.soon(wait);
    this.changed();
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
    this.handlers.onState?.(state === "waiting" && this.kept.isFragile ? "unkept" : state, waiting);
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
      this.more = true; // what was added may have been too late for the loop that runs
      return;
    }
    if (!this.items().length) return;
    this.draining = true;
    this.more = false;
    try {
      if (navigator.locks) {
        await navigator.locks.request(this.prefix, () => this.sendAll());
      } else {
        await this.sendAll();
      }
    } finally {
      this.draining = false;
      if (this.more) this.soon(0);
    }
  }

  async sendAll() {
    for (let item = this.items()[0]; item; item = this.items()[0]) {
      // Typing is held back until it pauses, the page is left, or something else was done.
      const early = item.after - Date.now();
      const held = early > 0 && early < LONGEST_WAIT;
      if (held && this.items().length === 1 && document.visibilityState === "visible") {
        this.soon(early);
        return;
      }
      if (item.ref) {
        // What it was about was refused, and is wanted no more.
        if (this.giveUp(item)) this.refused.forget(item.ref);
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
          "X-CSRFToken": token(),
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
    if (hasEnded(response, html)) {
      this.say("signed-out", this.items().length);
      return false;
    }
    if (response.status >= 500 || response.status === 429) return this.later();
    const controls = response.ok && parse(html).getElementById("controls");
    // An answer that is not the site's own, as of a network that asks to sign in first.
    if (response.ok && !controls) return this.later();
    this.attempt = 0;
    if (this.state !== "saved") this.state = "saving";
    // Another tab may have put newer words into it meanwhile: those stay.
    const same = this.items().find((one) => one.key === item.key)?.id === item.id;
    if (response.ok) {
      if (same) this.kept.drop(item);
      this.name(item, controls.dataset.annotation);
      if (item.article === this.article) this.handlers.onAnswer?.(html, item);
      this.channel?.postMessage({ html, article: item.article, ...shown });
    } else if (!same || this.giveUp(item)) {
      const why = messageOf(html) || "The server refused this. Nothing was changed.";
      this.refused.keep(item, why, response.status);
      this.handlers.onRefused?.(why, item);
    }
    this.changed();
    return true;
  }

  /** Tell items that waited for this one which annotation it made, if it made one. */
  name(item, made) {
    if (!made) return;
    for (const other of this.items()) {
      if (other.ref === item.id) this.kept.put({ ...other, ref: null, url: other.url.replace("{id}", made) });
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

/** The link to sign in again, and to come back here. */
export function signInLink(address) {
  const link = document.createElement("a");
  link.href = `${address}?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.dataset.toSend = "";
  link.textContent = "Sign in to send";
  return link;
}

/**
 * What stands when `items` of one story have been sent, as `done`; of each that is no undo or redo
 * itself, which of them undo and redo it, as `steps`; and whether one acts on something else, as
 * `unsure`.
 */
function replay(items) {
  const done = [];
  const undone = [];
  const steps = new Map();
  let unsure = false;
  for (const item of items) {
    const [, step] = item.url.match(/\/(undo|redo)\/$/) ?? [];
    if (step) {
      const [from, to] = step === "undo" ? [done, undone] : [undone, done];
      const moved = from.pop();
      if (moved) to.push(moved);
      else unsure = true;
      steps.get(moved)?.push(item);
    } else {
      done.push(item);
      undone.length = 0;
      steps.set(item, []);
    }
  }
  return { done, steps, unsure };
}

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

const messageOf = (html) => parse(html).getElementById("message")?.textContent.trim();

/** What proves that a form is this site's: of whoever is signed in now, perhaps in another tab. */
export const token = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]*)/)?.[1] ?? "";

/** Whether an answer says that the session has ended: a 403 of the site's own has a message. */
export const hasEnded = (response, html) =>
  response.status === 401 ||
  response.type === "opaqueredirect" ||
  (response.status === 403 && !html.includes('id="message"'));

function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Missing on plain http from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
