import { useSyncExternalStore } from "react";
import { here, origin } from "./origin";

/** Who is logged in. The browser keeps a cookie that no script can read. */
export type User = { id: string; email?: string; roles: string[] };

/** The user is undefined until the API has answered, and null for nobody. */
type Session = { user: User | null | undefined; csrfToken: string };

let session: Session = { user: undefined, csrfToken: "" };
const listeners = new Set<() => void>();

/** Asks the API who is logged in. Without an answer, nobody is logged out. */
export const refresh = async () => {
  const response = await fetch(`${origin}/auth/session`, {
    credentials: "include",
  }).catch(() => undefined);
  if (response?.ok) {
    session = (await response.json()) as Session;
    for (const listener of listeners) listener();
  } else if (session.user === undefined) {
    setTimeout(refresh, 2000);
  }
};

/** Sends a form to a route of /auth. An answer that refuses it is an error. */
const send = async (route: string, form: object) => {
  const response = await fetch(`${origin}/auth/${route}`, {
    method: "POST",
    credentials: "include",
    headers: {
      "Content-Type": "application/json",
      "X-CSRF-Token": session.csrfToken,
    },
    body: JSON.stringify(form),
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as {
      detail?: string;
    };
    throw new Error(problem.detail ?? `status ${response.status}`);
  }
  await refresh();
  return response;
};

/** Logs in with a password or the code of a mail, and returns where to go; without either, sends that mail. */
export const logIn = async (form: object) => {
  const response = await send("login", form);
  return (await response.json()) as { sent?: boolean; next?: string };
};

/** Where to log in again, for what asks for a log-in of the last maxAge seconds. It leads back to this page. */
export const againAt = (maxAge: number) =>
  `${origin}/auth/login?${new URLSearchParams({ max_age: String(maxAge), next: here() })}`;

const logOut = () => send("logout", {});

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Who is logged in, and how they log out. */
export const useSession = () => ({
  user: useSyncExternalStore(subscribe, () => session).user,
  logOut,
});

void refresh();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh(); // another tab may have logged out
});
