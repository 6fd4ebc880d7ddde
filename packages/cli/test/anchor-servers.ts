/** An authority and the front end of a chain, with an `anchors.json` that names both.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpensslAuthority, serveAnswers } from "../../evidence/test/openssl-authority.ts";
import { temporaryDirectory } from "./captured-io.ts";

/** What the chain's front end answers. */
export const CHAIN_ANSWER = '{"transactionHash":"0xabc"}';

/** Serves both, and writes `anchors.json` and the CA into `directory`. */
export async function serveAnchors(directory: string): Promise<AsyncDisposable & { readonly caPem: string }> {
  const authority = await OpensslAuthority.create(await temporaryDirectory());
  const tsa = await serveAnswers(async (query) => ({ body: await authority.reply(query) }));
  const chain = await serveAnswers(async () => ({ body: CHAIN_ANSWER }));
  const caPem = await authority.pem("ca");
  const anchors = [
    { kind: "timestamp", name: "tsa", url: tsa.url, intervalMinutes: 60, caFile: "tsa-ca.pem" },
    { kind: "webhook", name: "chain", url: chain.url, intervalMinutes: 1_440 },
  ];
  await writeFile(join(directory, "tsa-ca.pem"), caPem);
  await writeFile(join(directory, "anchors.json"), JSON.stringify({ version: 1, anchors }));
  return {
    caPem,
    async [Symbol.asyncDispose]() {
      await tsa[Symbol.asyncDispose]();
      await chain[Symbol.asyncDispose]();
    },
  };
}
