// A list that is asked for by a filter or a search: what to do when none comes back.
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  // The session ended: the page itself asks to sign in, and comes back to this search.
  if (detail.xhr.status === 401) location.assign(detail.pathInfo.finalRequestPath);
  else if (detail.xhr.status === 429) say("That was searched very often. Wait a minute, then try again.");
  else say(`The list could not be brought up to date (error ${detail.xhr.status}). Try again.`);
});
document.body.addEventListener("htmx:sendError", () => {
  say("The server cannot be reached: the list below is not up to date. Try again.");
});

function say(message) {
  document.querySelector("#found, .found[role=status], .found [role=status]").textContent = message;
}
