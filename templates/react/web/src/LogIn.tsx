import { type ReactNode, useActionState, useEffect, useState } from "react";
import { logIn, useSession } from "./session";

/** Shows its children to those who are logged in, and the log-in page to all others. */
export function LoggedIn({ children }: { children: ReactNode }) {
  const { user } = useSession();
  if (user === undefined) return <main aria-busy>Loading…</main>;
  return user ? children : <LogIn />;
}

type Attempt = { email: string; sent: boolean; error?: string };

const attempt = async (before: Attempt, form: FormData): Promise<Attempt> => {
  const email = String(form.get("email"));
  try {
    return { email, sent: await logIn(Object.fromEntries(form)) };
  } catch (problem) {
    const error = problem instanceof Error ? problem.message : String(problem);
    return { ...before, email, error };
  }
};

function LogIn() {
  const [providers, setProviders] = useState<string[]>([]);
  const [{ email, sent, error }, submit, pending] = useActionState(attempt, {
    email: "",
    sent: false,
  });

  useEffect(() => {
    fetch("/auth/providers")
      .then((response) => response.json())
      .then((answer: { providers?: string[] }) =>
        setProviders(answer.providers ?? []),
      )
      .catch(() => setProviders([])); // an e-mail address is enough
  }, []);

  const next = location.pathname + location.search;
  return (
    <main className="login">
      <h1>Log in</h1>
      {providers.map((provider) => (
        <a
          key={provider}
          href={`/auth/login?${new URLSearchParams({ provider, next })}`}
        >
          Continue with {provider}
        </a>
      ))}
      <form action={submit}>
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
