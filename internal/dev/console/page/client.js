// For a page under development: shows a mistake of the schema, a migration or a seed over it, and reloads when the API has changed.
// A page that wants to do something else on a reload listens for the event krowoc:reload and calls preventDefault.
(() => {
  const source = new EventSource(new URL("/events", document.currentScript.src));
  let overlay;
  const show = (text) => {
    overlay?.remove();
    overlay = undefined;
    if (!text) return;
    overlay = document.createElement("div");
    overlay.id = "krowoc-mistake";
    const shadow = overlay.attachShadow({ mode: "open" });
    const box = document.createElement("pre");
    box.textContent = text + "\n\nThe last good state keeps serving. Click to dismiss.";
    box.setAttribute("style", "position:fixed;inset:auto 0 0 0;z-index:2147483647;margin:0;padding:1rem;max-height:50vh;overflow:auto;" +
      "background:#1b1b1b;color:#f2b8b5;font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;border-top:4px solid #b3261e");
    box.addEventListener("click", () => show(""));
    shadow.append(box);
    (document.body ?? document.documentElement).append(overlay);
  };
  source.addEventListener("mistake", (e) => show(JSON.parse(e.data)));
  source.addEventListener("reload", () => {
    if (window.dispatchEvent(new CustomEvent("krowoc:reload", { cancelable: true }))) location.reload();
  });
})();
