/** `sluice price explain FILE`
 *  @module */
import { priceProducts, type Pricing } from "@sluice/settlement";
import { JSON_OPTION, type Arguments, type Command } from "../command.ts";
import { readPriceFile } from "../price/price-file.ts";
import { pricingDocument } from "../price/pricing-document.ts";
import { pricingText } from "../price/pricing-text.ts";
import { writeOutput } from "../write-output.ts";

/** Explains the ceilings of a price file. */
export const priceExplain: Command = {
  path: ["price", "explain"],
  summary: "reckon the ceilings of a price file and show what each figure rests on",
  positionals: ["FILE"],
  options: {
    derivation: { description: "print the derivation of every figure too" },
    html: { value: "FILE", description: "write a page there with the derivation of every figure" },
    xlsx: { value: "FILE", description: "write a workbook there with sheets for prices, costs and derivations" },
    en: { description: "print English text instead of Chinese" },
    ...JSON_OPTION,
  },
  notes:
    "FILE has the jurisdiction, the day of the filing, the profit rate's basis, surcharges, products with their estimated use, cost\n" +
    "lines and assessments; docs/pricing.md has its members and examples/pricing/prices.json is one. Nothing is computed from a file\n" +
    "in which any line does not fit: the line is named.",
  async run(args, io) {
    const pricing = priceProducts(await readPriceFile(args.positional(0)));
    await writeFiles(args, pricing);
    io.stdout.write(
      args.flag("json")
        ? `${JSON.stringify(pricingDocument(pricing))}\n`
        : pricingText(pricing, { language: args.flag("en") ? "en" : "zh", derivation: args.flag("derivation") }),
    );
    return 0;
  },
};

async function writeFiles(args: Arguments, pricing: Pricing): Promise<void> {
  const page = args.text("html");
  if (page !== undefined) {
    const { pricingPage } = await import("../price/pricing-page.ts");
    await writeOutput("html", page, pricingPage(pricing));
  }
  const book = args.text("xlsx");
  if (book !== undefined) {
    const { pricingWorkbook } = await import("../price/pricing-workbook.ts");
    await writeOutput("xlsx", book, await pricingWorkbook(pricing));
  }
}
