/** The worker of private set intersection: prepares sets, answers lists. Seeds arrive with the task and are wiped after
 *  it; elements of the variant cardinality stay loaded, four sets at most per thread.
 *  @module */
import { ByteReader, padPsiItems, sha256Hex, type Bytes, type PsiParameters } from "@sluice/protocol";
import type { OprfKeyPair } from "../oprf/server.ts";
import { serveTasks } from "../tasks.ts";
import { answerCardinality, prepareCardinalitySet } from "./cardinality-sender.ts";
import { MAX_PSI_ENTRY_BYTES } from "./entry.ts";
import { answerIds, prepareIdsSet } from "./ids-sender.ts";
import { derivePsiKey, distinctOf, type PsiSetSource } from "./sender-key.ts";
import { readElements, writeSet } from "./set-files.ts";
import type { PackedEntries, PsiAnswerTask, PsiPrepareTask } from "./tasks.ts";

/** Sets kept in memory per thread: 4 MB each at most. */
const MAX_LOADED = 4;
const loaded = new Map<string, Promise<Bytes>>();

export default serveTasks({
  "psi.prepare": (input) => prepare(input as PsiPrepareTask),
  "psi.answer": (input) => answer(input as PsiAnswerTask),
});

async function prepare(task: PsiPrepareTask): Promise<PsiParameters> {
  const { identity, directory } = task;
  return await withKey(task, async (key) => {
    const source: PsiSetSource = { identity, key, entries: unpackEntries(task.set) };
    const entries = distinctOf(source);
    const set = await (identity.kind === "psi-ids" ? prepareIdsSet : prepareCardinalitySet)({ ...source, entries });
    const parameters = {
      kind: identity.kind,
      paddedItems: padPsiItems(entries.length),
      set: await sha256Hex(set),
    };
    await writeSet(directory, parameters, set);
    return parameters;
  });
}

async function answer(task: PsiAnswerTask): Promise<Bytes> {
  const { identity, directory, snapshot, frame } = task;
  return await withKey(task, async (key) => {
    if (identity.kind === "psi-ids") return await answerIds({ identity, key, snapshot, frame });
    const set = await load(directory, snapshot);
    return await answerCardinality({ identity, key, set, snapshot, frame });
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

/** The least recently used set leaves when a fifth comes. A failed load is forgotten. */
async function load(directory: string, snapshot: string): Promise<Bytes> {
  const set = loaded.get(snapshot) ?? readElements(directory);
  loaded.delete(snapshot);
  loaded.set(snapshot, set);
  const [oldest] = loaded.keys();
  if (loaded.size > MAX_LOADED && oldest !== undefined) loaded.delete(oldest);
  try {
    return await set;
  } catch (error) {
    loaded.delete(snapshot);
    throw error;
  }
}

function unpackEntries({ entries, count }: PackedEntries): Bytes[] {
  const reader = new ByteReader(entries);
  const unpacked = Array.from({ length: count }, () => reader.opaque(MAX_PSI_ENTRY_BYTES));
  reader.end();
  return unpacked;
}
