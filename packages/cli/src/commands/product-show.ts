/** `sluice product show PRODUCT`
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { ProductForm } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { visibleText } from "../officer/visible-text.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { formatTable } from "../table.ts";

/** How a product of each form is asked. */
const ASKED_BY: Readonly<Record<ProductForm, string>> = {
  "label-lookup": "lookup PRODUCT KEY",
  "psi-ids": "match PRODUCT LIST",
  "psi-cardinality": "match PRODUCT LIST",
  score: "score PRODUCT FILE.csv",
  report: "report PRODUCT",
};

/** Shows one product with the rules under which it may be asked. */
export const productShow: Command = {
  path: ["product", "show"],
  summary: "show a product: its form, where it is served, its grant, and the rules of use",
  positionals: ["PRODUCT"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const client = await openClient(args, io);
    const { signal } = io;
    const product = await client.product(args.positional(0), { signal });
    const { body: grant } = await client.grant(product.grant, { signal });
    const features = product.form === "score" ? await featuresOf(client, product.product, signal) : null;
    if (args.flag("json")) {
      io.stdout.write(`${JSON.stringify({ product, grant, ...(features === null ? {} : { features }) })}\n`);
      return 0;
    }
    const { notBefore, notAfter, restrictions = [] } = grant;
    const rows: [string, string][] = [
      ["product", `${product.product} version ${product.version}`],
      ["code", product.registrationCode],
      ["form", product.form],
      ["status", product.status],
      ["domain", product.domain],
      ["scene", `${product.scene} · ${visibleText(grant.scene.title)}`],
      ["grant", product.grant],
      ["term", `${notBefore} to ${notAfter}`],
      ["asked by", `sluice ${ASKED_BY[product.form].replace("PRODUCT", product.product)}`],
      ...(features === null ? [] : [["features", features.join(", ")] satisfies [string, string]]),
      ...restrictions.map((text): [string, string] => ["rule of use", visibleText(text)]),
    ];
    io.stdout.write(`${formatTable(rows)}\n`);
    return 0;
  },
};

async function featuresOf(client: SluiceClient, product: string, signal: AbortSignal): Promise<readonly string[]> {
  const { snapshot } = await client.openScore(product, { signal });
  return snapshot.parameters.features;
}
