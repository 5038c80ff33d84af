// What a person did on a story's page and could not be sent is sent from any other page too, and
// what was refused stays in view. Nothing more is loaded where nothing waits: the usual case.

const state = document.getElementById("unsent");
const { user, signIn } = state.dataset;

function waits(prefix) {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(prefix));
  } catch {
    return false; // storage is forbidden
  }
}

async function start() {
  const [{ Outbox, signInLink }, { Refused }] = await Promise.all([
    import("./reading/outbox.js"),
    import("./reading/refused.js"),
  ]);
  const refused = new Refused({
    user,
    article: document.getElementById("story")?.dataset.article,
    again: (item) => outbox.again(item),
  });
  const show = (how, waiting) => {
    const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
    state.hidden = how === "saved";
    state.textContent = `${changes} not saved yet. Kept in this browser, sent when it can be.`;
    if (how === "signed-out") state.replaceChildren(`${changes} not saved yet. `, signInLink(signIn));
  };
  const outbox = new Outbox({ user, refused, handlers: { onState: show } });
  outbox.changed();
  outbox.soon(0);
}

if (waits(`annotate:${user}:`) || waits(`annotate-refused:${user}:`)) start();
