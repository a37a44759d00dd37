import type { CaptureResult, PostHog } from "posthog-js";
import { useEffect, useSyncExternalStore } from "react";
import { KrowocError } from "./client";
import { origin } from "./origin";
import { useSession } from "./session";

/** The path of the API for events: analytics.path in krowoc.yaml. */
const path = String(import.meta.env["VITE_ANALYTICS_PATH"] ?? "/relay");

/** What the API says of events, if it takes any. */
type Config = {
  key: string;
  consent: "required" | "assumed";
  environment: string;
  release: string;
  anonymousPrefix: string;
};

/** Random bytes in hexadecimal. */
const random = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Joins what this page causes, in the logs of the API and in events. What it was before consent, no event has. */
let correlation = random(16);

const kept = "analytics-consent";

/** The answer is the one that is kept, of whomever. */
type State = { config?: Config; posthog?: PostHog | undefined; answer: string | null };

let state: State = { answer: localStorage.getItem(kept) };
const listeners = new Set<() => void>();

const set = (change: Partial<State>) => {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
};

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Whether the browser asks not to be tracked. Then nobody is asked, and nothing is loaded. */
const refuses = () =>
  navigator.doNotTrack === "1" ||
  (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;

/** Queries of URLs can have e-mail addresses and codes. */
const withoutQuery = (value: unknown) =>
  typeof value === "string" && /^[a-z][a-z+.-]*:\/\//i.test(value) ? value.replace(/[?#].*$/s, "") : value;

type Exception = { type?: string; value?: string; stacktrace?: { frames?: Record<string, unknown>[] } };

/** Removes queries of URLs, and messages of errors, which can have values of rows: their types are enough. */
const clean = (event: CaptureResult | null) => {
  const exceptions = (event?.properties["$exception_list"] ?? []) as Exception[];
  for (const exception of exceptions) exception.value = exception.type ?? "Error";
  const frames = exceptions.flatMap((exception) => exception.stacktrace?.frames ?? []);
  for (const values of [event?.properties, event?.$set, event?.$set_once, ...frames]) {
    for (const [name, value] of Object.entries(values ?? {})) values![name] = withoutQuery(value);
  }
  return event;
};

let loading: Promise<PostHog | undefined> | undefined;

/** Loads PostHog once, and never for somebody who has not agreed. */
const load = (config: Config) =>
  (loading ??= import("posthog-js").then(
    ({ default: posthog }) => {
      posthog.init(config.key, {
        api_host: `${origin || location.origin}${path}`,
        get_device_id: (id) => config.anonymousPrefix + id,
        person_profiles: "identified_only",
        persistence: "localStorage",
        respect_dnt: true,
        capture_pageview: "history_change",
        capture_pageleave: true,
        autocapture: false,
        disable_session_recording: true,
        disable_surveys: true,
        disable_external_dependency_loading: true,
        advanced_disable_flags: true,
        before_send: clean,
      });
      const report = (error: unknown) =>
        posthog.captureException(error, error instanceof KrowocError ? { error_code: error.code } : {});
      addEventListener("error", (event) => report(event.error ?? event.message));
      addEventListener("unhandledrejection", (event) => report(event.reason));
      return posthog;
    },
    () => undefined, // a blocker keeps it from loading
  ));

/** Whom events are about: null is nobody in particular, and with undefined there are none. */
let wanted: string | null | undefined;

/** Ends what is captured, also of a PostHog that was loading. */
const end = (posthog: PostHog) => {
  posthog.reset();
  posthog.opt_out_capturing();
  correlation = random(16);
  set({ posthog: undefined });
};

/** Captures events about a person from now on, or none. */
const record = async (config: Config, id: string | null | undefined) => {
  wanted = id;
  if (id === undefined) {
    if (state.posthog) end(state.posthog);
    return;
  }
  const posthog = await load(config);
  if (!posthog || wanted !== id) {
    if (posthog && wanted === undefined) end(posthog);
    return;
  }
  const current = posthog.get_distinct_id();
  const isOther = !current.startsWith(config.anonymousPrefix) && current !== id; // somebody else, or nobody
  if (isOther) posthog.reset();
  if (isOther || !state.posthog) correlation = random(16);
  const { environment, release } = config;
  posthog.register({ environment, release, correlation_id: correlation });
  if (posthog.has_opted_out_capturing()) posthog.opt_in_capturing();
  if (id !== null) posthog.identify(id);
  set({ posthog });
};

/** Asks the API whether it takes events. */
const begin = async () => {
  if (refuses()) return;
  const response = await fetch(`${origin}${path}/config`).catch(() => undefined);
  const config = response?.ok
    ? ((await response.json().catch(() => undefined)) as Config | undefined)
    : undefined;
  if (config?.key) set({ config });
};

/** An answer is that of one person: others who log in with this browser have not agreed by it. */
const answerOf = (agreed: boolean, id: string) => `${agreed ? "yes" : "no"} ${id}`;

/** Keeps what the person has decided. */
const decide = (agreed: boolean, id: string) => {
  const answer = answerOf(agreed, id);
  localStorage.setItem(kept, answer);
  set({ answer });
};

/** What is decided in one tab counts in all. */
addEventListener("storage", (event) => {
  if (event.key === kept || event.key === null) set({ answer: localStorage.getItem(kept) });
});

/**
 * The headers of a request to the API. Each begins a trace (W3C Trace Context), which the page itself does not record. After consent, events of
 * the API are about the same person as those of the page.
 */
export const headers = (): Record<string, string> => ({
  Traceparent: `00-${random(16)}-${random(8)}-00`,
  "X-Correlation-ID": correlation,
  ...(state.posthog && {
    "X-PostHog-Distinct-Id": state.posthog.get_distinct_id(),
    "X-PostHog-Session-Id": state.posthog.get_session_id(),
  }),
});

/** Captures an event of the page. */
export const capture = (event: string, properties: Record<string, unknown> = {}) =>
  state.posthog?.capture(event, properties);

/** Asks everybody who is logged in for consent, and names them in events after it. */
export function Analytics() {
  const { config, posthog, answer } = useSyncExternalStore(subscribe, () => state);
  const { user } = useSession();
  const id = user === undefined ? undefined : (user?.id ?? null);
  const isAsked = config?.consent === "required";
  const agrees = !isAsked || (typeof id === "string" && answer === answerOf(true, id));

  useEffect(() => {
    if (config && id !== undefined) void record(config, agrees ? id : undefined);
  }, [config, id, agrees]);

  if (!isAsked || typeof id !== "string") return null;
  if (answer !== answerOf(true, id) && answer !== answerOf(false, id))
    return (
      <aside>
        May we record how you use these pages?{" "}
        <button onClick={() => decide(true, id)}>Yes</button>{" "}
        <button onClick={() => decide(false, id)}>No</button>
      </aside>
    );
  if (posthog)
    return (
      <aside>
        We record how you use these pages.{" "}
        <button onClick={() => decide(false, id)}>Stop</button>
      </aside>
    );
  return null;
}

void begin();
