/** What both roles know once the domain has chosen and the caller has revealed its part of the seed: the session's name, sizes,
 *  and in which bin each of a role's own entries falls.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { binKeys, checkLoads, type Binned } from "../okvs/bins.ts";
import { sessionName, sessionSeed } from "./binding.ts";
import { openEngine } from "./engine.ts";
import { transferGeometry, type TransferGeometry } from "./geometry.ts";
import { HASH_BYTES, hashesInPlaces, keysOf, sessionHashes } from "./items.ts";
import { storeSeed } from "./transfer-bin.ts";
import type { TransferSet } from "./transfer-set.ts";

/** What stands for the rest of a session. */
export interface Agreement {
  readonly name: Bytes;
  readonly seed: Bytes;
  readonly geometry: TransferGeometry;
  /** Of a role's own entries, bin after bin. */
  readonly hashes: Bytes;
  readonly binned: Binned;
}

/** @param list of the role that asks. @throws ERR_PSI_ENCODING with a probability of 2^-44 at most. */
export function agree(
  binding: Bytes,
  opening: Bytes,
  sizes: { readonly caller: number; readonly domain: number },
  role: "caller" | "domain",
  list: TransferSet,
): Agreement {
  const geometry = transferGeometry(sizes.caller, sizes.domain);
  const seed = sessionSeed(binding, opening);
  const unsorted = sessionHashes(list.digests, seed);
  const binned = binKeys(geometry.bins, storeSeed(seed), keysOf(unsorted), openEngine);
  checkLoads(binned, { bins: geometry.bins, load: role === "caller" ? geometry.callerLoad : geometry.domainLoad });
  const hashes = geometry.bins === 1 ? unsorted : hashesInPlaces(unsorted, binned.places);
  return { name: sessionName(binding), seed, geometry, hashes, binned };
}

/** What is of one bin in a list of `width` bytes for each entry, bin after bin: a view. */
export function ofBin({ binned: { starts } }: Agreement, bin: number, list: Bytes, width: number): Bytes {
  return list.subarray((starts[bin] ?? 0) * width, (starts[bin + 1] ?? 0) * width);
}

/** Hashes of the entries of one bin: a view. */
export function hashesOf(agreement: Agreement, bin: number): Bytes {
  return ofBin(agreement, bin, agreement.hashes, HASH_BYTES);
}

/** Wipes what an agreement holds of a role's entries. */
export function wipeAgreement(agreement: Agreement | null): void {
  agreement?.hashes.fill(0);
  agreement?.seed.fill(0);
}
