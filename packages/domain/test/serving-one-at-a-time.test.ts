import { expect, test } from "vitest";
import { OneAtATime } from "../src/serve/one-at-a-time.ts";

const { signal } = new AbortController();

test("work under one name waits for what came before it, however that ended; other names go on", async () => {
  const queue = new OneAtATime();
  const events: string[] = [];
  const gate = Promise.withResolvers<string>();
  const first = queue.run("call", signal, async () => {
    events.push("first begins");
    return gate.promise;
  });
  const second = queue.run("call", signal, async () => {
    events.push("second begins");
    throw new Error("second fails");
  });
  const third = queue.run("call", signal, async () => {
    events.push("third begins");
    return "third";
  });
  expect(await queue.run("other", signal, async () => "other")).toBe("other");
  expect(events).toEqual(["first begins"]);
  gate.resolve("first");
  expect(await first).toBe("first");
  await expect(second).rejects.toThrow("second fails");
  expect(await third).toBe("third");
  expect(events).toEqual(["first begins", "second begins", "third begins"]);
});

test("two wait under a name and no more, and a name whose work has ended is as new", async () => {
  const queue = new OneAtATime();
  const gate = Promise.withResolvers<string>();
  const work = (): Promise<string> => gate.promise;
  const admitted = [1, 2, 3].map(() => queue.run("call", signal, work));
  await expect(queue.run("call", signal, work)).rejects.toMatchObject({
    code: "ERR_POOL_FULL",
    details: { maxQueue: 2 },
  });
  gate.resolve("done");
  expect(await Promise.all(admitted)).toEqual(["done", "done", "done"]);
  expect(await queue.run("call", signal, async () => "again")).toBe("again");
});

test("whoever goes while it waits leaves its place, nothing is done for it, and those behind it keep waiting", async () => {
  const queue = new OneAtATime();
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = async (name: string): Promise<string> => {
    events.push(name);
    await gate.promise;
    return name;
  };
  const first = queue.run("call", signal, () => work("first"));
  const going = new AbortController();
  const gone = queue.run("call", going.signal, () => work("gone"));
  const second = queue.run("call", signal, () => work("second"));
  going.abort();
  await expect(gone).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const third = queue.run("call", signal, () => work("third"));
  expect(events).toEqual(["first"]);
  gate.resolve();
  expect(await Promise.all([first, second, third])).toEqual(["first", "second", "third"]);
  expect(events).toEqual(["first", "second", "third"]);
});

test("nothing is done for whoever was gone before its turn came at once", async () => {
  const queue = new OneAtATime();
  let begun = 0;
  const gone = queue.run("call", AbortSignal.abort(), async () => void begun++);
  await expect(gone).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect(begun).toBe(0);
  expect(await queue.run("call", signal, async () => "next")).toBe("next");
});
