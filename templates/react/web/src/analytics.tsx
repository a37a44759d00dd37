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

/** Joins what this page causes, in the logs of the API and in events. */
const correlation = random(16);

type State = { config?: Config; posthog?: PostHog | undefined; asks: boolean };

let state: State = { asks: false };
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

/** Loads PostHog, which nobody loads who has not agreed. */
const start = async (config: Config) => {
  const { default: posthog } = await import("posthog-js");
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
  if (posthog.has_opted_out_capturing()) posthog.opt_in_capturing();
  const { environment, release } = config;
  posthog.register({ environment, release, correlation_id: correlation });
  const report = (error: unknown) =>
    posthog.captureException(error, error instanceof KrowocError ? { error_code: error.code } : {});
  addEventListener("error", (event) => report(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => report(event.reason));
  set({ posthog, asks: false });
};

const kept = "analytics-consent";

/** Asks the API whether it takes events, and the person whether they agree. */
const begin = async () => {
  if (refuses()) return;
  const response = await fetch(`${origin}${path}/config`).catch(() => undefined);
  const config = response?.ok
    ? ((await response.json().catch(() => undefined)) as Config | undefined)
    : undefined;
  if (!config?.key) return;
  const answer = localStorage.getItem(kept);
  set({ config, asks: config.consent === "required" && answer === null });
  if (config.consent === "assumed" || answer === "yes") await start(config);
};

/** Keeps what the person has decided. */
const decide = (agreed: boolean) => {
  localStorage.setItem(kept, agreed ? "yes" : "no");
  const { config, posthog } = state;
  if (agreed && config) void start(config);
  if (!agreed && posthog) {
    posthog.reset();
    posthog.opt_out_capturing();
  }
  set(agreed ? { asks: false } : { asks: false, posthog: undefined });
};

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

/** Names the person in events after a log-in, and asks for consent. */
export function Analytics() {
  const { config, posthog, asks } = useSyncExternalStore(subscribe, () => state);
  const { user } = useSession();
  const id = user === undefined ? undefined : (user?.id ?? null);

  useEffect(() => {
    if (!posthog || !config || id === undefined) return;
    const current = posthog.get_distinct_id();
    const isNamed = !current.startsWith(config.anonymousPrefix);
    if (isNamed && current !== id) posthog.reset(); // somebody else, or nobody
    if (id !== null) posthog.identify(id);
  }, [posthog, config, id]);

  if (asks)
    return (
      <aside>
        May we record how you use these pages?{" "}
        <button onClick={() => decide(true)}>Yes</button>{" "}
        <button onClick={() => decide(false)}>No</button>
      </aside>
    );
  if (posthog && config?.consent === "required")
    return (
      <aside>
        We record how you use these pages.{" "}
        <button onClick={() => decide(false)}>Stop</button>
      </aside>
    );
  return null;
}

void begin();
