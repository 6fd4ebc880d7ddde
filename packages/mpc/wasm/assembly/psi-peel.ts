/** Peels keys of a store: those that have a row of their own once others are gone.
 *  @module */

/** Peels what peels of `count` keys whose places are at `places`, three of `sparse` rows each; returns how many, as pairs of
 *  a key and its own row at `order`. First come those that read rows of later ones. `scratch` has 12 bytes for each row. */
export function peelPlaces(order: usize, places: usize, count: usize, sparse: usize, scratch: usize): usize {
  // For each row how many keys are left, and the XOR of their numbers.
  const queue = scratch + (sparse << 3);
  memory.fill(scratch, 0, sparse << 3);
  for (let i: usize = 0; i < count; i++) {
    const at = places + (i << 4);
    const one: u64 = 1;
    for (let j: usize = 0; j < 12; j += 4) {
      const row = scratch + ((load<u32>(at + j) as usize) << 3);
      const state = load<u64>(row);
      store<u64>(row, (state + one) ^ ((i as u64) << 32));
    }
  }
  let queued = queue;
  for (let row: usize = 0; row < sparse; row++) {
    store<u32>(queued, row as u32);
    queued += ((load<u32>(scratch + (row << 3)) == 1) as usize) << 2;
  }
  let peeled = order;
  for (let next = queue; next < queued; next += 4) {
    const row = load<u32>(next);
    const state = load<u64>(scratch + ((row as usize) << 3));
    if ((state as u32) != 1) continue;
    const key = state >> 32;
    store<u64>(peeled, key | ((row as u64) << 32));
    peeled += 8;
    const at = places + ((key as usize) << 4);
    for (let j: usize = 0; j < 12; j += 4) {
      const other = load<u32>(at + j);
      const place = scratch + ((other as usize) << 3);
      const left = (load<u64>(place) - 1) ^ (key << 32);
      store<u64>(place, left);
      store<u32>(queued, other);
      queued += ((left as u32) == 1 ? 4 : 0);
    }
  }
  return (peeled - order) >> 3;
}
