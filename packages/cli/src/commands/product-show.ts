/** `sluice product show PRODUCT`
 *  @module */
import type { SluiceClient } from "@sluice/client";
import {
  HIDDEN_ROWS,
  hiddenNoise,
  isSluiceError,
  type Grant,
  type Product,
  type ProductForm,
  type ProductSnapshot,
  type ScoreSnapshot,
  type Sha256Hex,
} from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { visibleText } from "../officer/visible-text.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { selectionRows } from "../selection-text.ts";
import { setFacts, setRows } from "../set-text.ts";
import { sumRows } from "../sum-text.ts";
import { formatTable } from "../table.ts";

/** How a product of each form is asked. */
const ASKED_BY: Readonly<Record<ProductForm, string>> = {
  "label-lookup": "lookup PRODUCT KEY",
  "psi-ids": "match PRODUCT LIST",
  "psi-cardinality": "match PRODUCT LIST",
  "join-sum": "match PRODUCT LIST",
  score: "score PRODUCT FILE.csv",
  report: "report PRODUCT",
  dataset: "dataset get PRODUCT --out FILE.csv",
  "hidden-selection": "selection register PRODUCT GROUPS --keep FILE",
};

/** Forms that are asked with something of the snapshot in hand. */
const TOLD_BY_SNAPSHOT: ReadonlySet<ProductForm> = new Set([
  "psi-ids",
  "psi-cardinality",
  "join-sum",
  "score",
  "hidden-selection",
]);

/** Shows one product with the rules under which it may be asked. */
export const productShow: Command = {
  path: ["product", "show"],
  summary: "show a product: its form, where it is served, its grant, the rules of use, and what to ask it with",
  positionals: ["PRODUCT"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const client = await openClient(args, io);
    const { signal } = io;
    const product = await client.product(args.positional(0), { signal });
    const grant = await grantOf(client, product.grant, signal);
    const snapshot = await snapshotOf(client, product, signal);
    if (args.flag("json")) {
      const known = { ...(grant === null ? {} : { grant }), ...factsOf(snapshot) };
      io.stdout.write(`${JSON.stringify({ product, ...known })}\n`);
      return 0;
    }
    const rows: [string, string][] = [
      ["product", `${product.product} version ${product.version}`],
      ["code", product.registrationCode],
      ["form", product.form],
      ["status", product.status],
      ["domain", product.domain],
      ["scene", grant === null ? product.scene : `${product.scene} · ${visibleText(grant.scene.title)}`],
      ["grant", product.grant],
      ["asked by", `sluice ${ASKED_BY[product.form].replace("PRODUCT", product.product)}`],
      ...rowsOf(snapshot),
      ...(grant === null ? UNREADABLE : termsOf(grant)),
    ];
    io.stdout.write(`${formatTable(rows)}\n`);
    return 0;
  },
};

/** What stands for the grant where this party may not read it. */
const UNREADABLE: readonly [string, string][] = [["rules of use", "only the parties of the grant may read them"]];

function termsOf({ notBefore, notAfter, restrictions = [] }: Grant): [string, string][] {
  return [
    ["term", `${notBefore} to ${notAfter}`],
    ...restrictions.map((text): [string, string] => ["rule of use", visibleText(text)]),
  ];
}

/** The grant; null when this party is none of its parties. */
async function grantOf(client: SluiceClient, hash: Sha256Hex, signal: AbortSignal): Promise<Grant | null> {
  try {
    return (await client.grant(hash, { signal })).body;
  } catch (error) {
    if (isSluiceError(error, "ERR_NOT_FOUND")) return null;
    throw error;
  }
}

/** What the domain has signed, where that says how to ask; null where nothing is served yet. */
async function snapshotOf(
  client: SluiceClient,
  { product, form, status }: Product,
  signal: AbortSignal,
): Promise<ProductSnapshot | null> {
  if (status !== "serving" || !TOLD_BY_SNAPSHOT.has(form)) return null;
  return (await client.openSnapshot(product, { signal })).snapshot;
}

function rowsOf(snapshot: ProductSnapshot | null): [string, string][] {
  if (snapshot?.type === "score-snapshot") return scoreRows(snapshot.parameters);
  if (snapshot?.type === "selection-snapshot") return selectionRows(snapshot);
  if (snapshot?.type === "join-sum-snapshot") return sumRows(snapshot.parameters);
  return snapshot?.type === "psi-snapshot" ? setRows(snapshot.parameters) : [];
}

function factsOf(snapshot: ProductSnapshot | null): object {
  if (snapshot?.type === "score-snapshot") return scoreFacts(snapshot.parameters);
  if (snapshot?.type === "selection-snapshot") return { selection: snapshot.parameters };
  if (snapshot?.type === "join-sum-snapshot") return { sum: snapshot.parameters };
  return snapshot?.type === "psi-snapshot" ? { set: setFacts(snapshot.parameters) } : {};
}

function scoreRows(parameters: ScoreSnapshot["parameters"]): [string, string][] {
  if (parameters.type === "score-parameters") return [["features", parameters.features.join(", ")]];
  const features = parameters.features.map(({ name, low, high }) => `${visibleText(name)} ${low} to ${high}`);
  return [
    ["features", features.join(", ")],
    ["model", "stays in the domain; any call spends 8,192 rows"],
    [
      "scores",
      `with noise of ${hiddenNoise(parameters).toPrecision(2)}, always within ${parameters.errorBound.toPrecision(2)}`,
    ],
  ];
}

function scoreFacts({ type, features }: ScoreSnapshot["parameters"]): object {
  return type === "score-parameters" ? { features } : { features, rowsPerCall: HIDDEN_ROWS };
}
