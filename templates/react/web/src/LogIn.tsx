import { type ReactNode, useActionState, useEffect, useState } from "react";
import { here, origin } from "./origin";
import { logIn, useSession } from "./session";

// The API leads to auth.session.page with what it was asked, and why a log-in has failed.
const asked = location.pathname === "/login";
const query = new URLSearchParams(asked ? location.search : "");
const maxAge = query.get("max_age"); // of a log-in that is asked for again

/** Shows its children to those who are logged in, and the log-in page to all others. */
export function LoggedIn({ children }: { children: ReactNode }) {
  const { user } = useSession();
  if (user === undefined) return <main aria-busy>Loading…</main>;
  return user && maxAge === null ? children : <LogIn />;
}

// Without a page that was asked for, the API says /: the start of its own origin, and not that of these pages.
const goal = () => {
  const next = query.get("next") ?? "/";
  return origin !== "" && next === "/" ? `${location.origin}/` : next;
};

type Attempt = { email: string; sent: boolean; error?: string | undefined };

const attempt = async (before: Attempt, form: FormData): Promise<Attempt> => {
  const email = String(form.get("email"));
  try {
    const { sent = false, next } = await logIn(Object.fromEntries(form));
    if (asked && next) location.replace(new URL(next, origin || location.origin));
    return { email, sent };
  } catch (problem) {
    const error = problem instanceof Error ? problem.message : String(problem);
    return { ...before, email, error };
  }
};

function LogIn() {
  const [providers, setProviders] = useState<string[]>([]);
  const [{ email, sent, error }, submit, pending] = useActionState(attempt, {
    email: query.get("email") ?? "",
    sent: false,
    error: query.get("error") ?? undefined,
  });

  useEffect(() => {
    fetch(`${origin}/auth/providers`)
      .then((response) => response.json())
      .then((answer: { providers?: string[] }) =>
        setProviders(answer.providers ?? []),
      )
      .catch(() => setProviders([])); // an e-mail address is enough
  }, []);

  const next = asked ? goal() : here();
  return (
    <main className="login">
      <h1>Log in</h1>
      {providers.map((provider) => (
        <a
          key={provider}
          href={`${origin}/auth/login?${new URLSearchParams({ provider, next, ...(maxAge && { max_age: maxAge }) })}`}
        >
          Continue with {provider}
        </a>
      ))}
      <form action={submit}>
        <input type="hidden" name="next" value={next} />
        <label>
          E-mail
          <input
            name="email"
            type="email"
            autoComplete="username"
            required
            readOnly={sent}
            defaultValue={email}
          />
        </label>
        {sent ? (
          <label key="code">
            Code
            <input
              name="code"
              autoFocus
              inputMode="numeric"
              autoComplete="one-time-code"
              required
            />
          </label>
        ) : (
          <label>
            Password
            <input
              name="password"
              type="password"
              autoComplete="current-password"
            />
          </label>
        )}
        <button disabled={pending}>Log in</button>
      </form>
      {error && <p role="alert">{error}</p>}
      <p>
        {sent
          ? `A mail is on its way to ${email}. Open its link in this browser, or enter its code.`
          : "Without a password, you get a mail with a link and a code."}
      </p>
    </main>
  );
}
