// Prints each audit of GraphQL over HTTP with its outcome.
import { auditServer } from "graphql-http";

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2] })) {
  console.log(`${status} ${id} ${name}${reason ? `: ${reason}` : ""}`);
}
