/** A set to match that changes: builds over one base, and bases under keys of their own, with the sender role that a domain uses.
 *  @module */
import { answerIds, derivePsiKey, evaluateEntries, fitFilter, psiEntry } from "@sluice/mpc/psi/sender";
import {
  concatBytes,
  decodePsiQuery,
  documentHash,
  ELEMENT_BYTES,
  padPsiItems,
  toHex,
  type PsiSnapshot,
} from "@sluice/protocol";
import { systemRandom } from "../src/index.ts";
import type { MakeProduct, Served } from "./stub-products.ts";

const DELTA_ITEMS = 256;

/** Builds of one base: as it was, or with what was added and removed since. */
export function changingSet(entries: readonly string[], epoch = 1) {
  const seed = systemRandom.bytes(32);
  const open = async ({ domain, product, version, grant }: Served) => {
    const identity = { kind: "psi-ids" as const, domain, product, version, grant, purpose: "medical-aid", epoch };
    const key = await derivePsiKey(seed, identity);
    const fit = async (of: readonly string[], items: number) => {
      const keys = await evaluateEntries({ identity, key, entries: of.map(psiEntry) });
      return await fitFilter({ keys, items }, systemRandom);
    };
    return { identity, key, fit };
  };
  let base: ReturnType<Awaited<ReturnType<typeof open>>["fit"]> | undefined;
  return (changes?: { readonly added: readonly string[]; readonly removed: readonly string[] }): MakeProduct =>
    async (served) => {
      const { identity, key, fit } = await open(served);
      base ??= fit(entries, padPsiItems(entries.length));
      const { filter: set, table } = await base;
      const delta =
        changes === undefined ? null : [await fit(changes.added, DELTA_ITEMS), await fit(changes.removed, DELTA_ITEMS)];
      const [added, removed] = delta ?? [];
      const snapshot: PsiSnapshot = {
        type: "psi-snapshot",
        ...served,
        purpose: identity.purpose,
        epoch,
        parameters: {
          kind: "psi-ids",
          method: "filter",
          paddedItems: table.items,
          oprfPublicKey: toHex(key.publicKey),
          base: table,
          ...(added === undefined || removed === undefined
            ? {}
            : { delta: { added: added.table, removed: removed.table } }),
        },
      };
      const snapshotHash = await documentHash(snapshot);
      return {
        snapshot,
        part: { name: "set", bytes: set },
        ...(delta === null ? {} : { deltaSet: concatBytes(...delta.map(({ filter }) => filter)) }),
        measure: (frame) => decodePsiQuery(frame).elements.length / ELEMENT_BYTES,
        answer: (frame) => answerIds({ identity, key, snapshot: snapshotHash, frame }),
      };
    };
}
