import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey } from "../src/index.ts";
import type { AnchorNetwork } from "../src/anchor/anchor-post.ts";
import { timestampAnchor } from "../src/anchor/timestamp-anchor.ts";
import { webhookAnchor } from "../src/anchor/webhook-anchor.ts";
import { inDirectory, ORIGIN } from "./log-fixture.ts";
import { hasOpenssl, OpensslAuthority, serveAnswers, type Answering } from "./openssl-authority.ts";

const checkpoint = await signCheckpoint(
  ORIGIN,
  { size: 7, rootHash: new Uint8Array(32).fill(0xab) },
  await generateKey(),
);
const SHA256 = createHash("sha256").update(checkpoint.text).digest("hex");
const { signal } = new AbortController();
const pauses: number[] = [];
const network: AnchorNetwork = {
  fetch,
  random: { bytes: (length) => new Uint8Array(length).fill(64) },
  pause: async (ms) => void pauses.push(ms),
};
afterEach(() => pauses.splice(0));

async function posted(answering: Answering, readToken?: () => Promise<string>, extra: Partial<AnchorNetwork> = {}) {
  await using server = await serveAnswers(answering);
  return await webhookAnchor({ url: server.url, readToken }, { ...network, ...extra }).publish(checkpoint, { signal });
}

test("a webhook gets the documented document, its key and its token, and its answer is kept byte for byte", async () => {
  const answer = Uint8Array.of(0, 255, ...Buffer.from('{"transactionHash":"0xab"}'));
  const seen: unknown[] = [];
  const outcome = await posted(
    async (body, { method, headers }) => {
      seen.push(method, headers["content-type"], headers["idempotency-key"], headers["authorization"]);
      seen.push(JSON.parse(Buffer.from(body).toString()));
      return { status: 201, body: answer };
    },
    async () => "s3cret",
  );
  const document = {
    type: "sluice/anchor/v1",
    origin: ORIGIN,
    size: 7,
    rootHash: "ab".repeat(32),
    checkpointSha256: SHA256,
  };
  expect(seen).toEqual([
    "POST",
    "application/json",
    SHA256,
    "Bearer s3cret",
    { ...document, checkpoint: checkpoint.text },
  ]);
  expect(outcome).toEqual({ kind: "anchored", answer });
});

test("what may pass is tried again, each time later and with the same key; what does not is not", async () => {
  const keys: unknown[] = [];
  const statuses = [503, 429, 200];
  const outcome = await posted(async (_, request) => {
    keys.push(request.headers["idempotency-key"]);
    return { status: statuses[keys.length - 1] ?? 500, body: "ok" };
  });
  expect([outcome.kind, keys, pauses]).toEqual(["anchored", [SHA256, SHA256, SHA256], [750, 1_500]]);
  let asked = 0;
  const refused = await posted(async () => ({ status: 400 + (asked += 1) }));
  expect([refused, asked]).toEqual([{ kind: "failed", fault: "refused", status: 401 }, 1]);
  asked = 0;
  const failing = await posted(async () => ({ status: 500 + (asked += 1) }));
  expect([failing, asked]).toEqual([{ kind: "failed", fault: "refused", status: 503 }, 3]);
});

test("a redirect is not followed, and its target never sees the token", async () => {
  const paths: unknown[] = [];
  const outcome = await posted(
    async (_, { url }) => {
      paths.push(url);
      return { status: 307, headers: { location: "/elsewhere" } };
    },
    async () => "s3cret",
  );
  expect([outcome, paths]).toEqual([{ kind: "failed", fault: "redirected", status: 307 }, ["/"]]);
});

test("an answer that is too long, none in time, a broken connection and no token are failures of their own", async () => {
  expect(await posted(async () => ({ body: new Uint8Array(16_385) }))).toEqual({ kind: "failed", fault: "too-large" });
  expect((await posted(async () => ({ body: new Uint8Array(16_384) }))).kind).toBe("anchored");
  const never = (): Promise<never> => new Promise(() => undefined);
  expect(await posted(never, undefined, { timeoutMs: 5 })).toEqual({ kind: "failed", fault: "timeout" });
  expect(await posted(() => Promise.reject(new Error("cut")))).toEqual({ kind: "failed", fault: "unreachable" });
  expect(pauses).toHaveLength(4);
  const asked: unknown[] = [];
  const readToken = () => Promise.reject(new Error("ENOENT"));
  const outcome = await posted(async (_, { url }) => ({ body: String(asked.push(url)) }), readToken);
  expect([outcome, asked]).toEqual([{ kind: "failed", fault: "token" }, []]);
});

test("whoever closes does not wait: neither for an answer nor for the next try", async () => {
  const closing = new AbortController();
  const hanging = webhookAnchor(
    { url: "http://127.0.0.1:9/" },
    {
      ...network,
      fetch: (_, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(new Error("aborted")));
          closing.abort();
        }),
    },
  );
  expect(await hanging.publish(checkpoint, closing)).toEqual({ kind: "failed", fault: "cancelled" });
  const pausing = webhookAnchor(
    { url: "http://127.0.0.1:9/" },
    {
      ...network,
      fetch: () => Promise.reject(new Error("refused")),
      pause: () => Promise.reject(new Error("aborted")),
    },
  );
  expect(await pausing.publish(checkpoint, { signal })).toEqual({ kind: "failed", fault: "cancelled" });
});

test.skipIf(!hasOpenssl())("a time stamp is asked for, verified and kept as OpenSSL verifies it too", async () => {
  await inDirectory(async (directory) => {
    const authority = await OpensslAuthority.create(directory);
    const data = Buffer.from(checkpoint.text);
    const trust = { caPem: await authority.pem("ca") };
    const clock = { now: () => new Date() };
    const types: unknown[] = [];
    let wrong: "nonce" | "status" | "html" | null = null;
    await using server = await serveAnswers(async (query, { headers }) => {
      types.push(headers["content-type"]);
      if (wrong === "status") return { status: 404, body: await authority.reply(query) };
      if (wrong === "html") return { body: "<html>please log in</html>" };
      const asked = query.slice();
      // The nonce stands before the three bytes of certReq.
      if (wrong === "nonce") asked[asked.length - 4] = (asked.at(-4) ?? 0) ^ 1;
      return { headers: { "content-type": "application/timestamp-reply" }, body: await authority.reply(asked) };
    });
    const ask = (now = clock, policy?: string) =>
      timestampAnchor({ url: server.url, trust: { ...trust, policy }, clock: now }, network).publish(checkpoint, {
        signal,
      });

    const outcome = await ask();
    if (outcome.kind !== "anchored") throw new Error(outcome.fault);
    expect(types).toEqual(["application/timestamp-query"]);
    expect(await authority.verifies(data, outcome.answer)).toBe(true);
    expect(outcome.nonce).toEqual(Uint8Array.of(0x40, ...new Uint8Array(7).fill(64)));
    expect((await ask(clock, "1.3.6.1.4.1.99999.2")).kind).toBe("anchored");
    expect(await ask({ now: () => new Date(Date.now() + 6 * 60_000) })).toEqual({ kind: "failed", fault: "time" });
    expect(await ask({ now: () => new Date(Date.now() - 6 * 60_000) })).toEqual({ kind: "failed", fault: "time" });
    wrong = "nonce";
    expect(await ask()).toEqual({ kind: "failed", fault: "another-nonce" });
    wrong = "html";
    expect(await ask()).toEqual({ kind: "failed", fault: "malformed" });
    wrong = "status";
    expect(await ask()).toEqual({ kind: "failed", fault: "refused", status: 404 });
  });
});
