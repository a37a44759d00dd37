// What an application in a browser does with Supabase's client, against the provider at AUTH_URL.
import assert from "node:assert/strict";
import { AuthClient } from "@supabase/auth-js";
import { nextMail } from "./mail.mjs";

const url = process.env.AUTH_URL;

function memory() {
  const items = new Map();
  return { getItem: (k) => items.get(k) ?? null, setItem: (k, v) => items.set(k, v), removeItem: (k) => items.delete(k) };
}

const client = (options = {}) =>
  new AuthClient({ url, storage: memory(), persistSession: true, autoRefreshToken: false, detectSessionInUrl: false, ...options });

async function ok(promise) {
  const { data, error } = await promise;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

const auth = client();
const signedUp = await ok(auth.signUp({ email: "new@example.com", password: "secret1", options: { data: { name: "New" } } }));
assert.equal(signedUp.user.email, "new@example.com");
assert.equal(signedUp.user.user_metadata.name, "New");
assert.ok(signedUp.session.access_token);
await ok(auth.signOut());
assert.equal((await auth.getSession()).data.session, null);

const refused = await auth.signInWithPassword({ email: "new@example.com", password: "wrong" });
assert.equal(refused.error.code, "invalid_credentials");
await ok(auth.signInWithPassword({ email: "new@example.com", password: "secret1" }));
assert.equal((await ok(auth.getUser())).user.email, "new@example.com");
const claims = await ok(auth.getClaims()); // verified with the keys of jwks.json
assert.equal(claims.claims.email, "new@example.com");
const before = (await auth.getSession()).data.session;
const refreshed = await ok(auth.refreshSession());
assert.notEqual(refreshed.session.refresh_token, before.refresh_token);
assert.equal((await ok(auth.updateUser({ data: { theme: "dark" } }))).user.user_metadata.theme, "dark");
await ok(auth.signOut({ scope: "local" }));

await ok(auth.signInWithOtp({ email: "ann@example.com" }));
const { code } = await nextMail();
const verified = await ok(auth.verifyOtp({ email: "ann@example.com", token: code, type: "email" }));
assert.equal(verified.user.id, "ann");

// A new address is confirmed by the owners of both.
assert.equal((await ok(auth.updateUser({ email: "lee@example.com" }))).user.new_email, "lee@example.com");
const [ofOld, ofNew] = [await nextMail(), await nextMail()];
assert.equal((await ok(auth.verifyOtp({ email: "lee@example.com", token: ofNew.code, type: "email_change" }))).session, null);
const changed = await ok(auth.verifyOtp({ email: "ann@example.com", token: ofOld.code, type: "email_change" }));
assert.equal(changed.user.email, "lee@example.com");
assert.equal((await ok(auth.getUser())).user.email, "lee@example.com");

const pkce = client({ flowType: "pkce" });
const { url: page } = await ok(pkce.signInWithOAuth({ provider: "google", options: { redirectTo: "http://localhost:3000/back", skipBrowserRedirect: true } }));
const at = new URL(page);
const form = new URLSearchParams({ user: "ann" });
for (const name of ["redirect_to", "code_challenge", "code_challenge_method"]) form.set(name, at.searchParams.get(name));
const answer = await fetch(`${url}/authorize`, { method: "POST", body: form, redirect: "manual" });
const back = new URL(answer.headers.get("location"));
assert.equal(back.origin + back.pathname, "http://localhost:3000/back");
const exchanged = await ok(pkce.exchangeCodeForSession(back.searchParams.get("code")));
assert.equal(exchanged.user.email, "lee@example.com");
process.exit();
