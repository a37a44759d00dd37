// Reloads a page that lists what arrives, when something has. A page that has no list has nothing to reload.
const list = document.querySelector("[data-live]");
if (list) {
  new EventSource(list.dataset.live).addEventListener("change", async () => {
    const answer = await fetch(location.href);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (next) list.replaceChildren(...next.childNodes);
  });
}
