/** Every object of SEAL is deleted, but for the context. @module */
import type { ClassHandle, MainModule } from "node-seal/throws";
import { expect, test, vi } from "vitest";
import { ScoreClient } from "../src/he/linear/client.ts";
import { heEngine } from "../src/he/engine.ts";
import { openHandles } from "../src/he/handles.ts";
import { score } from "../src/he/linear/server.ts";
import { columnsOf, productOf } from "./linear-product.ts";

test("a scope deletes what it kept, the latest first, also when its block throws", () => {
  const deleted: string[] = [];
  const handle = (name: string) => ({ delete: () => void deleted.push(name) });
  const use = (names: string[], fail: boolean): void => {
    using scope = openHandles();
    for (const name of names) scope.keep(handle(name));
    expect(deleted).not.toContain(names[0]);
    if (fail) throw new Error("midway");
  };
  use(["a", "b"], false);
  expect(deleted).toEqual(["b", "a"]);
  expect(() => use(["c"], true)).toThrow("midway");
  expect(deleted).toEqual(["b", "a", "c"]);
});

test("a scope that is closed twice deletes once", () => {
  const scope = openHandles();
  const handle = scope.keep({ delete: vi.fn<() => void>() });
  scope.close();
  scope.close();
  expect(handle.delete).toHaveBeenCalledTimes(1);
});

/** Every object that SEAL hands out from now on, by a constructor or by a method. */
function recordHandles(seal: MainModule): ClassHandle[] {
  const handles: ClassHandle[] = [];
  const record = (value: unknown): unknown => {
    if (typeof value === "object" && value !== null && "isDeleted" in value) handles.push(value as ClassHandle);
    return value;
  };
  for (const [name, made] of Object.entries(seal)) {
    if (typeof made !== "function" || !isRecord(made.prototype) || !("isDeleted" in made.prototype)) continue;
    const methods = made.prototype;
    for (const method of ["secretKey", "createPublicKey", "encryptSymmetricSerializable"]) {
      const original = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (typeof original !== "function") continue;
      methods[method] = function (...values: unknown[]) {
        return record(Reflect.apply(original, this, values));
      };
    }
    const recorded = new Proxy(made, {
      construct: (target, values) => record(Reflect.construct(target, values)) as object,
    });
    Object.defineProperty(seal, name, { value: recorded });
  }
  return handles;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

test("after requests, refusals and discarded queries nothing is left", async () => {
  const handles = recordHandles((await heEngine("ckks-4096")).seal);
  const columns = columnsOf(8, 64, (i, row) => (i + row) / 16);
  for (let i = 0; i < 6; i++) {
    const product = productOf([1, 2, 3, 4, 5, 6, 7, 1 + i]);
    const client = await ScoreClient.open(product.parameters);
    const query = client.encrypt(columns);
    query.finish(await score(product, query.frame));
    const bad = client.encrypt(columns);
    const frame = bad.frame.slice();
    frame.fill(0xff, -8);
    await expect(score(product, frame)).rejects.toMatchObject({ code: "ERR_SCORE_CIPHERTEXT" });
    expect(() => bad.finish(frame)).toThrow();
    client.encrypt(columns).discard();
  }
  expect(handles.length).toBeGreaterThan(6 * 3 * 20);
  expect(handles.filter((handle) => !handle.isDeleted())).toEqual([]);
});
