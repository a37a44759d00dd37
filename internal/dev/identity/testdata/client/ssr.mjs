// What an application that is rendered on a server does with Supabase's client, against the provider at AUTH_URL: each request makes a client
// of its own from the cookies of the browser.
import assert from "node:assert/strict";
import { createServerClient } from "@supabase/ssr";
import { nextMail } from "./mail.mjs";

const origin = new URL(process.env.AUTH_URL).origin;

class Browser {
  jar = new Map();
  request() {
    return createServerClient(origin, "key", {
      cookies: {
        getAll: () => [...this.jar].map(([name, value]) => ({ name, value })),
        setAll: (list) => list.forEach(({ name, value, options }) => (options.maxAge === 0 ? this.jar.delete(name) : this.jar.set(name, value))),
      },
      realtime: { transport: class {} }, // Node.js 20 has no WebSocket
    }).auth;
  }
}

async function ok(promise) {
  const { data, error } = await promise;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

async function codeOf(link) {
  const answer = await fetch(link, { redirect: "manual" });
  const to = new URL(answer.headers.get("location"));
  assert.equal(to.origin + to.pathname, "http://localhost:3000/auth/callback");
  return to.searchParams.get("code");
}

const browser = new Browser();
const redirectTo = "http://localhost:3000/auth/callback";

// The link of a mail returns with a code, which only this browser can exchange.
await ok(browser.request().signInWithOtp({ email: "ann@example.com", options: { emailRedirectTo: redirectTo } }));
const code = await codeOf((await nextMail()).link);
assert.ok((await new Browser().request().exchangeCodeForSession(code)).error);
assert.equal((await ok(browser.request().exchangeCodeForSession(code))).user.id, "ann");
assert.equal((await ok(browser.request().getUser())).user.id, "ann");
assert.equal((await ok(browser.request().getClaims())).claims.sub, "ann");

// Shortly before the end of the token, two requests at once refresh it, and both stay logged in.
const before = [...browser.jar.values()].join();
const { now } = Date;
Date.now = () => now() + 59.5 * 60_000;
await Promise.all([ok(browser.request().getSession()), ok(browser.request().getSession())]);
Date.now = now;
assert.notEqual([...browser.jar.values()].join(), before);
assert.equal((await ok(browser.request().getUser())).user.id, "ann");
await ok(browser.request().refreshSession());

// A forgotten password is replaced, and the sessions of other browsers end.
const other = new Browser();
await ok(other.request().signInWithPassword({ email: "ann@example.com", password: "password" }));
await ok(browser.request().resetPasswordForEmail("ann@example.com", { redirectTo }));
await ok(browser.request().exchangeCodeForSession(await codeOf((await nextMail()).link)));
await ok(browser.request().updateUser({ password: "secret2" }));
assert.equal((await new Browser().request().signInWithPassword({ email: "ann@example.com", password: "password" })).error.code, "invalid_credentials");
await ok(browser.request().signOut({ scope: "others" }));
assert.ok((await other.request().getUser()).error);
assert.equal((await ok(browser.request().getUser())).user.id, "ann");
await ok(browser.request().signOut());
assert.equal(browser.jar.size, 0);

// The token in the link of a mail, as the route /auth/confirm of an application takes it.
await ok(browser.request().signInWithOtp({ email: "bob@example.com" }));
const token_hash = new URL((await nextMail()).link).searchParams.get("token");
assert.equal((await ok(browser.request().verifyOtp({ token_hash, type: "email" }))).user.id, "bob");
process.exit();
