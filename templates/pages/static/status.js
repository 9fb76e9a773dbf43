// Keeps a page about unfinished work up to date: asks for the same page again and puts its living part in place.
"use strict";

const EVERY_MS = 1500;

async function look() {
  if (!document.querySelector("[data-unfinished]")) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (answer.redirected) {
      location.replace(answer.url);
      return;
    }
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (error) {
    // The network may be away for a moment; the next look tells.
    if (!(error instanceof TypeError)) throw error;
  }
  setTimeout(look, EVERY_MS);
}

function show(fresh) {
  document.title = fresh.title;
  for (const id of ["state", "live"]) {
    const [shown, found] = [document.getElementById(id), fresh.getElementById(id)];
    if (!shown || !found || shown.innerHTML === found.innerHTML) continue;
    shown.replaceChildren(...found.childNodes);
    shown.toggleAttribute("data-unfinished", found.hasAttribute("data-unfinished"));
  }
}

setTimeout(look, EVERY_MS);
