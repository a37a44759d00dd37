/** A number or a time, as a fraction. */
type $Rational = { n: bigint; d: bigint };
/** The result of an expression; undefined is unknown. */
type $Value =
  undefined | null | boolean | string | $Rational | { size: number } | $Value[];
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

const $and = (a: $Value, b: $Value): $Value =>
  a === false || b === false
    ? false
    : a === true && b === true
      ? true
      : undefined;
const $not = (a: $Value): $Value => (typeof a === "boolean" ? !a : undefined);
const $or = (a: $Value, b: $Value) => $not($and($not(a), $not(b)));
const $cond = (c: $Value, a: $Value, b: $Value): $Value =>
  c === true ? a : c === false ? b : undefined;
const $isRational = (v: $Value): v is $Rational =>
  typeof v === "object" && v !== null && "n" in v;
const $eq = (a: $Value, b: $Value): $Value => {
  if (a === undefined || b === undefined) return undefined;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((x, i) => $eq(x, b[i]) === true);
  return $isRational(a) && $isRational(b) ? a.n * b.d === b.n * a.d : a === b;
};
/** SQL's =, which is unknown for null. */
const $same = (a: $Value, b: $Value): $Value =>
  a === null || b === null ? undefined : $eq(a, b);
const $ne = (a: $Value, b: $Value) => $not($eq(a, b));
const $points = (a: string) => Array.from(a, (c) => c.codePointAt(0)!);
const $order = (a: $Value, b: $Value): number | undefined => {
  if ($isRational(a) && $isRational(b)) {
    const difference = a.n * b.d - b.n * a.d;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (typeof a !== "string" || typeof b !== "string") return undefined;
  const [x, y] = [$points(a), $points(b)];
  for (let i = 0; i < x.length && i < y.length; i++)
    if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
};
const $ordered =
  (test: (order: number) => boolean) =>
  (a: $Value, b: $Value): $Value => {
    const order = $order(a, b);
    return order === undefined ? undefined : test(order);
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
const $with =
  (compute: (x: $Rational, y: $Rational) => $Value) =>
  (a: $Value, b: $Value): $Value =>
    $isRational(a) && $isRational(b) ? compute(a, b) : undefined;
const $sum = /* @__PURE__ */ $with((x, y) => ({
  n: x.n * y.d + y.n * x.d,
  d: x.d * y.d,
}));
const $add = (a: $Value, b: $Value): $Value =>
  typeof a === "string" && typeof b === "string" ? a + b : $sum(a, b);
const $sub = /* @__PURE__ */ $with((x, y) => ({
  n: x.n * y.d - y.n * x.d,
  d: x.d * y.d,
}));
const $mul = /* @__PURE__ */ $with((x, y) => ({ n: x.n * y.n, d: x.d * y.d }));
const $div = /* @__PURE__ */ $with((x, y) =>
  y.n === 0n
    ? undefined
    : y.n < 0n
      ? { n: -x.n * y.d, d: -x.d * y.n }
      : { n: x.n * y.d, d: x.d * y.n },
);
const $intDiv = (a: $Value, b: $Value): $Value => {
  const q = $div(a, b);
  return $isRational(q) ? { n: q.n / q.d, d: 1n } : undefined;
};
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
    for (const { message, path, holds } of checks)
      if (holds(x as Partial<z.output<T>>) === false)
        context.addIssue({ code: "custom", message, path });
  });
