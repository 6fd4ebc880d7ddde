/** Sums under a hidden selection, with the sampler that domains have: answers spread as the declared discrete Laplace noise does.
 *  @module */
import { parseSelectionParameters } from "@sluice/protocol";
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import { expect, test } from "vitest";
import { discreteLaplace } from "../packages/desensitize/src/privacy/discrete-laplace.ts";
import { RandomWords } from "../packages/desensitize/src/privacy/random-words.ts";
import { SelectionTable } from "../packages/mpc/src/he/selection/table.ts";
import { CALLER, openServer, PARAMETERS } from "../packages/mpc/test/selection-product.ts";
import { seededRandom } from "../packages/mpc/test/seeded-random.ts";

const SCALE = 3;
const MEASURES = 16;
const ANSWERS = 25;

test("answers to one selection differ by noise of the declared scale, drawn for each measure and each time", async () => {
  const groups = ["a", "b", "c", "d"];
  const measures = Array.from({ length: MEASURES }, (_, i) => {
    return { name: `m${i}`, subjectBound: 1, noiseScale: SCALE, bound: 400 };
  });
  const parameters = parseSelectionParameters({ ...PARAMETERS, groups, measures });
  const rows = groups.map((label) => ({ label, rows: 10, sums: measures.map(() => 50n) }));
  const words = new RandomWords(seededRandom(1));
  const { server, admit } = await openServer({
    table: new SelectionTable(parameters, "now", rows),
    noise: (scale) => discreteLaplace({ numerator: BigInt(scale), denominator: 1n })(words),
  });
  const client = await SelectionClient.select({ parameters, caller: CALLER }, ["a", "c"]);
  await admit(client.commitment, client.frame);
  const request = client.request(
    "now",
    measures.map(({ name }) => name),
  );
  const noise: number[] = [];
  for (let i = 0; i < ANSWERS; i++) {
    for (const sum of (await client.open(request, await server.answer(request))).values()) noise.push(sum - 100);
  }
  const count = MEASURES * ANSWERS;
  expect(noise).toHaveLength(count);
  const mean = noise.reduce((sum, value) => sum + value, 0) / count;
  const size = noise.reduce((sum, value) => sum + Math.abs(value), 0) / count;
  // With p = exp(-1/scale): E|X| = 2p / (1 - p²), Var X = 2p / (1 - p)². Five standard errors.
  const p = Math.exp(-1 / SCALE);
  const variance = (2 * p) / (1 - p) ** 2;
  const expected = (2 * p) / (1 - p ** 2);
  expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / count));
  expect(Math.abs(size - expected)).toBeLessThan(5 * Math.sqrt((variance - expected ** 2) / count));
});
