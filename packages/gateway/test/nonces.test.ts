/** Nonces: each once, so many per key, and forgotten when they have expired.
 *  @module */
import { expect, test } from "vitest";
import { NonceStore } from "../src/state/nonce-store.ts";
import { openState } from "../src/state/open-state.ts";
import { copyEmptyState, testDirectory } from "./directories.ts";

test("a key that uses too many nonces is refused until some have expired; other keys are not", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  let now = 1_000;
  const store = await NonceStore.open(state.db, { now: () => new Date(now) }, 3);
  const take = (key: string, nonce: number, expiresAt: number) =>
    store.seen({
      keyId: `ed25519:${key.repeat(43)}`,
      party: key,
      nonce: String(nonce),
      expiresAt: new Date(expiresAt),
      durable: nonce === 0,
    });
  for (const nonce of [0, 1, 2]) expect(await take("a", nonce, 2_000 + nonce)).toBe(false);
  // What was used stays used, and is told apart from too many.
  expect(await take("a", 0, 9_000)).toBe(true);
  await expect(take("a", 3, 9_000)).rejects.toMatchObject({ code: "ERR_RATE_LIMIT", details: { party: "a" } });
  expect(await take("b", 3, 9_000)).toBe(false);
  now = 2_002;
  expect([await take("a", 3, 9_000), await take("a", 4, 9_000)]).toEqual([false, false]);
  await expect(take("a", 5, 9_000)).rejects.toMatchObject({ code: "ERR_RATE_LIMIT" });
  expect(await take("a", 2, 9_000)).toBe(true);
  await state.close();
});
