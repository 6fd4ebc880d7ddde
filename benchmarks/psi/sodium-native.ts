/** The peer `sodium-native`: how long one multiplication of X25519 takes in native code. Intersection by Diffie–Hellman takes
 *  four of them for each item of two equal sets: each side blinds its own, and then the other's.
 *  @module */
import { createRequire } from "node:module";
import { peerFile } from "../desensitize/peers.ts";

/** What rows call it. */
export const SODIUM_ECDH = "sodium-native 5.1.0 x25519 ECDH, 4 per item";
const MULTIPLICATIONS = 4;
const ROUNDS = 4_000;

interface SodiumNative {
  crypto_scalarmult(out: Uint8Array, scalar: Uint8Array, point: Uint8Array): void;
}

/** Measures four multiplications: microseconds of processor time per item. */
export async function sodiumEcdh(progress: (line: string) => void): Promise<() => Promise<number>> {
  const file = await peerFile("sodium-native", "index.js", progress);
  const sodium = createRequire(import.meta.url)(file) as SodiumNative;
  const scalar = crypto.getRandomValues(Buffer.alloc(32));
  const point = Buffer.alloc(32, 9);
  return () => {
    const before = process.cpuUsage();
    // Each result is the next point.
    for (let i = 0; i < ROUNDS; i++) sodium.crypto_scalarmult(point, scalar, point);
    const { user, system } = process.cpuUsage(before);
    return Promise.resolve((MULTIPLICATIONS * (user + system)) / ROUNDS);
  };
}
