/** `sluice price simulate FILE --lambda PRODUCT=3 --use all=0.5`
 *  @module */
import { simulatePrices, type SimulatedPrices, type Simulation } from "@sluice/settlement";
import { JSON_OPTION, usage, type Arguments, type Command } from "../command.ts";
import { readPriceFile } from "../price/price-file.ts";
import { simulationCurves, type SimulationCurves } from "../price/simulation-curves.ts";
import { simulationDocument } from "../price/simulation-document.ts";
import { simulationText } from "../price/simulation-text.ts";
import { writeOutput } from "../write-output.ts";

/** The word that stands for every product. */
const ALL = "all";

/** Reckons the ceilings of a price file with another λ or another estimate of use. */
export const priceSimulate: Command = {
  path: ["price", "simulate"],
  summary: "show what the ceilings of a price file would be with another λ or another estimated use",
  positionals: ["FILE"],
  options: {
    lambda: { value: "PRODUCT=NUMBER", repeats: true, description: "suppose that scene factor λ of a product" },
    use: {
      value: "PRODUCT=NUMBER",
      repeats: true,
      description: "suppose that multiple of a product's estimated use; all=NUMBER for every product not named",
    },
    html: { value: "FILE", description: "write a page there with the curves of price and of income" },
    xlsx: { value: "FILE", description: "write a workbook there with Chinese headings" },
    en: { description: "print English text instead of Chinese" },
    ...JSON_OPTION,
  },
  notes:
    "The file is as for `sluice price explain`, and is not changed. Curves are those of the products that are named, or of all when\n" +
    "none is: the ceiling at 0.25 to 2 times the estimated use, and income at the ceilings as use turns out, beside the permitted.",
  async run(args, io) {
    const simulation = simulationOf(args);
    const input = await readPriceFile(args.positional(0));
    const prices = simulatePrices(input, simulation);
    const wantsCurves = args.flag("json") || args.text("html") !== undefined || args.text("xlsx") !== undefined;
    const curves = wantsCurves ? await simulationCurves(input, { simulation, prices, signal: io.signal }) : null;
    if (curves !== null) await writeFiles(args, prices, simulation, curves);
    io.stdout.write(
      curves !== null && args.flag("json")
        ? `${JSON.stringify(simulationDocument(prices, simulation, curves))}\n`
        : simulationText(prices, simulation, args.flag("en") ? "en" : "zh"),
    );
    return 0;
  },
};

/** What the options suppose; its numbers and products are checked by what computes with them.
 *  @throws ERR_USAGE for an option that is not `PRODUCT=NUMBER`, or `all` twice. */
function simulationOf(args: Arguments): Simulation {
  const pairs = (option: string): [product: string, number: string][] =>
    args.texts(option).map((text) => {
      const [product = "", number = "", ...more] = text.split("=");
      if (product === "" || number === "" || more.length > 0) {
        throw usage(`"--${option}" expected PRODUCT=NUMBER, got "${text}"`);
      }
      return [product, number];
    });
  const uses = pairs("use");
  const [all, again] = uses.filter(([product]) => product === ALL);
  if (again !== undefined) throw usage('"--use all=…" is given twice');
  return {
    ...(all === undefined ? {} : { useOfAll: all[1] }),
    uses: uses.filter(([product]) => product !== ALL).map(([product, multiple]) => ({ product, multiple })),
    lambdas: pairs("lambda").map(([product, lambda]) => ({ product, lambda })),
  };
}

async function writeFiles(
  args: Arguments,
  prices: SimulatedPrices,
  simulation: Simulation,
  curves: SimulationCurves,
): Promise<void> {
  const page = args.text("html");
  if (page !== undefined) {
    const { simulationPage } = await import("../price/simulation-page.ts");
    await writeOutput("html", page, simulationPage(prices, simulation, curves));
  }
  const book = args.text("xlsx");
  if (book !== undefined) {
    const { simulationWorkbook } = await import("../price/simulation-workbook.ts");
    await writeOutput("xlsx", book, await simulationWorkbook(prices, curves));
  }
}
