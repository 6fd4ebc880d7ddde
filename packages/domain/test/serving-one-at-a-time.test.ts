import { expect, test } from "vitest";
import { OneAtATime } from "../src/serve/one-at-a-time.ts";

test("work under one name waits for what came before it, however that ended; other names go on", async () => {
  const queue = new OneAtATime();
  const events: string[] = [];
  const gate = Promise.withResolvers<string>();
  const first = queue.run("call", async () => {
    events.push("first begins");
    return gate.promise;
  });
  const second = queue.run("call", async () => {
    events.push("second begins");
    throw new Error("second fails");
  });
  const third = queue.run("call", async () => {
    events.push("third begins");
    return "third";
  });
  expect(await queue.run("other", async () => "other")).toBe("other");
  expect(events).toEqual(["first begins"]);
  gate.resolve("first");
  expect(await first).toBe("first");
  await expect(second).rejects.toThrow("second fails");
  expect(await third).toBe("third");
  expect(events).toEqual(["first begins", "second begins", "third begins"]);
});
