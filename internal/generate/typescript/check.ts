/** A number or a time, as a fraction. A Float is a number, and NaN what Postgres refuses to compute. */
type $Rational = { n: bigint; d: bigint };
/** The result of an expression; undefined is unknown. */
type $Value =
  | undefined
  | null
  | boolean
  | string
  | number
  | $Rational
  | { size: number }
  | $Value[];
type $Check<T> = {
  message: string;
  path: string[];
  holds: (x: Partial<T>) => $Value;
};
type $Checks<S extends z.ZodType> = $Check<z.output<S>>[];

const $num = (digits: string | number | null | undefined): $Value => {
  if (digits === null || digits === undefined) return digits;
  const [, sign, whole = "", fraction = "", e = "0"] =
    /^(-?)([0-9]*)\.?([0-9]*)(?:[eE]([-+]?[0-9]+))?$/.exec(String(digits)) ??
    [];
  const n = BigInt(sign + (whole + fraction || "0"));
  const scale = fraction.length - Number(e);
  return scale < 0
    ? { n: n * 10n ** BigInt(-scale), d: 1n }
    : { n, d: 10n ** BigInt(scale) };
};
const $at = (v: string | null | undefined): $Value =>
  v === null || v === undefined
    ? v
    : { n: $instant(v.length === 10 ? `${v}T00:00:00Z` : v), d: 1n };
const $sized = (v: string | null | undefined): $Value =>
  v === null || v === undefined
    ? v
    : { size: (v.length / 4) * 3 - (/=*$/.exec(v)?.[0].length ?? 0) };
const $id = (v: string | null | undefined): $Value =>
  typeof v === "string" ? v.toLowerCase() : v;
const $items = <T>(
  v: readonly T[] | null | undefined,
  item: (v: T) => $Value,
): $Value => (v ? v.map(item) : v);

/** Undefined, or NaN if one of the values is. */
const $missing = (...values: $Value[]): $Value =>
  values.some((v) => Number.isNaN(v)) ? NaN : undefined;
const $and = (a: $Value, b: $Value): $Value =>
  !Number.isNaN(a) && (a === false || b === false)
    ? false
    : a === true && b === true
      ? true
      : $missing(a, b);
const $not = (a: $Value): $Value => (typeof a === "boolean" ? !a : $missing(a));
const $or = (a: $Value, b: $Value) => $not($and($not(a), $not(b)));
const $cond = (c: $Value, a: $Value, b: $Value): $Value =>
  c === true ? a : c === false ? b : $missing(c);
const $isRational = (v: $Value): v is $Rational =>
  typeof v === "object" && v !== null && "n" in v;
/** A number as Postgres converts it to a Float; the denominator is a power of 10. */
const $double = <T extends $Value>(v: T): T | number => {
  if (!$isRational(v)) return v;
  const f = Number(`${v.n}e-${String(v.d).length - 1}`);
  return !Number.isFinite(f) || (f === 0 && v.n !== 0n) ? NaN : f;
};
const $alike = (a: $Value, b: $Value): [$Value, $Value] =>
  typeof a === "number" || typeof b === "number"
    ? [$double(a), $double(b)]
    : [a, b];
const $eq = (left: $Value, right: $Value): $Value => {
  const [a, b] = $alike(left, right);
  if (a === undefined || b === undefined || $missing(a, b) !== undefined)
    return $missing(a, b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((x, i) => $eq(x, b[i]) === true);
  return $isRational(a) && $isRational(b) ? a.n * b.d === b.n * a.d : a === b;
};
/** SQL's =, which is unknown for null. */
const $same = (a: $Value, b: $Value): $Value =>
  a === null || b === null ? $missing(a, b) : $eq(a, b);
const $ne = (a: $Value, b: $Value) => $not($eq(a, b));
const $points = (a: string) => Array.from(a, (c) => c.codePointAt(0)!);
const $order = (left: $Value, right: $Value): number | undefined => {
  const [a, b] = $alike(left, right);
  if ($isRational(a) && $isRational(b)) {
    const difference = a.n * b.d - b.n * a.d;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (typeof a === "number" && typeof b === "number")
    return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
  if (typeof a !== "string" || typeof b !== "string")
    return Number.isNaN(a) || Number.isNaN(b) ? NaN : undefined;
  const [x, y] = [$points(a), $points(b)];
  for (let i = 0; i < x.length && i < y.length; i++)
    if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
};
const $ordered =
  (test: (order: number) => boolean) =>
  (a: $Value, b: $Value): $Value => {
    const order = $order(a, b);
    return order === undefined || Number.isNaN(order) ? order : test(order);
  };
const $lt = /* @__PURE__ */ $ordered((o) => o < 0);
const $le = /* @__PURE__ */ $ordered((o) => o <= 0);
const $gt = /* @__PURE__ */ $ordered((o) => o > 0);
const $ge = /* @__PURE__ */ $ordered((o) => o >= 0);
const $isIn = (a: $Value, list: $Value): $Value =>
  Array.isArray(list)
    ? list.reduce<$Value>((found, v) => $or(found, $eq(a, v)), false)
    : undefined;
const $among = (a: $Value, list: $Value): $Value =>
  a === null ? undefined : $isIn(a, list);
/** Computes exactly, or with Floats if one is a Float. */
const $with =
  (
    exact: (x: $Rational, y: $Rational) => $Value,
    float: (x: number, y: number) => number,
  ) =>
  (left: $Value, right: $Value): $Value => {
    const [a, b] = $alike(left, right);
    if ($isRational(a) && $isRational(b)) return exact(a, b);
    if (typeof a !== "number" || typeof b !== "number") return $missing(a, b);
    const result = float(a, b);
    return Number.isFinite(result) ? result : NaN;
  };
const $sum = /* @__PURE__ */ $with(
  (x, y) => ({ n: x.n * y.d + y.n * x.d, d: x.d * y.d }),
  (x, y) => x + y,
);
const $add = (a: $Value, b: $Value): $Value =>
  typeof a === "string" && typeof b === "string" ? a + b : $sum(a, b);
const $sub = /* @__PURE__ */ $with(
  (x, y) => ({ n: x.n * y.d - y.n * x.d, d: x.d * y.d }),
  (x, y) => x - y,
);
const $mul = /* @__PURE__ */ $with(
  (x, y) => ({ n: x.n * y.n, d: x.d * y.d }),
  (x, y) => (x !== 0 && y !== 0 && x * y === 0 ? NaN : x * y),
);
const $quotient = /* @__PURE__ */ $with(
  () => undefined,
  (x, y) => (x !== 0 && x / y === 0 ? NaN : x / y),
);
const $div = (a: $Value, b: $Value): $Value =>
  $double(b) === 0 ? $missing(a) : $quotient(a, b);
const $intDiv = (a: $Value, b: $Value): $Value =>
  $isRational(a) && $isRational(b) && b.n !== 0n
    ? { n: (a.n * b.d) / (a.d * b.n), d: 1n }
    : undefined;
const $mod = (a: $Value, b: $Value) => $sub(a, $mul($intDiv(a, b), b));
const $neg = (a: $Value) => $sub($num(0), a);
const $size = (v: $Value): $Value =>
  typeof v === "string"
    ? $num([...v].length)
    : Array.isArray(v)
      ? $num(v.length)
      : typeof v === "object" && v !== null && "size" in v
        ? $num(v.size)
        : undefined;
const $texts =
  (test: (s: string, part: string) => boolean) =>
  (a: $Value, b: $Value): $Value =>
    typeof a === "string" && typeof b === "string" ? test(a, b) : undefined;
const $startsWith = /* @__PURE__ */ $texts((s, part) => s.startsWith(part));
const $endsWith = /* @__PURE__ */ $texts((s, part) => s.endsWith(part));
const $contains = /* @__PURE__ */ $texts((s, part) => s.includes(part));
const $lower = (v: $Value): $Value =>
  typeof v === "string"
    ? v.replace(/[A-Z]/g, (c) => c.toLowerCase())
    : undefined;
const $upper = (v: $Value): $Value =>
  typeof v === "string"
    ? v.replace(/[a-z]/g, (c) => c.toUpperCase())
    : undefined;
const $matches = (v: $Value, pattern: RegExp): $Value =>
  typeof v === "string" ? pattern.test(v) : undefined;
const $time = (v: $Value) => (typeof v === "string" ? $at(v) : undefined);

/** Adds checks, each of which rejects a value if it is false. */
const $checked = <T extends z.ZodType>(schema: T, checks: $Checks<T>) =>
  schema.superRefine((x, context) => {
    for (const { message, path, holds } of checks) {
      const verdict = holds(x as Partial<z.output<T>>);
      if (verdict === false || Number.isNaN(verdict))
        context.addIssue({ code: "custom", message, path });
    }
  });
