// Buttons with a passkey: django-allauth's script does the work. They are shown where the browser
// can do it (over HTTPS or on localhost), and what went wrong is said in words.

const say = document.querySelector(".passkey-error");
const able = "PublicKeyCredential" in window && !/^[\d.]+$|^\[/.test(location.hostname);

function tell(text) {
  say.textContent = text;
  say.hidden = false;
}

for (const button of document.querySelectorAll(".passkey")) button.hidden = !able;
if (!able && document.querySelector("#add-passkey")) {
  tell("Passkeys need a site that is reached by its name over HTTPS, or as http://localhost.");
}
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const { name } = event.detail.exception;
  tell(
    name === "InvalidStateError"
      ? "This device has a passkey for this account already."
      : "The passkey was not used: it was cancelled, or there is none for this site. Try again.",
  );
});
