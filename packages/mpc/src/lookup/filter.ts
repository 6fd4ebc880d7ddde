/** Construction of the binary fuse filters: an order in which every key still has a slot of its own.
 *  @see https://arxiv.org/abs/2201.01174 §3
 *  @module */
import { ARITY } from "./positions.ts";

/** Peeling order: key `keys[i]` sets slot `slots[i]`; set them from the last to the first. */
export type PeelOrder = { keys: Uint32Array; slots: Uint32Array };

/** Peels keys whose three slots are `slots[3k] … slots[3k + 2]` among `slotCount`; slots of different buckets may
 *  stand in one numbering. Returns null when some keys cannot be told apart: take another filter seed. */
export function peel(slots: Uint32Array, slotCount: number): PeelOrder | null {
  const keyCount = slots.length / ARITY;
  const degree = new Uint32Array(slotCount);
  const keyXor = new Uint32Array(slotCount);
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] ?? 0;
    degree[slot] = (degree[slot] ?? 0) + 1;
    keyXor[slot] = (keyXor[slot] ?? 0) ^ Math.floor(i / ARITY);
  }
  const queue: number[] = [];
  for (let slot = 0; slot < slotCount; slot++) if (degree[slot] === 1) queue.push(slot);

  const order = { keys: new Uint32Array(keyCount), slots: new Uint32Array(keyCount) };
  let peeled = 0;
  for (let slot = queue.pop(); slot !== undefined; slot = queue.pop()) {
    if (degree[slot] !== 1) continue;
    const key = keyXor[slot] ?? 0;
    order.keys[peeled] = key;
    order.slots[peeled++] = slot;
    for (let j = 0; j < ARITY; j++) {
      const other = slots[key * ARITY + j] ?? 0;
      keyXor[other] = (keyXor[other] ?? 0) ^ key;
      degree[other] = (degree[other] ?? 0) - 1;
      if (degree[other] === 1) queue.push(other);
    }
  }
  return peeled === keyCount ? order : null;
}
