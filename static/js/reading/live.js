// What others do, shown while it happens. The server's event stream says only that something
// happened, in numbers; the page then asks for its own view of it and puts that in place, never
// while the person's own work is on its way. Without a stream it asks every now and then.

import { sentences } from "./offsets.js";
import { token } from "./outbox.js";

const PACE = 1000; // milliseconds from one question to the next, at the least
const JITTER = 200; // so that not everybody asks at the same moment
const SILENCE = 45_000; // without a sign of life, three beats of the server, a stream is dead
const QUIET = 20_000; // how often to ask where there is no stream
const HIDDEN = 20_000; // how long a page that nobody looks at keeps its stream: browsers have six
const SPEECH = 5000; // from one sentence about others to the next
const STEP = 2000; // from one word about where the person is to the next
const PATIENCE = 20_000;

export class Live {
  /**
   * `latest()` is the last event that the page shows. Of the page: `show(html)` puts elements in
   * place, `say(words)` speaks, `changed(settings)` takes what the page's script has to know.
   */
  constructor({ story, outbox, latest, show, say, changed }) {
    Object.assign(this, { story, outbox, latest, show, say, changed });
    this.url = `/articles/${story.dataset.article}`;
    this.newest = Number(latest()); // the last event that the server told of
    this.source = null;
    this.heard = 0; // when the server last gave a sign of life
    this.asked = -Infinity; // when the page last asked, and how long to wait after that
    this.pace = PACE;
    this.timer = 0;
    this.asking = false;
    this.over = false; // signed out, or the story is closed: until the person comes back
    this.pressed = false; // a selection by mouse or finger is under way
    this.unsaid = 0;
    this.company = null; // who else is here; null where that is not told
    this.place = null;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("online", () => this.wake());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
    addEventListener("pagehide", () => this.close());
    addEventListener("pointerdown", () => (this.pressed = true), true);
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (this.pressed = false), true);
    this.story.addEventListener("focusin", (event) => this.moved(event.target.closest(".s")));
    setInterval(() => this.watch(), 5000);
    if (!document.hidden) this.open();
  }

  // --- The stream -------------------------------------------------------------------------------

  open() {
    this.close();
    this.over = false;
    this.heard = Date.now();
    const source = new EventSource(`${this.url}/live/`);
    const on = (name, does) =>
      source.addEventListener(name, ({ data }) => {
        this.heard = Date.now();
        does?.(data);
      });
    on("seen", (data) => this.told(Number(data)));
    on("stale", () => this.readAnew()); // the person sees more or less than before
    on("here", (data) => this.meet(JSON.parse(data)));
    on("beat");
    this.source = source;
  }

  close() {
    this.source?.close();
    this.source = null;
    this.meet(null);
  }

  /** The person looks at the page again, or away from it. */
  look() {
    clearTimeout(this.leaving);
    if (document.hidden) this.leaving = setTimeout(() => this.close(), HIDDEN);
    else this.wake();
  }

  /** After a sleep: what was missed comes at once, and a stream that may be dead is opened anew. */
  wake() {
    if (document.hidden) return;
    const stands = this.source?.readyState === EventSource.OPEN && Date.now() - this.heard < QUIET;
    if (!stands) this.open();
    this.ask();
  }

  watch() {
    if (document.hidden || this.over) return;
    const silent = Date.now() - this.heard;
    const lost = !this.source || this.source.readyState === EventSource.CLOSED;
    if (silent > SILENCE || (lost && Date.now() - this.asked > QUIET)) {
      this.open();
      this.ask();
    }
  }

  /** The session has ended, or the story is closed: the server is left alone. */
  end() {
    this.over = true;
    this.close();
  }

  // --- What happened ------------------------------------------------------------------------------

  told(number) {
    this.newest = Math.max(this.newest, number);
    this.soon();
  }

  /** The page shows an answer to the person's own work. */
  answered() {
    if (this.over) this.open();
    if (this.isStale()) this.readAnew();
    else this.soon();
  }

  /** Whether what the page shows no longer fits: a closed story has no controls. */
  isStale() {
    return "stale" in (document.getElementById("controls")?.dataset ?? { stale: "" });
  }

  behind() {
    return this.newest > Number(this.latest());
  }

  soon() {
    if (this.timer || !this.behind()) return;
    const wait = Math.max(this.asked + this.pace - Date.now(), 0) + Math.random() * JITTER;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.behind()) this.ask();
    }, wait);
  }

  /** Ask what happened since the last event that the page shows, and show it. */
  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      await this.idle();
      const since = this.latest();
      const { newest } = this;
      const only = encodeURIComponent(this.story.dataset.only ?? "");
      const html = await this.get(`${this.url}/changes/?since=${since}&view=${only}`, { "HX-Request": "true" });
      await this.idle();
      // What the person did meanwhile is newer than this answer.
      if (html === null || this.latest() !== since) return;
      this.arrive(html);
      if (this.isStale()) await this.readAnew();
      if (this.newest === newest) this.newest = Number(this.latest());
    } finally {
      this.asking = false;
      if (!this.over) this.soon();
    }
  }

  /** Get a page or a part of it; null if that is not to be had. Sets the pace. */
  async get(url, headers) {
    const began = Date.now();
    this.asked = began;
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(url, {
        headers: { ...headers, "X-Person": this.story.dataset.user },
        redirect: "manual",
        signal,
      });
      if ([401, 403, 404].includes(response.status) || response.type === "opaqueredirect") this.end();
      if (!response.ok) return this.later();
      const html = await response.text();
      this.heard = this.asked = Date.now();
      // A server that takes long has much to do: others' work comes first.
      this.pace = Math.min(Math.max(PACE, 20 * (this.asked - began)), QUIET);
      return html;
    } catch {
      return this.later();
    }
  }

  later() {
    this.pace = QUIET;
    return null;
  }

  /** Wait while the person's own work is on its way, and while they select something. */
  async idle() {
    while (this.outbox.sending || this.pressed) await new Promise((done) => setTimeout(done, 50));
  }

  arrive(html) {
    this.keepPlace(() => this.show(html));
    this.drawCompany();
    const said = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html");
    this.speak(said.querySelector("template").content.querySelector("#said"));
  }

  /** Everything may look different: the round was revealed or closed, or too much happened. */
  async readAnew() {
    const { newest } = this;
    const html = await this.get(location.pathname + location.search, {});
    await this.idle();
    // Without the head: its styles have the other answer's nonce.
    const body = html?.slice(html.indexOf("<body"));
    const page = body && new DOMParser().parseFromString(body, "text/html");
    if (!page?.getElementById("story")) return;
    const parts = page.querySelectorAll("#story .s, #counts, #controls");
    const settings = page.getElementById("page-settings")?.textContent;
    const closed = page.querySelector(".side .notice")?.textContent;
    this.keepPlace(() => {
      this.show([...parts].map((part) => part.outerHTML).join(""));
      replace(document.querySelector("#story .source"), page.querySelector("#story .source"));
      replaceSide(page.querySelector(".side"));
      replace(document.querySelector("nav.more"), page.querySelector("nav.more"));
    });
    // Of what others do, less may be told from now on.
    if (this.newest === newest) this.newest = Number(this.latest());
    this.drawCompany();
    if (settings) {
      this.changed(JSON.parse(settings));
    } else {
      this.changed({ refusal: closed.trim() });
      this.end(); // it takes no more tags
    }
    this.say("The review of this story has changed");
  }

  /** What the person reads stays where it is, whatever grows or shrinks above it. */
  keepPlace(change) {
    const root = document.documentElement;
    const top = () => document.getElementById(seen.id)?.getBoundingClientRect().top;
    const seen = sentences().find((sentence) => sentence.getBoundingClientRect().bottom > 0);
    const before = seen && top();
    root.style.overflowAnchor = "none"; // the browser does not do the same
    change();
    const after = seen && top();
    if (before !== undefined && after !== undefined && after !== before) scrollBy({ top: after - before, behavior: "instant" });
    requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
  }

  /** Tell a screen reader now and then what others did, summed up. */
  speak(said) {
    const changes = Number(said?.dataset.changes ?? 0);
    if (!changes) return;
    this.unsaid += changes;
    this.words = this.unsaid === changes ? said.textContent : `${this.unsaid} changes by others`;
    this.speaking ??= setTimeout(
      () => {
        this.say(this.words);
        this.spoke = Date.now();
        this.unsaid = 0;
        this.speaking = null;
      },
      Math.max((this.spoke ?? 0) + SPEECH - Date.now(), 0),
    );
  }

  // --- Who is here ----------------------------------------------------------------------------------

  /** Take in who else is here; null where that is not told. */
  meet(company) {
    this.company = company;
    this.drawCompany();
    this.tellPlace();
  }

  /** The person went to a sentence. */
  moved(sentence) {
    if (!sentence) return;
    this.place = sentence.id.replace("sentence-", "");
    this.tellPlace();
  }

  /** Say where the person is, if anybody is here to see it. */
  tellPlace() {
    if (this.stepping || !this.company?.length || !this.place || this.place === this.toldPlace) return;
    this.toldPlace = this.place;
    this.stepping = setTimeout(() => {
      this.stepping = 0;
      this.tellPlace();
    }, STEP);
    fetch(`${this.url}/presence/`, {
      method: "POST",
      headers: { "HX-Request": "true", "X-CSRFToken": token(), "X-Person": this.story.dataset.user },
      body: new URLSearchParams({ sentence: this.place }),
    }).catch(() => (this.toldPlace = null));
  }

  drawCompany() {
    const company = this.company ?? [];
    if (!company.length) this.toldPlace = null; // who comes next is told anew
    let box = document.getElementById("here");
    if (!box && company.length) {
      box = document.createElement("section");
      box.id = "here";
      box.className = "here small";
      box.setAttribute("aria-label", "Here now");
      document.getElementById("counts").after(box);
    }
    for (const sentence of document.querySelectorAll(".s[data-here]")) delete sentence.dataset.here;
    if (!box) return;
    box.hidden = !company.length;
    const drawn = JSON.stringify(company);
    if (box.dataset.drawn !== drawn) box.replaceChildren("Here now: ", ...company.flatMap(inWords));
    box.dataset.drawn = drawn;
    for (const { name, sentence } of company) {
      const element = sentence && document.getElementById(`sentence-${sentence}`);
      if (!element) continue;
      element.dataset.here = [element.dataset.here, name].filter(Boolean).join(", ");
    }
  }
}

function inWords({ name, sentence }, index) {
  const parts = [index ? ", " : "", name];
  const element = sentence && document.getElementById(`sentence-${sentence}`);
  if (!element) return parts;
  const number = element.querySelector(".n").textContent;
  const link = document.createElement("a");
  link.href = `#${element.id}`;
  link.textContent = number === "H" ? "the headline" : `sentence ${number}`;
  return [...parts, " at ", link];
}

/** Put the new side column in place: what the page's scripts fill stays, and what somebody fills in. */
function replaceSide(fresh) {
  const side = document.querySelector(".side");
  const { activeElement: active } = document;
  if (!fresh || (side.contains(active) && active.matches("input, textarea, select"))) return;
  replace(fresh.querySelector("#not-saved"), document.getElementById("not-saved"));
  const state = document.getElementById("state");
  // A closed story's page has none; what is on its way needs it nevertheless.
  if (fresh.querySelector("#state")) replace(fresh.querySelector("#state"), state);
  else fresh.querySelector(".bar").append(state);
  const here = document.getElementById("here");
  side.replaceChildren(...fresh.childNodes);
  if (here) document.getElementById("counts")?.after(here);
  if (side.contains(active) || document.contains(active) || !active.id) return;
  document.getElementById(active.id)?.focus({ preventScroll: true });
}

function replace(standing, fresh) {
  if (standing && fresh) standing.replaceWith(fresh);
}
