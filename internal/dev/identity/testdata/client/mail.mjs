import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next mail that the provider sends: its link and its code come as a line of standard input. */
export const nextMail = async () => JSON.parse((await lines.next()).value);
