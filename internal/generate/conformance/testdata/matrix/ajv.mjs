import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const ajv = new Ajv2020.default({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  ownProperties: true,
  allowUnionTypes: true,
});
addFormats.default(ajv);
ajv.addKeyword("x-krowoc");
const bundle = JSON.parse(readFileSync("schemas/schema.json", "utf8"));
ajv.addSchema(bundle);
const cases = JSON.parse(readFileSync("cases.json", "utf8"));
console.log(
  JSON.stringify(
    cases.map((c) => ajv.validate(bundle.$id + "#/$defs/" + c.shape, c.doc)),
  ),
);
