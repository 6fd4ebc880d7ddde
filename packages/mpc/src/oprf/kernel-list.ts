/** Client of mode VOPRF for long lists in the kernel of the oblivious PRF: multiples of the generator and of the server's key, by
 *  the blinds of a whole list, come from tables made once; an answered element is decoded once, for its proof and for its output.
 *
 *  Blinding is that of `bulk-client.ts`, which computes the same with libsodium and is the reference; who learns what: see `client.ts`.
 *  No output leaves this module before the proofs over the whole list have been verified. No `node:` import: runs in Node and in browsers.
 *  Timing: the kernel takes the same steps and the same addresses whatever inputs and blinds are; that an engine's compiler and a processor
 *  keep it so is assumed.
 *  @see https://www.rfc-editor.org/rfc/rfc9497 §3.3.2
 *  @module */
import { ELEMENT_BYTES, MAX_OPRF_ELEMENTS, PROOF_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import type { OprfKernel } from "../kernel/oprf-kernel.ts";
import { inBatches, type PsiPassOptions } from "../psi/pass.ts";
import { SecretBytes } from "../secret.ts";
import { verifyProof } from "./dleq.ts";
import { BATCH_TERMS_BYTES, decodeTerms, SUM_ROOM_BYTES, sumTerms } from "./element-sum.ts";
import {
  CONSTANTS,
  FE_BYTES,
  FREE,
  openGroupKernel,
  POINT_BYTES,
  SCRATCH,
  TERM_BYTES,
  wipeKernel,
} from "./group-kernel.ts";
import { OPRF_OUTPUT_BYTES, type AnsweredList, type BlindedList, type ListClient } from "./list-client.ts";
import { contextString, finalizeHash, GroupHash, isElement, wipeTranscript } from "./transcript.ts";

/** Bytes that reduce to a scalar, or map to an element, without noticeable bias. */
const UNIFORM_BYTES = 64;
/** Items between two looks at the signal: some 10 ms. A batch under one proof is a multiple of it. */
const CHUNK_ITEMS = 128;
/** Digits of a scalar, entries for each, bytes of an entry: assembly/fixed-base.ts. */
const TABLE_BYTES = 51 * 16 * 128;

/** Layout of the kernel's memory, in bytes. */
const TABLE = FREE;
const WORK = TABLE + TABLE_BYTES;
const SCALARS = WORK + 18 * POINT_BYTES + 16 * FE_BYTES;
const UNIFORM = SCALARS + CHUNK_ITEMS * ELEMENT_BYTES;
const OUT = UNIFORM + CHUNK_ITEMS * UNIFORM_BYTES;
const SUM_ROOM = OUT + CHUNK_ITEMS * ELEMENT_BYTES;
const BLINDED = SUM_ROOM + SUM_ROOM_BYTES;
const EVALUATED = BLINDED + BATCH_TERMS_BYTES;
const BLIND_MEMORY_BYTES = SUM_ROOM - FREE;
const FINALIZE_MEMORY_BYTES = EVALUATED + BATCH_TERMS_BYTES - FREE;

/** The client, when libsodium has loaded; null where the engine has no WebAssembly with SIMD.
 *  @throws Error where WebAssembly is forbidden */
export async function openKernelClient(): Promise<ListClient | null> {
  await sodium.ready;
  return openGroupKernel(0) === null ? null : { blindList, finalizeList };
}

/** A kernel for one list, since others may be under way in this thread; zeroed in the end. */
async function withKernel<T>(sizeBytes: number, use: (opened: OprfKernel) => Promise<T>): Promise<T> {
  const opened = openGroupKernel(sizeBytes);
  if (opened === null) throw new RangeError("the kernel opened before");
  try {
    return await use(opened);
  } finally {
    wipeKernel(opened, WORK, SUM_ROOM);
    wipeTranscript();
  }
}

let generatorTable: Bytes | undefined;

function loadGenerator(opened: OprfKernel): void {
  if (generatorTable === undefined) {
    makeTable(opened, sodium.crypto_scalarmult_ristretto255_base(Uint8Array.of(1, ...new Uint8Array(31))));
    generatorTable = opened.bytes.slice(TABLE, WORK);
  }
  opened.bytes.set(generatorTable, TABLE);
}

function makeTable(opened: OprfKernel, element: Bytes): void {
  opened.bytes.set(element, OUT);
  opened.oprfTable(TABLE, OUT, WORK, CONSTANTS, SCRATCH);
}

function blindList(
  inputs: readonly Bytes[],
  total: number,
  random: Random,
  pass: PsiPassOptions = {},
): Promise<BlindedList> {
  return withKernel(BLIND_MEMORY_BYTES, async (opened) => {
    loadGenerator(opened);
    const hash = new GroupHash(contextString("voprf"));
    const elements = new Uint8Array(total * ELEMENT_BYTES);
    const blinds = new SecretBytes("Blinds", new Uint8Array(inputs.length * ELEMENT_BYTES));
    const run = (from: number, to: number, scalars: number): void => {
      opened.oprfBlind(OUT, UNIFORM, scalars, to - from, TABLE, WORK, CONSTANTS, SCRATCH);
      elements.set(opened.bytes.subarray(OUT, OUT + (to - from) * ELEMENT_BYTES), from * ELEMENT_BYTES);
    };
    const blindSome = (from: number, to: number): void => {
      const end = Math.max(from, Math.min(to, inputs.length));
      const wide = random.bytes((to - from) * UNIFORM_BYTES);
      for (let i = from; i < end; i++) {
        const uniform = hash.uniform(inputs[i] ?? new Uint8Array());
        const blind = sodium.crypto_core_ristretto255_scalar_reduce(itemAt(wide, i - from, UNIFORM_BYTES));
        opened.bytes.set(uniform, UNIFORM + (i - from) * UNIFORM_BYTES);
        opened.bytes.set(blind, SCALARS + (i - from) * ELEMENT_BYTES);
        blinds.reveal().set(blind, i * ELEMENT_BYTES);
        for (const secret of [uniform, blind]) secret.fill(0);
      }
      run(from, end, SCALARS);
      opened.bytes.set(wide.subarray((end - from) * UNIFORM_BYTES), UNIFORM);
      run(end, to, 0);
      wide.fill(0);
    };
    try {
      await inBatches(total, CHUNK_ITEMS, pass, blindSome);
    } catch (error) {
      blinds.wipe();
      throw error;
    }
    return { elements, blinds };
  });
}

function finalizeList(answer: AnsweredList, pass: PsiPassOptions = {}): Promise<Bytes> {
  const { inputs, list, evaluated, proofs, publicKey } = answer;
  const total = evaluated.length / ELEMENT_BYTES;
  const batches = Math.ceil(total / MAX_OPRF_ELEMENTS);
  if (list.elements.length !== evaluated.length || proofs.length !== batches * PROOF_BYTES || !isElement(publicKey)) {
    return Promise.reject(new SluiceError("ERR_OPRF_PROOF"));
  }
  return withKernel(FINALIZE_MEMORY_BYTES, async (opened) => {
    makeTable(opened, publicKey);
    const outputs = new Uint8Array(inputs.length * OPRF_OUTPUT_BYTES);
    try {
      await inBatches(total, CHUNK_ITEMS, pass, (from, to) => {
        const first = from % MAX_OPRF_ELEMENTS;
        if (first === 0) verifyBatch(opened, answer, from, Math.min(from + MAX_OPRF_ELEMENTS, total));
        const end = Math.max(from, Math.min(to, inputs.length));
        opened.bytes.set(list.blinds.reveal().subarray(from * ELEMENT_BYTES, end * ELEMENT_BYTES), SCALARS);
        const terms = EVALUATED + first * TERM_BYTES;
        opened.oprfUnblind(OUT, terms, SCALARS, end - from, TABLE, WORK, CONSTANTS, SCRATCH);
        for (let i = from; i < end; i++) {
          const element = opened.bytes.subarray(OUT + (i - from) * ELEMENT_BYTES).subarray(0, ELEMENT_BYTES);
          outputs.set(finalizeHash(inputs[i] ?? new Uint8Array(), element), i * OPRF_OUTPUT_BYTES);
        }
      });
    } catch (error) {
      outputs.fill(0);
      throw error;
    }
    return outputs;
  });
}

/** Decodes the elements of a batch into the kernel and verifies the proof over them. */
function verifyBatch(opened: OprfKernel, answer: AnsweredList, from: number, to: number): void {
  const elements = {
    blinded: itemsOf(answer.list.elements, from, to),
    evaluated: itemsOf(answer.evaluated, from, to),
  };
  const identity = elements.evaluated.findIndex((element) => element.every((byte) => byte === 0));
  const decoded = decodeTerms(opened, EVALUATED, elements.evaluated, SUM_ROOM);
  const bad = [identity, decoded].filter((index) => index >= 0);
  if (bad.length > 0) throw new SluiceError("ERR_OPRF_ELEMENT", { index: from + Math.min(...bad) });
  if (decodeTerms(opened, BLINDED, elements.blinded, SUM_ROOM) >= 0) throw new SluiceError("ERR_OPRF_PROOF");
  const proof = itemAt(answer.proofs, from / MAX_OPRF_ELEMENTS, PROOF_BYTES);
  const verified = verifyProof(answer.publicKey, elements, proof, contextString("voprf"), (weights) => ({
    blinded: sumTerms(opened, BLINDED, weights, SUM_ROOM),
    evaluated: sumTerms(opened, EVALUATED, weights, SUM_ROOM),
  }));
  if (!verified) throw new SluiceError("ERR_OPRF_PROOF");
}

function itemsOf(items: Bytes, from: number, to: number): Bytes[] {
  return Array.from({ length: to - from }, (_, i) => itemAt(items, from + i, ELEMENT_BYTES));
}

function itemAt(items: Bytes, index: number, itemBytes: number): Bytes {
  return items.subarray(index * itemBytes, (index + 1) * itemBytes);
}
