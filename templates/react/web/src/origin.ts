/** Where the API is: the origin of the page, or VITE_API_URL, which must list the page in server.cors.origins. */
export const origin = String(import.meta.env["VITE_API_URL"] ?? "");

/** This page as the API can lead back to it. */
export const here = () =>
  origin === ""
    ? location.pathname + location.search
    : location.origin + location.pathname + location.search;
