import { expect, test } from "vitest";
import { Turns } from "../src/work/turns.ts";

test("places go to those who came first, a cancelled one leaves the queue, and too many are refused", async () => {
  const turns = new Turns(1, 2);
  const order: string[] = [];
  const take = async (name: string, signal?: AbortSignal): Promise<void> => {
    order.push(`${name} ${String(await turns.take(signal))}`);
  };
  await take("first");
  const cancel = new AbortController();
  const second = take("second", cancel.signal);
  const third = take("third");
  expect(() => turns.take()).toThrow(/ERR_POOL_FULL|queue|wait/u);
  cancel.abort();
  await second;
  const fourth = take("fourth");
  turns.give();
  await third;
  turns.give();
  await fourth;
  turns.give();
  // What was cancelled took no place with it, and a signal that fires afterwards takes none away.
  await take("fifth", AbortSignal.abort());
  await take("sixth");
  expect(order).toEqual(["first true", "second false", "third true", "fourth true", "fifth false", "sixth true"]);
});
