/** Policies of the rows `mask6` and `mask6-hmac2`: six columns changed, the others kept.
 *  @module */
import type { Policy, ResourceDescription, ResourceField, Transform } from "@sluice/protocol";

type Column = readonly [name: string, type: ResourceField["type"], role: ResourceField["role"], transform: Transform];

const KEEP: Transform = { kind: "keep" };
const TOKEN: Transform = { kind: "token" };
const NUMBER: Transform = { kind: "mask", keepFirst: 3, keepLast: 4 };

/** The generated people: name, identity number, mobile number, card, birth band and region are masked. */
function people(identityNumber: Transform, mobile: Transform): Column[] {
  return [
    ["name", "text", "direct", { kind: "mask", keepFirst: 1, keepLast: 0 }],
    ["id_card", "text", "direct", identityNumber],
    ["mobile", "text", "direct", mobile],
    ["card", "text", "direct", { kind: "mask", keepFirst: 0, keepLast: 4 }],
    ["address", "text", "other", KEEP],
    ["plate", "text", "other", KEEP],
    ["birth_year", "integer", "quasi", { kind: "bucket", width: 10, min: 1920, max: 2010 }],
    ["gender", "text", "quasi", KEEP],
    ["region", "text", "quasi", { kind: "generalize", length: 4 }],
    ["nation", "text", "quasi", KEEP],
    ["education", "text", "quasi", KEEP],
    ["marital", "text", "quasi", KEEP],
    ["occupation", "text", "quasi", KEEP],
    ["household", "text", "quasi", KEEP],
    ["diagnosis", "text", "sensitive", KEEP],
    ["income", "integer", "sensitive", KEEP],
  ];
}

/** The flights of vega-datasets, all five columns. */
const FLIGHTS: Column[] = [
  ["date", "date", "quasi", { kind: "generalize", length: 7 }],
  ["delay", "integer", "other", { kind: "bucket", width: 15, min: -60, max: 600 }],
  ["distance", "integer", "other", { kind: "bucket", width: 100, min: 0, max: 5_000 }],
  ["origin", "text", "other", { kind: "mask", keepFirst: 1, keepLast: 1 }],
  ["destination", "text", "other", { kind: "mask", keepFirst: 1, keepLast: 1 }],
];

/** Policy and description by name: `people-mask6`, `people-mask6-hmac2`, `flights`. */
export function maskedTable(name: string): { policy: Policy; resource: ResourceDescription } {
  const columns = columnsOf(name);
  return {
    policy: {
      version: 1,
      resource: "masked",
      columns: Object.fromEntries(columns.map(([column, , role, transform]) => [column, { role, transform }])),
      sample: { rows: 1_000, strata: [] },
      k: 5,
      suppressionLimit: 0.1,
    },
    resource: {
      domain: "benchmark",
      resource: "masked",
      title: "masked",
      format: "parquet",
      source: "benchmark",
      updateFrequency: "once",
      approximateRows: 0,
      fields: [["key", "integer", "direct"] as const, ...columns].map(([column, type, role]) => ({
        name: column,
        title: column,
        type,
        role,
        grade: "general-2",
      })),
      snapshot: "0".repeat(64),
      importedAt: "2026-01-01T00:00:00.000Z",
    },
  };
}

function columnsOf(name: string): readonly Column[] {
  switch (name) {
    case "people-mask6":
      return people(NUMBER, NUMBER);
    case "people-mask6-hmac2":
      return people(TOKEN, TOKEN);
    case "flights":
      return FLIGHTS;
    default:
      throw new Error(`no policy ${name}`);
  }
}
