/** Generated usage records of one month, and the products, licences and tariffs that they are charged by.
 *  @module */
import { openDuckDb } from "../desensitize/duckdb.ts";

/** Callers and products of the generated city. */
const CALLERS = 2_000;
const PRODUCTS = 50;
/** The month of the records. */
export const MONTH = "2026-11";

/** Writes `records` answered attempts as Parquet; with `repeated` one in a hundred repeats the call before it. */
export async function writeUses(
  file: string,
  { records, repeated }: { readonly records: number; readonly repeated: boolean },
): Promise<void> {
  const connection = await openDuckDb();
  const call = repeated ? "i - (i % 100 = 99)::BIGINT" : "i";
  await connection.run(
    `COPY (
      SELECT md5(call::VARCHAR)::UUID AS id,
        'caller-' || lpad((hash(call) % ${CALLERS})::VARCHAR, 4, '0') AS caller,
        'product-' || lpad((hash(call * 7 + 3) % ${PRODUCTS})::VARCHAR, 2, '0') AS product,
        TIMESTAMP '2026-10-31 16:00:00' + to_microseconds((hash(i * 11) % 2591999000000)::BIGINT) AS "at",
        CASE WHEN hash(call * 13) % 10 = 0 THEN (hash(call * 17) % 100)::BIGINT ELSE 1 END AS quantity
      FROM (SELECT i, ${call} AS call FROM range(${records}) AS numbers(i))
    ) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  connection.closeSync();
}

function numbered(name: string, count: number, digits: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${String(i).padStart(digits, "0")}`);
}

/** Products of the form `api`, each with a tariff of a quota, a discount and three tiers; each caller has a licence for each, one caller
 *  in ten a free one, and one in three is a small firm. */
export function cityTerms() {
  const products = numbered("product", PRODUCTS, 2);
  return {
    products: products.map((id) => ({
      id,
      title: { zh: id, en: id },
      form: "api",
      year: MONTH.slice(0, 4),
      resources: [],
      uses: ["public-service"],
      estimate: [{ calls: "1000000" }],
    })),
    filings: [
      {
        id: "filing-2026",
        jurisdiction: "futian",
        filedOn: "2025-12-15",
        ceilings: products.map((product) => ({ product, ceiling: "0.35" })),
      },
    ],
    tariffs: products.map((product) => ({
      id: `tariff-${product}`,
      product,
      from: "2026-01",
      span: "year",
      tiers: [
        { above: "0", price: "0.35" },
        { above: "500", price: "0.3" },
        { above: "5000", price: "0.255" },
      ],
      freeQuota: "100",
      smallFirmDiscountPercent: "20",
    })),
    licences: numbered("caller", CALLERS, 4).flatMap((caller, index) =>
      products.map((product) => ({
        id: `${caller}.${product}`,
        caller,
        product,
        ...(index % 10 === 0
          ? {
              purpose: "public-welfare",
              evidence: { approval: "approval-1", "welfare-agreement": "agreement-1" },
              uses: ["teaching"],
            }
          : { purpose: "finance" }),
        ...(index % 3 === 0 ? { smallFirm: "register-1" } : {}),
      })),
    ),
  };
}
