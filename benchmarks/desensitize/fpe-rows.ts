/** What format-preserving encryption costs: FF1 in batches beside npm's FF3-1 one value at a time, and two enciphered columns
 *  among masks beside the plain copy.
 *  @module */
import { createRequire } from "node:module";
import { openBlockCipher, type BlockCipherName } from "../../packages/desensitize/src/fpe/block-cipher.ts";
import { Ff1Halves } from "../../packages/desensitize/src/fpe/ff1-halves.ts";
import { compare, type Row } from "../suite.ts";
import type { Bench } from "./bench.ts";
import { compareCpu, runMeasured } from "./measured.ts";
import { peerFile } from "./peers.ts";

/** Values of eleven digits that one measurement enciphers: ours, and the peer's. */
const VALUES = 400_000;
const PEER_VALUES = 8_000;
const DIGITS = 11;
const FIRST = 13_000_000_000;
const PEER = "npm ff3 1.0.1 (FF3-1, AES-256), the same values";

/** What the peer's module is. */
type Ff3 = new (key: string, tweak: string, radix: number) => { encrypt(text: string): string };

/** `ff1-batch` with both ciphers, and `mask6-ff1x2`. */
export async function fpeRows(bench: Bench): Promise<Row[]> {
  const file = await peerFile("ff3", "lib/FF3Cipher.js", (line) => bench.progress(line));
  const Ff3 = createRequire(import.meta.url)(file) as Ff3;
  const peer = new Ff3("07".repeat(32), "D8E7920AFA330A", 10);
  const rows: Row[] = [];
  for (const cipher of ["aes", "sm4"] as const) {
    const row = { name: cipher === "aes" ? "ff1-batch" : "ff1-batch sm4", n: VALUES, unit: "values/s" } as const;
    const peerRate = (): Promise<number> => Promise.resolve(peerValuesPerSecond(peer));
    rows.push(await compare({ ...row, better: "higher", peer: PEER, pairs: 7 }, batchRate(cipher), peerRate));
  }
  const people = await bench.people();
  for (const cipher of ["aes", "sm4"] as const) {
    bench.progress(`mask6-ff1x2, ${cipher}`);
    const { row } = await compareCpu(
      {
        name: `mask6-ff1x2-${bench.label}${cipher === "aes" ? "" : " sm4"}`,
        n: bench.rows,
        peer: "plain DuckDB copy of the same table",
      },
      () => runMeasured("fpe-main.ts", [people, bench.path("enciphered.parquet"), cipher]),
      () => bench.plainCopy(people),
    );
    rows.push(row);
  }
  return rows;
}

function batchRate(name: BlockCipherName): () => Promise<number> {
  const cipher = openBlockCipher(name, new Uint8Array(name === "aes" ? 32 : 16).fill(7));
  const ff1 = new Ff1Halves(cipher, { radix: 10, length: DIGITS, tweak: new Uint8Array(7) });
  const left = new Float64Array(VALUES);
  const right = new Float64Array(VALUES);
  return () => {
    const started = performance.now();
    for (let i = 0; i < VALUES; i++) {
      left[i] = Math.floor((FIRST + i) / ff1.rightSize);
      right[i] = (FIRST + i) % ff1.rightSize;
    }
    ff1.encrypt(left, right, VALUES);
    return Promise.resolve((VALUES * 1_000) / (performance.now() - started));
  };
}

function peerValuesPerSecond(peer: InstanceType<Ff3>): number {
  const started = performance.now();
  for (let i = 0; i < PEER_VALUES; i++) peer.encrypt(String(FIRST + i));
  return (PEER_VALUES * 1_000) / (performance.now() - started);
}
