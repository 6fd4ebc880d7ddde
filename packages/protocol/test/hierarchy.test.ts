import { expect, test } from "vitest";
import { Hierarchy, MAX_HIERARCHY_VALUES, ResourceDescription, ResourceField } from "../src/index.ts";

const grouped = (values: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: values }, (_, i) => [`v${i}`, "g"]));

test.each([
  ["an unknown kind", { kind: "mask" }],
  ["an unknown member", { kind: "prefix", lengths: [2], name: "x" }],
  ["no width", { kind: "intervals", min: 0, max: 1, widths: [] }],
  ["a width of zero", { kind: "intervals", min: 0, max: 1, widths: [0] }],
  ["a width that is no multiple", { kind: "intervals", min: 0, max: 100, widths: [10, 25] }],
  ["a width twice", { kind: "intervals", min: 0, max: 100, widths: [10, 10] }],
  ["min above max", { kind: "intervals", min: 1, max: 0, widths: [1] }],
  ["a bound that is not finite", { kind: "intervals", min: 0, max: Infinity, widths: [1] }],
  ["more than 10,000 intervals", { kind: "intervals", min: 0, max: 10_001, widths: [1] }],
  ["eleven steps", { kind: "intervals", min: 0, max: 2, widths: Array.from({ length: 11 }, (_, i) => 2 ** i) }],
  ["ascending lengths", { kind: "prefix", lengths: [2, 4] }],
  ["a length of zero", { kind: "prefix", lengths: [2, 0] }],
  ["descending units", { kind: "date", units: ["year", "month"] }],
  ["a unit twice", { kind: "date", units: ["year", "year"] }],
  ["an unknown unit", { kind: "date", units: ["week"] }],
  ["no level", { kind: "tree", levels: [] }],
  ["a group without a group above it", { kind: "tree", levels: [{ a: "x", b: "y" }, { x: "z" }] }],
  ["a group above for the value *", { kind: "tree", levels: [{ "*": "x" }] }],
  ["a group without a name", { kind: "tree", levels: [{ a: "" }] }],
  ["a NUL", { kind: "tree", levels: [{ "a\0": "x" }] }],
  ["half a character", { kind: "tree", levels: [{ a: "\ud800" }] }],
  ["10,001 values", { kind: "tree", levels: [grouped(MAX_HIERARCHY_VALUES + 1)] }],
  [
    "more than 200,000 characters",
    {
      kind: "tree",
      levels: [Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [String(i).padStart(100, "x"), "g"]))],
    },
  ],
])("refuses a hierarchy with %s", (_, document) => {
  expect(Hierarchy.safeParse(document).success).toBe(false);
});

test("takes a tree of 10,000 values, ragged branches included", () => {
  expect(Hierarchy.safeParse({ kind: "tree", levels: [grouped(MAX_HIERARCHY_VALUES), { g: "*" }] }).success).toBe(true);
  expect(Hierarchy.safeParse({ kind: "tree", levels: [{ a: "*", b: "x" }, { x: "y" }] }).success).toBe(true);
});

test("a value named like a member of every object is a value, or is refused, but never inherited", () => {
  const parsed = Hierarchy.safeParse(
    JSON.parse('{"kind":"tree","levels":[{"__proto__":"g","constructor":"g"},{"g":"h"}]}'),
  );
  if (parsed.success && parsed.data.kind === "tree") {
    expect(Object.getPrototypeOf(parsed.data.levels[0])).toBe(Object.prototype);
    expect(parsed.data.levels[0]?.["constructor"]).toBe("g");
  }
  // `toString` is no group of the second level, though every object has it.
  expect(Hierarchy.safeParse({ kind: "tree", levels: [{ a: "toString" }, { x: "y" }] }).success).toBe(false);
});

test.each([
  ["text", { kind: "intervals", min: 0, max: 10, widths: [1] }, false],
  ["integer", { kind: "intervals", min: 0, max: 10, widths: [1] }, true],
  ["integer", { kind: "intervals", min: 0.5, max: 10, widths: [1] }, false],
  ["integer", { kind: "intervals", min: 0, max: 10, widths: [1.5] }, false],
  ["decimal", { kind: "intervals", min: 0.5, max: 10, widths: [1.5] }, true],
  ["integer", { kind: "prefix", lengths: [2] }, false],
  ["text", { kind: "prefix", lengths: [2] }, true],
  ["date", { kind: "date", units: ["year"] }, true],
  ["text", { kind: "date", units: ["year"] }, false],
  ["boolean", { kind: "tree", levels: [{ true: "x" }] }, false],
  ["text", { kind: "tree", levels: [{ a: "x" }] }, true],
] as const)("a field of type %s with %o: %s", (type, hierarchy, fits) => {
  const field = { name: "f", title: "f", type, role: "quasi", grade: "general-2", hierarchy };
  expect(ResourceField.safeParse(field).success).toBe(fits);
});

test("the trees of one resource have a limit together, because a catalogue carries them", () => {
  const hierarchy = {
    kind: "tree",
    levels: [Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [String(i).padStart(99, "x"), "g"]))],
  };
  const fields = (count: number): unknown[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `f${i}`,
      title: "f",
      type: "text",
      role: "quasi",
      grade: "general-2",
      hierarchy,
    }));
  expect(ResourceDescription.shape.fields.safeParse(fields(2)).success).toBe(true);
  expect(ResourceDescription.shape.fields.safeParse(fields(3)).success).toBe(false);
});
