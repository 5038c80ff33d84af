// What the queue asks the server, and what is said where no answer came.

const token = () => document.querySelector("#decide [name=csrfmiddlewaretoken]").value;

/** Ask for a part of a page. Throws where the server cannot be reached, or `signal` aborts. */
export async function ask(url, options = {}) {
  const headers = { "HX-Request": "true", "X-CSRFToken": token() };
  const response = await fetch(url, { headers, ...options });
  return { ok: response.ok, status: response.status, html: await response.text() };
}

/** Send a form; return the elements to put in place, or `words` that say why there are none. */
export async function send(url, data) {
  try {
    const { ok, status, html } = await ask(url, { method: "POST", body: data });
    if (html.includes("hx-swap-oob")) return { ok, html };
    if (status === 401) return { words: "Your session has ended. Sign in again: nothing was done." };
    return { words: `Nothing was done (error ${status}). Try again.` };
  } catch {
    return { words: "The server cannot be reached: it is not known whether it was done. Read the list again." };
  }
}

/** Return the elements of an answer, each with what is to be done with it. */
export function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children].map((element) => {
    const gone = element.getAttribute("hx-swap-oob") === "delete";
    element.removeAttribute("hx-swap-oob");
    return { element, gone, standing: document.getElementById(element.id) };
  });
}
