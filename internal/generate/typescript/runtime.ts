import * as z from "zod";

/** A 64-bit integer as a string: JavaScript numbers lose precision. */
export type Int64 = string & z.$brand<"Int64">;
/** A decimal number of any precision, as a string: "12.50". */
export type Decimal = string & z.$brand<"Decimal">;
/** A calendar date: "2026-01-31". */
export type LocalDate = string & z.$brand<"LocalDate">;
/** A point in time: "2026-01-31T12:00:00.000001Z". JavaScript's Date drops microseconds. */
export type DateTime = string & z.$brand<"DateTime">;
/** An ISO 8601 duration; each part can have its own sign: "PT1H30M", "P1DT-2H". */
export type Duration = string & z.$brand<"Duration">;
/** Bytes, in base64. */
export type Bytes = string & z.$brand<"Bytes">;

/** Makes a value. Its calls are marked as pure, so that bundlers drop what is unused. */
const $made = <T>(make: () => T): T => make();

/** Reads only the members that an object has itself: every object inherits a constructor. */
const $own = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (v) =>
      typeof v === "object" && v !== null && !Array.isArray(v)
        ? Object.assign(Object.create(null), v)
        : v,
    schema,
  );

type $Limits = { min?: number; max?: number };
type $Patterns = { patterns?: [RegExp, string][] };
type $Range = { from?: string; to?: string };

const $limited = <T extends z.ZodType>(
  schema: T,
  size: (value: z.output<T>) => number,
  unit: string,
  { min = 0, max = Infinity }: $Limits,
) => {
  const count = (n: number) => `${n} ${unit}${n === 1 ? "" : "s"}`;
  const want =
    max === Infinity
      ? `at least ${count(min)}`
      : min === 0
        ? `at most ${count(max)}`
        : min === max
          ? `exactly ${count(min)}`
          : `${min} to ${count(max)}`;
  return schema.refine((v) => size(v) >= min && size(v) <= max, {
    error: ({ input }) =>
      `must have ${want}; it has ${size(input as z.output<T>)}`,
  });
};

/** Text that Postgres can store: without U+0000 and halves of surrogate pairs. */
const $stored: [RegExp, string] = [
  /^[^\0\ud800-\udfff]*$/u,
  "must be text without the character U+0000",
];
const $text = ({ patterns = [], ...limits }: $Limits & $Patterns = {}) =>
  [$stored, ...patterns].reduce<z.ZodString>(
    (schema, [pattern, error]) => schema.regex(pattern, { error }),
    $limited(z.string(), (v) => [...v].length, "character", limits),
  );

const $in = <T extends z.ZodType<string>, K extends bigint | string>(
  schema: T,
  key: (value: string) => K,
  { from, to }: $Range,
) =>
  schema
    .refine((v) => from === undefined || key(v) >= key(from), {
      error: `must be at least ${from}`,
    })
    .refine((v) => to === undefined || key(v) <= key(to), {
      error: `must be at most ${to}`,
    });

const $uuid = () =>
  z.string().regex(/^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/, {
    error: "must be a UUID",
  });

const $number = (schema: z.ZodNumber, { min, max }: $Limits) => {
  const above = min === undefined ? schema : schema.min(min);
  return max === undefined ? above : above.max(max);
};
const $int = (limits: $Limits = {}) => $number(z.int32(), limits);
const $float = (limits: $Limits = {}) => $number(z.number(), limits);

const $whole = /^-?(?:0|[1-9][0-9]*)$/;
const $int64 = (range: $Range = {}) =>
  $in(
    $in(
      z.string().regex($whole, { error: "must be an integer", abort: true }),
      BigInt,
      { from: "-9223372036854775808", to: "9223372036854775807" },
    ),
    BigInt,
    range,
  ).brand<"Int64">();

/** Scales a decimal to an integer that compares like it, to 1000 places. */
const $scaled = (v: string) => {
  const [whole = "", fraction = ""] = v.split(".");
  return BigInt(whole + fraction.padEnd(1000, "0").slice(0, 1000));
};
const $decimal = (range: $Range = {}) =>
  $in(
    z.string().regex(/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/, {
      error: "must be a decimal number",
      abort: true,
    }),
    $scaled,
    range,
  ).brand<"Decimal">();

const $date = (range: $Range = {}) =>
  $in(
    z.iso
      .date({ abort: true })
      .regex(/^(?!0000)/, { error: "must be a date from the year 1" }),
    (v) => v,
    range,
  ).brand<"LocalDate">();

/** Nanoseconds since 1970. */
const $instant = (v: string) => {
  const [, time = "", fraction = "", zone = ""] =
    /^(.{19})(?:\.([0-9]+))?(.*)$/.exec(v) ?? [];
  return (
    BigInt(Date.parse(time + zone)) * 1000000n + BigInt(fraction.padEnd(9, "0"))
  );
};
const $dateTime = (range: $Range = {}) =>
  $in(
    z.iso
      .datetime({ offset: true, abort: true })
      .regex(
        /^(?!0000)[^T]{10}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/,
        { error: "must be a time", abort: true },
      ),
    $instant,
    range,
  ).brand<"DateTime">();

const $duration = () =>
  z
    .string()
    .regex(
      /^[+-]?P(?:[+-]?[0-9]{1,10}Y)?(?:[+-]?[0-9]{1,10}M)?(?:[+-]?[0-9]{1,10}W)?(?:[+-]?[0-9]{1,10}D)?(?:T(?:[+-]?[0-9]{1,10}H)?(?:[+-]?[0-9]{1,10}M)?(?:[+-]?[0-9]{1,10}(?:\.[0-9]{1,6})?S)?)?$/,
      { error: "must be a duration" },
    )
    .regex(/[0-9][YMWDHS]$/, { error: "must be a duration" })
    .brand<"Duration">();

const $bytes = (limits: $Limits = {}) =>
  $limited(
    z
      .string()
      .regex(
        /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
        { error: "must be base64", abort: true },
      ),
    (v) => (v.length / 4) * 3 - (/=*$/.exec(v)?.[0].length ?? 0),
    "byte",
    limits,
  ).brand<"Bytes">();

/** JSON that Postgres can store. Zod's own refuses objects with a member named constructor. */
const $isJson = (v: unknown): boolean =>
  typeof v === "string"
    ? $stored[0].test(v)
    : typeof v === "number"
      ? Number.isFinite(v)
      : typeof v === "object" && v !== null
        ? Array.isArray(v)
          ? v.every($isJson)
          : Object.entries(v).flat().every($isJson)
        : v === null || typeof v === "boolean";
const $json = () =>
  z
    .custom<z.core.util.JSONType>((v) => v !== undefined, {
      error: "is required",
    })
    .refine((v) => v !== null, { error: "cannot be null" })
    .refine($isJson, { error: "must be JSON without the character U+0000" });

const $vector = (dimensions?: number) =>
  dimensions === undefined
    ? z.array(z.number())
    : z.array(z.number()).length(dimensions);

const $list = <T extends z.ZodType>(element: T, limits: $Limits = {}) =>
  $limited(z.array(element), (v) => v.length, "element", limits);
