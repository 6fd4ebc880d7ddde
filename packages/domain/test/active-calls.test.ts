import { isSluiceError } from "@sluice/protocol";
import { expect, test } from "vitest";
import { ActiveCalls } from "../src/serve/active-calls.ts";

const calls = (): ActiveCalls<{ grant: string; keyId: string }> => new ActiveCalls();
const never = new AbortController().signal;

/** Computes until its signal aborts. */
const computing = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

test("a stop aborts the computation of the calls that it concerns, and of no other", async () => {
  const active = calls();
  const aborted: string[] = [];
  const run = (grant: string, keyId: string): Promise<unknown> =>
    active.run({ grant, keyId }, never, computing).catch((error: unknown) => {
      if (isSluiceError(error, "ERR_CANCELLED")) aborted.push(`${grant} ${keyId}`);
    });
  const running = [run("g1", "k1"), run("g1", "k2"), run("g2", "k1")];
  active.stop(({ grant }) => grant === "g1");
  await Promise.all(running.slice(0, 2));
  expect(aborted).toEqual(["g1 k1", "g1 k2"]);
  active.stop(({ keyId }) => keyId === "k1");
  await running[2];
  expect(aborted).toEqual(["g1 k1", "g1 k2", "g2 k1"]);
});

test("a caller that goes aborts its call, too, and what has ended is not stopped any more", async () => {
  const active = calls();
  const gone = new AbortController();
  const running = active.run({ grant: "g", keyId: "k" }, gone.signal, computing);
  gone.abort(new Error("gone"));
  await expect(running).rejects.toThrow("gone");
  let seen = 0;
  active.stop(() => ++seen > 0);
  expect(seen).toBe(0);
});
