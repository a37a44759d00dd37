import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KrowocError, createClient } from "./client.js";
import { PromptCreateSchema, PromptPatchSchema } from "./models.js";

/** Compiles where both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? true
    : false;
const same = <A, B>(_: Same<A, B>) => {};

const api = createClient({ url: process.argv[2]! + "/graphql" });

// The selection decides the type of the answer, to the last null.
const answer = await api.query({
  prompts: {
    $: {
      where: { title: { contains: "e" } },
      orderBy: [{ title: "ASC" }],
      first: 2,
    },
    totalCount: true,
    nodes: {
      title: true,
      visibility: true,
      tags: true,
      parameters: true,
      owner: { name: true },
      team: { slug: true },
      executions: { $: { first: 1 }, nodes: { cost: true } },
    },
  },
});
same<
  typeof answer,
  {
    prompts: {
      totalCount: number;
      nodes: {
        title: string;
        visibility: "PRIVATE" | "TEAM" | "PUBLIC";
        tags: string[];
        parameters: unknown;
        owner: { name: string };
        team: { slug: string } | null;
        executions: { nodes: { cost: string }[] };
      }[];
    };
  }
>(true);
assert.equal(answer.prompts.nodes.length, 2);
assert.ok(answer.prompts.totalCount > 2);
assert.equal(typeof answer.prompts.nodes[0]!.owner.name, "string");

// Arguments that are asked for must be given; the row may not be there.
const none = await api.query({
  prompt: { $: { id: "0190d4a1-0000-7000-8000-00000000000a" }, title: true },
});
same<typeof none, { prompt: { title: string } | null }>(true);
assert.equal(none.prompt, null);

const wrong = () => {
  // @ts-expect-error there is no such field
  void api.query({ prompts: { nodes: { titel: true } } });
  // @ts-expect-error there is no such field, deep down
  void api.query({ prompts: { nodes: { owner: { nam: true } } } });
  // @ts-expect-error an object needs a selection
  void api.query({ prompts: { nodes: { owner: true } } });
  // @ts-expect-error the key is required
  void api.query({ prompt: { title: true } });
  const like = { title: { resembles: "a" } };
  // @ts-expect-error there is no such operator
  void api.query({ prompts: { $: { where: like }, totalCount: true } });
  const up = [{ title: "UP" }] as const;
  // @ts-expect-error there is no such order
  void api.query({ prompts: { $: { orderBy: up }, totalCount: true } });
  // @ts-expect-error a value has no selection
  void api.query({ prompts: { nodes: { title: { x: true } } } });
};
void wrong;

// What the API refuses is an error with its code.
await assert.rejects(
  api.query({ prompts: { $: { first: -1 }, totalCount: true } }),
  (error: unknown) => {
    assert.ok(error instanceof KrowocError);
    assert.equal(error.code, "invalid");
    assert.ok(error.errors.length > 0);
    assert.ok(error.requestId);
    return true;
  },
);
await assert.rejects(
  createClient({ url: "http://127.0.0.1:1/graphql" }).query({
    prompts: { totalCount: true },
  }),
  (error: unknown) => error instanceof KrowocError && error.code === "network",
);

// Writes have the types of what they give, and take.
const ada = createClient({
  url: process.argv[2]! + "/graphql",
  headers: { "Krowoc-Act-As": "8f1c2b7e-4a55-4e0b-9d3e-5b0a6f1c0001" },
});
const made = await ada.mutate({
  createPrompt: {
    $: { data: { title: "Made", body: "a", category: "WRITING", tags: ["b"] } },
    id: true,
    tags: true,
    owner: { name: true },
  },
});
same<
  typeof made,
  {
    createPrompt: {
      id: string;
      tags: string[];
      owner: { name: string };
    } | null;
  }
>(true);
assert.equal(made.createPrompt?.owner.name, "Ada Lindqvist");
const { id } = made.createPrompt;
const edited = await ada.mutate({
  updatePrompt: { $: { id, data: { title: "Edited" } }, title: true },
  deletePrompt: { $: { id }, tags: true },
});
assert.deepEqual(edited, {
  updatePrompt: { title: "Edited" },
  deletePrompt: { tags: ["b"] },
});
// What Zod parsed is an input as it is.
const input = PromptCreateSchema.parse({
  title: "Z",
  body: "b",
  category: "WRITING",
  teamId: null,
});
const patch = PromptPatchSchema.parse({ title: "Y" });
const parsed = await ada.mutate({
  createPrompt: { $: { data: input }, id: true, team: { slug: true } },
});
assert.equal(parsed.createPrompt?.team, null);
await ada.mutate({
  updatePrompt: { $: { id: parsed.createPrompt.id, data: patch }, title: true },
  deletePrompt: { $: { id: parsed.createPrompt.id }, id: true },
});

// An error names the field.
await assert.rejects(
  ada.mutate({
    createPrompt: {
      $: { data: { title: "", body: "b", category: "WRITING" } },
      id: true,
    },
  }),
  (error: unknown) => error instanceof KrowocError && error.field === "title",
);
await assert.rejects(
  ada.mutate({ deletePrompt: { $: { id }, id: true } }),
  (error: unknown) =>
    error instanceof KrowocError && error.code === "not_found",
);
const untitled = () => {
  const data = { body: "a" };
  // @ts-expect-error: a create must give the title
  void ada.mutate({ createPrompt: { $: { data }, id: true } });
};
void untitled;

// A request can be ended.
const controller = new AbortController();
const ended = api.query(
  { prompts: { totalCount: true } },
  { signal: controller.signal },
);
controller.abort(new Error("enough"));
await assert.rejects(
  ended,
  (error: unknown) =>
    error instanceof KrowocError &&
    error.code === "canceled" &&
    error.cause instanceof Error &&
    error.cause.message === "enough",
);
await assert.rejects(
  api.query(
    { prompts: { totalCount: true } },
    { signal: AbortSignal.timeout(0) },
  ),
  (error: unknown) => error instanceof KrowocError && error.code === "timeout",
);

// A field can be asked twice, with other arguments, under an alias each.
const twice = await api.query({
  prompts: { $: { first: 1 }, nodes: { title: true, name: { $of: "title" } } },
  last: {
    $of: "prompts",
    $: { last: 1 },
    nodes: { id: true, executions: { $: { first: 1 }, totalCount: true } },
  },
});
same<
  typeof twice,
  {
    prompts: { nodes: { title: string; name: string }[] };
    last: { nodes: { id: string; executions: { totalCount: number } }[] };
  }
>(true);
assert.equal(twice.prompts.nodes[0]!.name, twice.prompts.nodes[0]!.title);
assert.equal(twice.last.nodes.length, 1);
const alias = () => {
  // @ts-expect-error there is no such field behind the alias
  void api.query({ a: { $of: "prompt_", totalCount: true } });
  // @ts-expect-error the type behind the alias has no such field
  void api.query({ a: { $of: "prompts", total: true } });
  // @ts-expect-error the arguments are those of the field
  void api.query({ a: { $of: "prompts", $: { id: "1" }, totalCount: true } });
  // @ts-expect-error without an alias, it is a field that does not exist
  void api.query({ a: { totalCount: true } });
};
void alias;

// All rows of a connection, page by page.
const all: string[] = [];
const keys = new Set<string>();
for await (const prompt of api.each("prompts", {
  $: { first: 2, orderBy: [{ title: "ASC" }] },
  id: true,
  title: true,
  owner: { name: true },
})) {
  same<typeof prompt, { id: string; title: string; owner: { name: string } }>(
    true,
  );
  keys.add(prompt.id);
  all.push(prompt.title);
}
const { prompts: now } = await api.query({ prompts: { totalCount: true } });
assert.equal(keys.size, all.length);
assert.equal(all.length, now.totalCount);
assert.ok(all.length > 4);
const pages = () => {
  // @ts-expect-error it is no connection
  void api.each("prompt", { $: { id: "1" }, title: true });
  // @ts-expect-error rows are read forwards
  void api.each("prompts", { $: { last: 1 }, title: true });
  // @ts-expect-error there is no such field
  void api.each("prompts", { titel: true });
};
void pages;
let asked = 0;
const again = createClient({
  fetch: async () => {
    asked++;
    const pageInfo = { hasNextPage: asked < 9, endCursor: "same" };
    return Response.json({
      data: { prompts: { nodes: [{ title: "a" }], pageInfo } },
    });
  },
});
await assert.rejects(
  async () => {
    for await (const _ of again.each("prompts", { title: true }));
  },
  (error: unknown) => error instanceof KrowocError && error.code === "internal",
);
assert.equal(asked, 2);

// The cursor of one page goes into the next, and null into every argument and member that takes it.
const first = await api.query({
  prompts: {
    $: { first: 1, after: null, where: null },
    pageInfo: { endCursor: true },
  },
});
const next = await api.query({
  prompts: {
    $: { first: 1, after: first.prompts.pageInfo.endCursor },
    nodes: { id: true },
  },
});
assert.equal(next.prompts.nodes.length, 1);

// The token against cross-site requests goes from its cookie into its header.
const seen: Record<string, string | string[] | undefined>[] = [];
const server = createServer((request, response) => {
  seen.push(request.headers);
  response.setHeader("Content-Type", "application/json");
  response.statusCode = seen.length > 1 ? 401 : 200;
  response.end(
    seen.length > 1
      ? '{"detail": "sign in"}'
      : '{"data": {"prompts": {"totalCount": 1}}}',
  );
});
await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
Object.assign(globalThis, { document: { cookie: "a=b; krowoc_csrf=x%3D1" } });
const other = createClient({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  headers: async () => ({ Authorization: "Bearer y" }),
});
await other.query({ prompts: { totalCount: true } });
assert.equal(seen[0]!["x-csrf-token"], "x=1");
assert.equal(seen[0]!["authorization"], "Bearer y");
await assert.rejects(
  other.query({ prompts: { totalCount: true } }),
  (error: unknown) =>
    error instanceof KrowocError &&
    error.code === "unauthenticated" &&
    error.message === "sign in" &&
    error.status === 401,
);
server.close();
console.log("used");
