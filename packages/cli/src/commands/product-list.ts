/** `sluice product list`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { formatTable } from "../table.ts";

/** Lists the registered products. */
export const productList: Command = {
  path: ["product", "list"],
  summary: "list the registered products",
  positionals: [],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const client = await openClient(args, io);
    const products = await client.products({ signal: io.signal });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(products)}\n`);
    else if (products.length === 0) io.stdout.write("no product is registered yet\n");
    else {
      const rows = products.map((product) => [
        product.product,
        String(product.version),
        product.form,
        product.domain,
        product.status,
        product.registrationCode,
      ]);
      io.stdout.write(`${formatTable([["PRODUCT", "VERSION", "FORM", "DOMAIN", "STATUS", "CODE"], ...rows])}\n`);
    }
    return 0;
  },
};
