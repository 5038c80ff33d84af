// What a page keeps in this browser's storage, so that it outlives a reload: things with a `key`,
// by which they are in order.

/** The keys of this browser's storage that begin with `prefix`. */
function storedKeys(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return []; // storage is forbidden
  }
}

export class Kept {
  constructor(prefix, changed) {
    this.prefix = prefix;
    this.memory = new Map(); // what storage had no room for, or was forbidden to take
    addEventListener("storage", (event) => event.key?.startsWith(prefix) && changed());
  }

  /** Whether some of it is lost when the page is closed. */
  get isFragile() {
    return this.memory.size > 0;
  }

  /** All of it, oldest first. */
  all() {
    const found = new Map();
    for (const key of storedKeys(this.prefix)) {
      const stored = localStorage.getItem(key);
      if (stored) found.set(key, JSON.parse(stored));
    }
    // Newer than what is stored under the same key, which could not be replaced.
    for (const [key, thing] of this.memory) found.set(key, thing);
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  put(thing) {
    try {
      localStorage.setItem(thing.key, JSON.stringify(thing));
      this.memory.delete(thing.key);
    } catch {
      this.memory.set(thing.key, thing);
    }
  }

  drop({ key }) {
    this.memory.delete(key);
    if (storedKeys(key).length) localStorage.removeItem(key);
  }
}
