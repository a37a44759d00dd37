import { origin } from "./origin";

/** How many errors a page reports at most: an error in a loop must not keep the network busy. */
const most = 20;
let reported = 0;

/** Sends an error to the list of errors of the API, without data of the user: no cookies are read, and the page is its path alone. */
const report = (error: unknown, message: string) => {
  if (++reported > most) return;
  const body = JSON.stringify({
    message: (error instanceof Error ? error.message : message).slice(0, 1000),
    stack: error instanceof Error ? (error.stack ?? "").slice(0, 8000) : "",
    url: location.pathname,
    release: String(import.meta.env["VITE_RELEASE"] ?? ""),
  });
  navigator.sendBeacon(`${origin}/errors`, body);
};

/** Reports what nobody catches. The API answers 404 where errors.clients is not set; nothing else happens then. */
export const reportErrors = () => {
  addEventListener("error", (event) => report(event.error, event.message));
  addEventListener("unhandledrejection", (event) =>
    report(event.reason, "unhandled rejection"),
  );
};
