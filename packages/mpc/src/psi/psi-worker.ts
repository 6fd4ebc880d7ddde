/** The worker of private set intersection: prepares sets, answers lists. Seeds arrive with the task and are wiped after
 *  it; nothing is kept between tasks.
 *  @module */
import { ByteReader, padPsiItems, sha256Hex, type Bytes } from "@sluice/protocol";
import type { OprfKeyPair } from "../oprf/server.ts";
import { serveTasks } from "../tasks.ts";
import { answerCardinality, prepareCardinalitySet } from "./cardinality-sender.ts";
import { MAX_PSI_ENTRY_BYTES } from "./entry.ts";
import { answerIds, prepareIdsSet } from "./ids-sender.ts";
import { derivePsiKey, distinctOf } from "./sender-key.ts";
import type {
  PackedEntries,
  PsiAnswerTask,
  PsiCountTask,
  PsiPrepareCountTask,
  PsiPrepared,
  PsiPrepareTask,
} from "./tasks.ts";

export default serveTasks({
  "psi.prepare": (input) => prepare(input as PsiPrepareTask),
  "psi.answer": (input) => answer(input as PsiAnswerTask),
  "psi.prepare-count": (input) => prepareCount(input as PsiPrepareCountTask),
  "psi.count": (input) => count(input as PsiCountTask),
});

async function prepare(task: PsiPrepareTask): Promise<PsiPrepared> {
  const { identity } = task;
  return await withKey(task, async (key) => {
    const entries = distinctOf({ identity, entries: unpackEntries(task.set) });
    return await prepared(entries.length, await prepareIdsSet({ identity, key, entries }));
  });
}

async function answer(task: PsiAnswerTask): Promise<Bytes> {
  const { identity, snapshot, frame } = task;
  return await withKey(task, (key) => answerIds({ identity, key, snapshot, frame }));
}

async function prepareCount({ identity, set }: PsiPrepareCountTask): Promise<PsiPrepared> {
  const entries = distinctOf({ identity, entries: unpackEntries(set) });
  return await prepared(entries.length, await prepareCardinalitySet({ identity, entries }));
}

async function count({ identity, elements, snapshot, frame, dummies }: PsiCountTask): Promise<Bytes> {
  return await answerCardinality({ identity, set: elements, snapshot, frame, dummies });
}

async function prepared(items: number, set: Bytes): Promise<PsiPrepared> {
  return { parameters: { paddedItems: padPsiItems(items), set: await sha256Hex(set) }, set };
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
