/** One bin of a session, as each role computes it: the caller's rows, check and tags; the domain's tags, once the check holds.
 *  @module */
import {
  columnsPerFrame,
  concatBytes,
  encodePsiTransferCheck,
  encodePsiTransferRows,
  PSI_TAG_BYTES,
  PSI_TRANSFER_CHECKS,
  PSI_TRANSFER_COLUMNS,
  PSI_TRANSFER_MESSAGE_BYTES,
  SluiceError,
  type Bytes,
} from "@sluice/protocol";
import { encodeOkvs } from "../okvs/encode.ts";
import { openRows } from "./bin-rows.ts";
import { heard } from "./binding.ts";
import { LAST_BYTE_MASK } from "./code.ts";
import { checkOf, coefficientsOf, openCheck, type Opened } from "./consistency.ts";
import { extendCaller, extendDomain } from "./extension.ts";
import type { TransferGeometry } from "./geometry.ts";
import { keysOf, messagesOf } from "./items.ts";
import { openEngine } from "./engine.ts";
import type { KeyStreams } from "./key-streams.ts";
import { binRandomness } from "./bin-randomness.ts";
import { shuffle, shuffleBytes } from "./shuffled.ts";

/** Where a bin stands in its session, and the entries that fall in it. */
export interface BinInput {
  readonly geometry: TransferGeometry;
  /** The session's name in frames. */
  readonly name: Bytes;
  /** 32 bytes: places of keys. */
  readonly seed: Bytes;
  /** Of this role. */
  readonly secret: Bytes;
  readonly bin: number;
  /** Of the entries in the bin. */
  readonly hashes: Bytes;
  /** What was said before this bin. */
  readonly transcript: Bytes;
}

/** What the caller says of a bin, the tags of its entries in their order, and the transcript after the rows. */
export interface CallerBin {
  readonly frames: Bytes[];
  readonly tags: Bytes;
  readonly transcript: Bytes;
}

/** The caller's bin: the same whenever it is computed after the same frames. @throws ERR_PSI_ENCODING with a probability below 2^-40. */
export async function callerBin(input: BinInput, streams: readonly [KeyStreams, KeyStreams]): Promise<CallerBin> {
  const { geometry, name, bin, hashes } = input;
  const messages = await rowMessages(input);
  const { own, columns } = await extendCaller(streams, bin, messages, geometry);
  const frames = rowFrames(name, bin, columns, geometry);
  const transcript = await heard(input.transcript, ...frames);
  const { shape } = geometry;
  const coefficients = await coefficientsOf(transcript, shape.rows);
  const rows = openRows(own, geometry);
  own.fill(0);
  const sums = rows.combinations(coefficients);
  const tags = rows.tags({ seed: storeSeed(input.seed), hashes });
  rows.wipe();
  frames.push(encodePsiTransferCheck({ session: name, bin, ...openCheck(sums, messages, shape.rows, coefficients) }));
  messages.fill(0);
  return { frames, tags, transcript };
}

/** Messages of a bin's rows: the store of its entries, then random ones for the check. */
async function rowMessages(input: BinInput): Promise<Bytes> {
  const { geometry, seed, hashes } = input;
  const valueBytes = PSI_TRANSFER_MESSAGE_BYTES;
  const random = await binRandomness(input, "rows", (geometry.shape.rows + PSI_TRANSFER_CHECKS) * valueBytes);
  const keys = keysOf(hashes);
  const values = messagesOf(hashes);
  const store = encodeOkvs(
    { shape: geometry.shape, seed: storeSeed(seed), keys, values, valueBytes, random },
    openEngine,
  );
  const messages = concatBytes(store, random.bytes(PSI_TRANSFER_CHECKS * valueBytes));
  for (let last = valueBytes - 1; last < messages.length; last += valueBytes) {
    messages[last] = (messages[last] ?? 0) & LAST_BYTE_MASK;
  }
  return messages;
}

/** The columns of a bin in as few frames as hold them. */
export function rowFrames(session: Bytes, bin: number, columns: Bytes, { columnBytes }: TransferGeometry): Bytes[] {
  const frames: Bytes[] = [];
  const step = columnsPerFrame(columnBytes);
  for (let first = 0; first < PSI_TRANSFER_COLUMNS; first += step) {
    const some = columns.subarray(first * columnBytes, (first + step) * columnBytes);
    frames.push(encodePsiTransferRows({ session, bin, first, columnBytes, columns: some }));
  }
  return frames;
}

/** The domain's tags of a bin, as many as its load, in random order. `columns` are written over.
 *  @param opened null when nothing is checked, which no product does.
 *  @throws ERR_PSI_CHECK when the check does not hold: nothing was computed from the set by then. */
export async function domainBin(
  input: BinInput,
  keys: { readonly streams: KeyStreams; readonly choices: Bytes },
  columns: Bytes,
  opened: Opened | null,
): Promise<Bytes> {
  const { geometry, seed, bin, hashes } = input;
  const { streams, choices } = keys;
  await extendDomain(streams, choices, bin, columns, geometry);
  const coefficients = await coefficientsOf(input.transcript, geometry.shape.rows);
  const holds = opened === null ? null : checkOf(choices, opened);
  const rows = openRows(columns, geometry);
  let tags: Bytes;
  try {
    if (holds?.(rows.combinations(coefficients)) === false) throw new SluiceError("ERR_PSI_CHECK");
    tags = rows.tags({ seed: storeSeed(seed), hashes }, choices);
  } finally {
    rows.wipe();
  }
  const padding = geometry.domainLoad * PSI_TAG_BYTES - tags.length;
  const random = await binRandomness(input, "tags", padding + shuffleBytes(geometry.domainLoad));
  const shown = concatBytes(tags, random.bytes(padding));
  shuffle(shown, PSI_TAG_BYTES, random);
  return shown;
}

/** The seed of places in stores and bins. */
export function storeSeed(seed: Bytes): Bytes {
  return seed.subarray(0, 16);
}
