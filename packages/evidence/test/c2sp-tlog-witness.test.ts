import { fromHex, type Checkpoint, type Clock } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  askWitnesses,
  emptyRootHash,
  generateKey,
  generateSm2Key,
  noteVerifierKey,
  openCosignatures,
  openLog,
  parseNoteVerifierKey,
  Witness,
  type DirectoryLog,
  type TreeHead,
  type WitnessOutcome,
  type WitnessStore,
} from "../src/index.ts";
import { signCheckpoint } from "../src/checkpoint.ts";
import { formatAddCheckpoint, parseAddCheckpoint } from "../src/witness-request.ts";
import { CLOCK, entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

// transparency-dev/witness (Apache-2.0), persistence/sql: a log of another implementation that grows from 5 to 8.
const MONKEYS_KEY = "monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT";
const MONKEYS_5 =
  "monkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n\n" +
  "— monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=\n";
const MONKEYS_8 =
  "monkeys\n8\nV8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=\n\n" +
  "— monkeys 202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=\n";
const MONKEYS_PROOF = [
  "b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2",
  "aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d",
  "89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e",
  "29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833",
].map(fromHex);

const key = await generateKey();
const logKey = await generateKey();
const name = "witness.example/w1";
const identity = { name, witnessKey: key.keyId };
const monkeys = { origin: "monkeys", logKey: parseNoteVerifierKey(MONKEYS_KEY)?.keyId ?? "" };
const logs = [{ origin: ORIGIN, logKey: logKey.keyId }, monkeys];

/** Keeps heads in memory, and what was written in order. */
class MemoryStore implements WitnessStore {
  readonly heads = new Map<string, TreeHead>();
  readonly written: number[] = [];

  async read(origin: string): Promise<TreeHead | null> {
    return this.heads.get(origin) ?? null;
  }

  async write(origin: string, head: TreeHead): Promise<void> {
    await Promise.resolve();
    this.heads.set(origin, head);
    this.written.push(head.size);
  }
}

function witnessOf(store: WitnessStore, clock: Clock = CLOCK): Witness {
  return new Witness({ name, key, logs, store, clock });
}

/** Runs `body` with a log of our own and what it submits at some sizes. */
async function withLog(
  body: (log: DirectoryLog, at: (oldSize: number, count: number) => Promise<string>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, { origin: ORIGIN, key: logKey, clock: CLOCK });
    await body(log, async (oldSize, count) => {
      await Promise.all(entriesOf(log.size, log.size + count).map((entry) => log.append(entry)));
      const { text, size } = await log.checkpoint();
      const proof = await log.consistency(Math.min(oldSize, size), size);
      return formatAddCheckpoint({ oldSize, proof, checkpoint: text });
    });
  });
}

test("cosigns another implementation's log as it grows, by its proof and by no other", async () => {
  const store = new MemoryStore();
  const witness = witnessOf(store);
  const first = await witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: MONKEYS_5 }));
  expect([first.status, await openCosignatures(MONKEYS_5 + first.body, [identity])]).toEqual([
    200,
    [{ ...identity, at: CLOCK.now() }],
  ]);
  const wrong = { oldSize: 5, proof: MONKEYS_PROOF.toReversed(), checkpoint: MONKEYS_8 };
  expect((await witness.addCheckpoint(formatAddCheckpoint(wrong))).status).toBe(422);
  expect((await witness.addCheckpoint(formatAddCheckpoint({ ...wrong, proof: [] }))).status).toBe(422);
  const right = formatAddCheckpoint({ ...wrong, proof: MONKEYS_PROOF });
  expect((await witness.addCheckpoint(right)).status).toBe(200);
  expect(store.written).toEqual([5, 8]);
  expect(await witness.addCheckpoint(right)).toEqual({ status: 409, contentType: "text/x.tlog.size", body: "8\n" });
});

test("answers as the specification says, and cosigns nothing it refuses", async () => {
  await withLog(async (log, at) => {
    const store = new MemoryStore();
    const witness = witnessOf(store);
    const status = async (body: string): Promise<number> => (await witness.addCheckpoint(body)).status;
    expect(await status(await at(0, 3))).toBe(200);
    const next = await at(3, 4);
    expect(await status(next.replace(ORIGIN, "log.example/other"))).toBe(404);
    expect(await status(next.replace("\n7\n", "\n8\n"))).toBe(403);
    expect(await status(next.replace("old 3", "old 8"))).toBe(400);
    expect(await status(next.replace("old 3", "old 2"))).toBe(409);
    expect(await status(next.replace(/\n[^\n]{44}\n/, "\n"))).toBe(422);
    expect(store.written).toEqual([3]);
    expect(await status(next)).toBe(200);
    expect(await status(await at(7, 0))).toBe(200);
    expect(store.written).toEqual([3, 7, 7]);
    expect(log.size).toBe(7);
  });
});

test("a log that forked at the same size, or beyond, gets no cosignature", async () => {
  await withLog(async (_, at) => {
    const witness = witnessOf(new MemoryStore());
    expect((await witness.addCheckpoint(await at(0, 5))).status).toBe(200);
    await inDirectory(async (directory) => {
      await using fork = await openLog(directory, { origin: ORIGIN, key: logKey, clock: CLOCK });
      await Promise.all(entriesOf(100, 105).map((entry) => fork.append(entry)));
      const same = { oldSize: 5, proof: [], checkpoint: (await fork.checkpoint()).text };
      expect((await witness.addCheckpoint(formatAddCheckpoint(same))).status).toBe(409);
      await Promise.all(entriesOf(105, 108).map((entry) => fork.append(entry)));
      const { text } = await fork.checkpoint();
      const longer = { oldSize: 5, proof: await fork.consistency(5, 8), checkpoint: text };
      expect((await witness.addCheckpoint(formatAddCheckpoint(longer))).status).toBe(422);
    });
  });
});

test("keeps what it cosigns before it signs: when that fails, there is no cosignature", async () => {
  await withLog(async (_, at) => {
    const store = new MemoryStore();
    const broken: WitnessStore = {
      read: (origin) => store.read(origin),
      write: () => Promise.reject(new Error("disk full")),
    };
    const body = await at(0, 2);
    await expect(witnessOf(broken).addCheckpoint(body)).rejects.toThrow("disk full");
    let keptAtSigning = 0;
    const clock = { now: () => ((keptAtSigning = store.written.length), CLOCK.now()) };
    await witnessOf(store, clock).addCheckpoint(body);
    expect(keptAtSigning).toBe(1);
  });
});

test("of two submissions from one size, one is cosigned and the other learns the new size", async () => {
  await withLog(async (_, at) => {
    const store = new MemoryStore();
    const witness = witnessOf(store);
    await witness.addCheckpoint(await at(0, 2));
    const smaller = await at(2, 2);
    const larger = await at(2, 2);
    const answers = await Promise.all([witness.addCheckpoint(larger), witness.addCheckpoint(smaller)]);
    // Their signatures are verified at the same time: either may be the first.
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    const size = answers[0]?.status === 200 ? 6 : 4;
    expect(answers.find(({ status }) => status === 409)?.body).toBe(`${size}\n`);
    expect(store.written).toEqual([2, size]);
  });
});

test.each([
  ["nothing", ""],
  ["no old line", MONKEYS_5],
  ["a leading zero", `old 00\n\n${MONKEYS_5}`],
  ["a negative size", `old -1\n\n${MONKEYS_5}`],
  ["a size beyond safe integers", `old 9007199254740993\n\n${MONKEYS_5}`],
  ["a short hash", `old 0\nAAAA\n\n${MONKEYS_5}`],
  ["64 hashes", `old 0\n${`${"A".repeat(43)}=\n`.repeat(64)}\n${MONKEYS_5}`],
  ["no checkpoint", "old 0\n\n"],
  ["a checkpoint without signatures", "old 0\n\nmonkeys\n5\n41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=\n"],
  ["a body that is too long", `old 0\n\n${"x".repeat(20_000)}`],
])("refuses %s with 400", async (_, body) => {
  expect((await witnessOf(new MemoryStore()).addCheckpoint(body)).status).toBe(400);
});

test("a submission survives its own codec", () => {
  const request = { oldSize: 5, proof: MONKEYS_PROOF, checkpoint: MONKEYS_8 };
  expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual(request);
});

test("a log asks its witnesses, keeps the valid lines, and does without the rest", async () => {
  await withLog(async (log) => {
    const store = new MemoryStore();
    const witness = witnessOf(store);
    const fetchStub = async (url: string, { body: sent }: RequestInit): Promise<Response> => {
      const { host, pathname } = new URL(url);
      if (host === "away.example") throw new TypeError("fetch failed");
      if (host === "liar.example") return new Response(`— ${name} ${"A".repeat(100)}AA==\n`);
      if (host === "flood.example") return new Response("x".repeat(100_000));
      if (host === "behind.example") return new Response("99\n", { status: 409 });
      expect(pathname).toBe("/w/add-checkpoint");
      const { status, body } = await witness.addCheckpoint(typeof sent === "string" ? sent : "");
      return new Response(`# unknown\n${body}`.slice(status === 200 ? 0 : 10), { status });
    };
    const outcomes: WitnessOutcome[] = [];
    const others = await Promise.all(
      ["away", "liar", "flood", "behind"].map(async (host) => ({
        name: host,
        witnessKey: (await generateKey()).keyId,
        url: `https://${host}.example`,
      })),
    );
    const cosign = askWitnesses([{ ...identity, url: "https://good.example/w/" }, ...others], {
      fetch: fetchStub,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    const { signal } = new AbortController();
    for (const count of [3, 4]) {
      await Promise.all(entriesOf(log.size, log.size + count).map((entry) => log.append(entry)));
      const checkpoint = await log.checkpoint();
      const consistency = (from: number) => log.consistency(from, checkpoint.size);
      const text = await cosign(checkpoint, { consistency, signal });
      expect(text.startsWith(checkpoint.text)).toBe(true);
      expect(text.split("\n")).toHaveLength(checkpoint.text.split("\n").length + 1);
      expect(await openCosignatures(text, [identity])).toHaveLength(1);
      // A witness that knows more than this log's process does: after a restart it says how much.
      expect(store.written.at(-1)).toBe(checkpoint.size);
      if (count === 3) await witness.addCheckpoint(formatAddCheckpoint({ oldSize: 3, proof: [], checkpoint: text }));
    }
    expect(outcomes.slice(0, 5).toSorted((a, b) => a.witness.localeCompare(b.witness))).toEqual([
      { witness: "away", outcome: "unreachable" },
      { witness: "behind", outcome: "ahead", size: 99 },
      { witness: "flood", outcome: "unreachable" },
      { witness: "liar", outcome: "refused", status: 200 },
      { witness: name, outcome: "cosigned" },
    ]);
    const restarted = askWitnesses([{ ...identity, url: "https://good.example/w/" }], { fetch: fetchStub });
    const checkpoint = await log.checkpoint();
    const text = await restarted(checkpoint, { consistency: (from) => log.consistency(from, checkpoint.size), signal });
    expect(await openCosignatures(text, [identity])).toHaveLength(1);
  });
});

test("a witness that pins the SM2 key of a log cosigns no checkpoint without its line", async () => {
  const sm2Key = await generateSm2Key();
  const pinned = [{ origin: ORIGIN, logKey: logKey.keyId, logSm2Key: sm2Key.keyId }];
  const witness = new Witness({ name, key, logs: pinned, store: new MemoryStore(), clock: CLOCK });
  const head = { size: 0, rootHash: emptyRootHash() };
  const [without, withLine] = [
    await signCheckpoint(ORIGIN, head, logKey),
    await signCheckpoint(ORIGIN, head, logKey, sm2Key),
  ];
  const submit = ({ text }: Checkpoint) =>
    witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: text }));
  expect((await submit(without)).status).toBe(403);
  expect((await submit(withLine)).status).toBe(200);
});

test("a witness's key is spelled as its verifiers expect", () => {
  expect(parseNoteVerifierKey(noteVerifierKey(name, key.keyId, 4))).toEqual({ name, type: 4, keyId: key.keyId });
});
