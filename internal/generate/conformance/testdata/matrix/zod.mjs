import { readFileSync } from "node:fs";
import * as models from "./out/models.js";

const cases = JSON.parse(readFileSync("cases.json", "utf8"));
console.log(
  JSON.stringify(
    cases.map((c) => models[c.shape + "Schema"].safeParse(c.doc).success),
  ),
);
