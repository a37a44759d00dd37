import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KrowocError, createClient } from "./events.js";

let closed = 0;
const server = createServer((request, response) => {
  response.on("close", () => closed++);
  response.setHeader("Content-Type", "text/event-stream");
  const event = (text: string) =>
    response.write(`event: next\ndata: ${text}\n\n`);
  event('{"data": {"voted": {"count": 1}}}');
  response.write(': keep alive\n\nevent: next\r\ndata: {"data": {"vo');
  setTimeout(() => {
    response.write('ted": {"count": 2}}}\r\n\r\n');
    if (request.url === "/complete") response.end("event: complete\n\n");
    if (request.url === "/error")
      event(
        '{"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}',
      );
  }, 20);
});
await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
const at = (path: string) =>
  createClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`,
  });

const counts: number[] = [];
for await (const event of at("complete").subscribe({
  voted: { $: { id: "1" }, count: true },
})) {
  counts.push(event.voted.count);
}
assert.deepEqual(counts, [1, 2]);

// Leaving the loop ends the request.
for await (const event of at("endless").subscribe({
  voted: { $: { id: "1" }, count: true },
})) {
  if (event.voted.count === 2) break;
}
await assert.rejects(
  async () => {
    for await (const _ of at("error").subscribe({
      voted: { $: { id: "1" }, count: true },
    }));
  },
  (error: unknown) =>
    error instanceof KrowocError && error.code === "forbidden",
);
const changed = await createClient({
  fetch: async (_, init) =>
    new Response(
      JSON.stringify({
        data: { vote: { count: JSON.parse(String(init?.body)).variables.v0 } },
      }),
    ),
}).mutate({ vote: { $: { count: 3 }, count: true } });
assert.equal(changed.vote?.count, 3);
server.close();
server.closeAllConnections();
console.log("followed", closed);
