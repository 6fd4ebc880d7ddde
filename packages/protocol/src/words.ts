/** 32-bit words as little-endian bytes: the form of queries, answers, hints and of the LWE matrix on every machine.
 *  @module */
import type { Bytes } from "./bytes.ts";

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Words of little-endian bytes whose number is a multiple of four. */
export function wordsOfBytes(bytes: Bytes): Uint32Array {
  const words = new Uint32Array(bytes.length / 4);
  if (LITTLE_ENDIAN) {
    new Uint8Array(words.buffer).set(bytes);
    return words;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(i * 4, true);
  return words;
}

/** Little-endian bytes of words. */
export function bytesOfWords(words: Uint32Array): Bytes {
  const bytes = new Uint8Array(words.length * 4);
  if (LITTLE_ENDIAN) {
    bytes.set(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
    return bytes;
  }
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i] ?? 0, true);
  return bytes;
}
