/** The worker of private set intersection: prepares sets, answers lists. Seeds arrive with the task and are wiped after
 *  it; nothing is kept between tasks.
 *  @module */
import { ByteReader, padPsiItems, sha256Hex, type Bytes } from "@sluice/protocol";
import type { OprfKeyPair } from "../oprf/server.ts";
import { serveTasks } from "../tasks.ts";
import { answerCardinality, prepareCardinalitySet } from "./cardinality-sender.ts";
import { MAX_PSI_ENTRY_BYTES } from "./entry.ts";
import { answerIds, prepareIdsSet } from "./ids-sender.ts";
import { derivePsiKey, distinctOf, type PsiSetSource } from "./sender-key.ts";
import type { PackedEntries, PsiAnswerTask, PsiPrepared, PsiPrepareTask } from "./tasks.ts";

export default serveTasks({
  "psi.prepare": (input) => prepare(input as PsiPrepareTask),
  "psi.answer": (input) => answer(input as PsiAnswerTask),
});

async function prepare(task: PsiPrepareTask): Promise<PsiPrepared> {
  const { identity } = task;
  return await withKey(task, async (key) => {
    const source: PsiSetSource = { identity, key, entries: unpackEntries(task.set) };
    const entries = distinctOf(source);
    const set = await (identity.kind === "psi-ids" ? prepareIdsSet : prepareCardinalitySet)({ ...source, entries });
    const parameters = {
      kind: identity.kind,
      paddedItems: padPsiItems(entries.length),
      set: await sha256Hex(set),
    };
    return { parameters, set };
  });
}

async function answer(task: PsiAnswerTask): Promise<Bytes> {
  const { identity, elements, snapshot, frame } = task;
  return await withKey(task, async (key) => {
    if (identity.kind === "psi-ids") return await answerIds({ identity, key, snapshot, frame });
    if (elements === undefined) throw new TypeError("a count needs the elements of its set");
    return await answerCardinality({ identity, key, set: elements, snapshot, frame });
  });
}

async function withKey<T>(
  { seed, identity }: PsiPrepareTask | PsiAnswerTask,
  use: (key: OprfKeyPair) => Promise<T>,
): Promise<T> {
  const key = await derivePsiKey(seed, identity);
  seed.fill(0);
  try {
    return await use(key);
  } finally {
    key.secret.wipe();
  }
}

function unpackEntries({ entries, count }: PackedEntries): Bytes[] {
  const reader = new ByteReader(entries);
  const unpacked = Array.from({ length: count }, () => reader.opaque(MAX_PSI_ENTRY_BYTES));
  reader.end();
  return unpacked;
}
