/** What went wrong: one of the API's codes, or "network" where it was not reached. */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "rate_limited"
  | "upstream"
  | "unavailable"
  | "timeout"
  | "canceled"
  | "internal"
  | "network";

/** An error of the API, as GraphQL has it. */
export interface ApiError {
  message: string;
  path?: (string | number)[];
  locations?: { line: number; column: number }[];
  /** The code, and for an invalid value the field and the constraint. */
  extensions?: {
    code?: string;
    field?: string;
    constraint?: string;
  } & Record<string, unknown>;
}

/** Thrown where the API refuses an operation or is not reached. */
export class KrowocError extends Error {
  override readonly name = "KrowocError";
  readonly code: ErrorCode;
  /** The HTTP status, 0 where there was no answer. */
  readonly status: number;
  /** All errors of the answer. */
  readonly errors: ApiError[];
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    detail: {
      status?: number;
      errors?: ApiError[];
      requestId?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.status = detail.status ?? 0;
    this.errors = detail.errors ?? [];
    this.requestId = detail.requestId;
  }
}

export interface ClientOptions {
  /** Where the API is: "/graphql" unless given. */
  url?: string;
  /** Headers for every request, or what returns them. */
  headers?:
    | Record<string, string>
    | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Whether cookies go along: "include" unless given, so that a session is one. */
  credentials?: RequestCredentials;
  /** The cookie that holds the token against cross-site requests, and the header that takes it. */
  csrf?: { cookie: string; header: string };
  /** Another fetch. */
  fetch?: typeof fetch;
}

export interface RequestOptions {
  /** Ends the request. */
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

type $Leaf<T> = { leaf: T };
type $Node<Name extends keyof $Types, Wrap extends string, Args> = {
  node: Name;
  wrap: Wrap;
  args: Args;
};
type $Wrapped<T, W> = W extends "T!"
  ? T
  : W extends "T"
    ? T | null
    : W extends "[T!]!"
      ? T[]
      : W extends "[T!]"
        ? T[] | null
        : W extends "[T]!"
          ? (T | null)[]
          : (T | null)[] | null;
type $Args<A> = [A] extends [never]
  ? { $?: never }
  : Record<string, never> extends A
    ? { $?: A }
    : { $: A };

/** What can be selected of a type: `true` for a value, and for an object what is selected of it, its arguments under `$`. */
export type Select<N extends keyof $Types> = {
  [K in keyof $Types[N]]?: $Types[N][K] extends $Node<infer M, string, infer A>
    ? Select<M> & $Args<A>
    : true;
};

/** What a selection gives. */
export type Result<N extends keyof $Types, S> = {
  [K in Exclude<keyof S, "$"> & keyof $Types[N]]: $Types[N][K] extends $Node<
    infer M,
    infer W,
    unknown
  >
    ? $Wrapped<Result<M, S[K]>, W>
    : $Types[N][K] extends $Leaf<infer T>
      ? T
      : never;
};

/** A selection without names that the type does not have. */
type $Strict<N extends keyof $Types, S> = {
  [K in keyof S]: K extends keyof $Types[N]
    ? $Types[N][K] extends $Node<infer M, string, infer A>
      ? $Strict<M, Omit<S[K], "$">> & $Args<A>
      : true
    : never;
};

type $Meta = Record<string, Record<string, [string, Record<string, string>?]>>;

/** Writes an operation of a selection. */
const $print = (kind: string, root: string, selection: object) => {
  const variables: Record<string, unknown> = {};
  const types: string[] = [];
  const fields = (type: string, of: object): string =>
    Object.entries(of)
      .filter(([name, value]) => name !== "$" && value)
      .map(([name, value]) => {
        if (value === true) return name;
        const [target = "", declared = {}] = $meta[type]?.[name] ?? [];
        const args = Object.entries(
          (value as { $?: Record<string, unknown> }).$ ?? {},
        )
          .filter(([, v]) => v !== undefined)
          .map(([arg, v]) => {
            const variable = `v${types.length}`;
            types.push(`$${variable}: ${declared[arg]}`);
            variables[variable] = v;
            return `${arg}: $${variable}`;
          });
        return `${name}${args.length ? `(${args.join(", ")})` : ""} ${fields(target, value as object)}`;
      })
      .join(" ")
      .replace(/^.*$/s, "{ $& }");
  const body = fields(root, selection);
  const head = types.length ? `(${types.join(", ")})` : "";
  return { query: `${kind}${head} ${body}`, variables };
};

const $cookie = (name: string) =>
  typeof document === "undefined"
    ? undefined
    : document.cookie
        .split("; ")
        .find((c) => c.startsWith(`${name}=`))
        ?.slice(name.length + 1);

const $codes: Record<number, ErrorCode> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  429: "rate_limited",
  502: "upstream",
  503: "unavailable",
  504: "timeout",
};

/** Makes what sends operations. */
const $transport = (options: ClientOptions) => {
  const csrf = options.csrf ?? { cookie: "csrf_token", header: "X-CSRF-Token" };
  return async (
    operation: { query: string; variables: object },
    accept: string,
    request: RequestOptions,
  ) => {
    const token = $cookie(csrf.cookie);
    const own =
      typeof options.headers === "function"
        ? await options.headers()
        : options.headers;
    let response: Response;
    try {
      response = await (options.fetch ?? fetch)(options.url ?? "/graphql", {
        method: "POST",
        credentials: options.credentials ?? "include",
        headers: {
          "Content-Type": "application/json",
          Accept: accept,
          ...(token ? { [csrf.header]: decodeURIComponent(token) } : {}),
          ...own,
          ...request.headers,
        },
        body: JSON.stringify(operation),
        signal: request.signal ?? null,
      });
    } catch (cause) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new KrowocError("network", "the API was not reached", { cause });
    }
    return response;
  };
};

/** Reads an answer, or throws what is wrong with it. */
const $answer = async (response: Response) => {
  const detail = {
    status: response.status,
    requestId: response.headers.get("X-Request-Id") ?? undefined,
  };
  let body: {
    data?: unknown;
    errors?: ApiError[];
    detail?: string;
    title?: string;
    code?: string;
  };
  try {
    body = await response.json();
  } catch (cause) {
    throw new KrowocError(
      $codes[response.status] ?? "internal",
      `the answer is not JSON (status ${response.status})`,
      { ...detail, cause },
    );
  }
  $check(body, detail);
  if (!response.ok)
    throw new KrowocError(
      $codes[response.status] ?? "internal",
      body.detail ?? body.title ?? `status ${response.status}`,
      detail,
    );
  return body.data;
};

const $check = (
  body: { errors?: ApiError[] },
  detail: { status: number; requestId: string | undefined },
) => {
  const first = body.errors?.[0];
  if (!first) return;
  const code = (first.extensions?.code ?? "internal").toLowerCase();
  throw new KrowocError(code as ErrorCode, first.message, {
    ...detail,
    errors: body.errors ?? [],
  });
};

const $json = "application/graphql-response+json, application/json";

/** Reads the events of a stream (https://github.com/enisdenjo/graphql-sse). */
async function* $events(response: Response): AsyncGenerator<unknown> {
  const detail = {
    status: response.status,
    requestId: response.headers.get("X-Request-Id") ?? undefined,
  };
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    yield await $answer(response);
    return;
  }
  const reader = response
    .body!.pipeThrough(new TextDecoderStream())
    .getReader();
  try {
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value.replaceAll("\r", "")).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const lines = part.split("\n");
        if (lines.includes("event: complete")) return;
        const data = lines
          .filter((l) => l.startsWith("data:"))
          .map((l) => l.slice(5).trimStart())
          .join("\n");
        if (!data) continue;
        const body = JSON.parse(data) as {
          data?: unknown;
          errors?: ApiError[];
        };
        $check(body, detail);
        yield body.data;
      }
    }
  } finally {
    await reader.cancel();
  }
}
