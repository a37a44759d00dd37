/** What went wrong: one of the API's codes; "network" where it was not reached, and "canceled" where a signal ended the request. */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "reauthenticate"
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
  /** The field of the input that the API refuses, where it names one. */
  readonly field: string | undefined;
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
    this.field = this.errors[0]?.extensions?.field;
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
  /** The cookie with the token against cross-site requests, over HTTPS after __Host-, and the header that takes it. */
  csrf?: { cookie: string; header: string };
  /** Another fetch. */
  fetch?: typeof fetch;
}

export interface RequestOptions {
  /** Ends the request with a KrowocError: "timeout" for AbortSignal.timeout, otherwise "canceled". */
  signal?: AbortSignal | undefined;
  headers?: Record<string, string> | undefined;
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

/**
 * What can be selected of a type: `true` for a value, and for an object what is selected of it, its arguments under `$`. Another name is an
 * alias of the field under `$of`.
 */
export type Select<N extends keyof $Types> = {
  [K in keyof $Types[N]]?: $Types[N][K] extends $Node<infer M, string, infer A>
    ? Select<M> & $Args<A>
    : true;
} & { [alias: string]: unknown };

/** The field of a name in a selection, or of an alias. */
type $Field<N extends keyof $Types, K, V> = V extends { $of: infer F }
  ? F extends keyof $Types[N]
    ? $Types[N][F]
    : never
  : K extends keyof $Types[N]
    ? $Types[N][K]
    : never;

/** What a selection gives. */
export type Result<N extends keyof $Types, S> = {
  [K in Exclude<keyof S, "$" | "$of">]: $Field<N, K, S[K]> extends $Node<
    infer M,
    infer W,
    unknown
  >
    ? $Wrapped<Result<M, S[K]>, W>
    : $Field<N, K, S[K]> extends $Leaf<infer T>
      ? T
      : never;
};

/** Arguments without names that the field does not have. */
type $Known<S, A> = S extends { $: infer G }
  ? { $: { [P in keyof G]: P extends keyof A ? A[P] : never } }
  : unknown;

/** A selection without names that the type does not have. */
type $Strict<N extends keyof $Types, S> = {
  [K in keyof S]: K extends "$" | "$of"
    ? S[K]
    : [$Field<N, K, S[K]>] extends [never]
      ? never
      : $Field<N, K, S[K]> extends $Node<infer M, string, infer A>
        ? $Strict<M, S[K]> & $Args<A> & $Known<S[K], A>
        : S[K] extends { $of: infer F }
          ? { $of: F }
          : true;
};

type $Meta = Record<string, Record<string, [string, Record<string, string>?]>>;

/** Writes an operation of a selection. */
const $print = (kind: string, root: string, selection: object) => {
  const variables: Record<string, unknown> = {};
  const types: string[] = [];
  const fields = (type: string, of: object): string =>
    Object.entries(of)
      .filter(([name, value]) => name !== "$" && name !== "$of" && value)
      .map(([name, value]) => {
        if (value === true) return name;
        const { $of: field = name, $: given = {} } = value as {
          $of?: string;
          $?: Record<string, unknown>;
        };
        const head = field === name ? name : `${name}: ${field}`;
        const known = $meta[type]?.[field];
        if (!known) return head;
        const [target, declared = {}] = known;
        const args = Object.entries(given)
          .filter(([, v]) => v !== undefined)
          .map(([arg, v]) => {
            const variable = `v${types.length}`;
            types.push(`$${variable}: ${declared[arg]}`);
            variables[variable] = v;
            return `${arg}: $${variable}`;
          });
        return `${head}${args.length ? `(${args.join(", ")})` : ""} ${fields(target, value as object)}`;
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

/** The error of a request that has no whole answer. */
const $broken = (cause: unknown, { signal }: RequestOptions) => {
  if (!signal?.aborted)
    return new KrowocError("network", "the API was not reached", { cause });
  const reason: unknown = signal.reason;
  return reason instanceof Error && reason.name === "TimeoutError"
    ? new KrowocError("timeout", "the request took too long", { cause: reason })
    : new KrowocError("canceled", "the request was canceled", {
        cause: reason,
      });
};

/** Makes what sends operations. */
const $transport = (options: ClientOptions) => {
  const csrf = options.csrf ?? {
    cookie: "krowoc_csrf",
    header: "X-CSRF-Token",
  };
  return async (
    operation: { query: string; variables: object },
    accept: string,
    request: RequestOptions,
  ) => {
    const token = $cookie(`__Host-${csrf.cookie}`) ?? $cookie(csrf.cookie);
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
      throw $broken(cause, request);
    }
    return response;
  };
};

/** Reads an answer, or throws what is wrong with it. */
const $answer = async (response: Response, request: RequestOptions) => {
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
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw $broken(cause, request);
  }
  try {
    body = JSON.parse(text);
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

/** The connections of the API, of which rows are read page by page. */
type $Connections = {
  [K in keyof $Types["Query"]]: $Types["Query"][K] extends $Node<
    infer M,
    string,
    infer A
  >
    ? $Types[M] extends {
        nodes: $Node<infer T, string, unknown>;
        pageInfo: unknown;
      }
      ? { node: T; args: Omit<A, "last" | "before" | "offset"> }
      : never
    : never;
};
type $Connection = {
  [K in keyof $Connections]: [$Connections[K]] extends [never] ? never : K;
}[keyof $Connections];

/** Reads all rows of a connection, one page after the other. */
async function* $each(
  ask: (selection: object) => Promise<unknown>,
  field: string,
  { $: args, ...nodes }: { $?: { after?: string | null } },
): AsyncGenerator<unknown> {
  const seen = new Set<unknown>([null]);
  for (let after = args?.after; ;) {
    const pageInfo = { hasNextPage: true, endCursor: true };
    const data = (await ask({
      [field]: { $: { ...args, after }, nodes, pageInfo },
    })) as {
      [field: string]: {
        nodes: unknown[];
        pageInfo: { hasNextPage: boolean; endCursor: string | null };
      };
    };
    const page = data[field]!;
    yield* page.nodes;
    if (!page.pageInfo.hasNextPage) return;
    after = page.pageInfo.endCursor;
    if (seen.has(after))
      throw new KrowocError(
        "internal",
        `the API returned the cursor ${after} of ${field} twice`,
      );
    seen.add(after);
  }
}

/** Reads the events of a stream (https://github.com/enisdenjo/graphql-sse). */
async function* $events(
  response: Response,
  request: RequestOptions,
): AsyncGenerator<unknown> {
  const detail = {
    status: response.status,
    requestId: response.headers.get("X-Request-Id") ?? undefined,
  };
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    yield await $answer(response, request);
    return;
  }
  const reader = response
    .body!.pipeThrough(new TextDecoderStream())
    .getReader();
  try {
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read().catch((cause: unknown) => {
        throw $broken(cause, request);
      });
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
    await reader.cancel().catch(() => {});
  }
}
