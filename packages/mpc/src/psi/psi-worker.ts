/** The worker of private set intersection: prepares sets, answers lists. Seeds arrive with the task and are wiped after
 *  it; nothing is kept between tasks.
 *  @module */
import { ByteReader, MAX_PSI_ENTRY_BYTES, padPsiItems, sha256Hex, type Bytes } from "@sluice/protocol";
import type { PreparedSum, PrepareSumTask } from "../he/join-sum/domain-role.ts";
import { encodeSumContent } from "../he/join-sum/sum-content.ts";
import { prepareSumSet } from "../he/join-sum/sum-set.ts";
import type { OprfKeyPair } from "../oprf/server.ts";
import { systemRandom } from "../random.ts";
import { serveTasks } from "../tasks.ts";
import { answerCardinality, prepareCardinalitySet } from "./cardinality-sender.ts";
import { fitFilter } from "./filter/fit-filter.ts";
import { answerIds, evaluateEntries } from "./ids-sender.ts";
import { derivePsiKey, distinctOf } from "./sender-key.ts";
import type {
  PackedEntries,
  PsiAnswerTask,
  PsiCountTask,
  PsiEvaluateTask,
  PsiFitTask,
  PsiPrepareCountTask,
  PsiPrepared,
} from "./tasks.ts";

export default serveTasks({
  "psi.evaluate": (input) => evaluate(input as PsiEvaluateTask),
  "psi.fit": (input) => fitFilter(input as PsiFitTask, systemRandom),
  "psi.answer": (input) => answer(input as PsiAnswerTask),
  "psi.prepare-count": (input) => prepareCount(input as PsiPrepareCountTask),
  "psi.count": (input) => count(input as PsiCountTask),
  "psi.prepare-sum": (input) => prepareSum(input as PrepareSumTask),
});

async function evaluate(task: PsiEvaluateTask): Promise<Bytes> {
  const { identity } = task;
  return await withKey(task, (key) => evaluateEntries({ identity, key, entries: unpackEntries(task.set) }));
}

async function answer(task: PsiAnswerTask): Promise<Bytes> {
  const { identity, snapshot, frame } = task;
  return await withKey(task, (key) => answerIds({ identity, key, snapshot, frame }));
}

async function prepareCount({ identity, set }: PsiPrepareCountTask): Promise<PsiPrepared> {
  const entries = distinctOf({ identity, entries: unpackEntries(set) });
  const elements = await prepareCardinalitySet({ identity, entries });
  const parameters = { paddedItems: padPsiItems(entries.length), set: await sha256Hex(elements) };
  return { parameters, set: elements };
}

async function count({ identity, elements, snapshot, frame, dummies }: PsiCountTask): Promise<Bytes> {
  return await answerCardinality({ identity, set: elements, snapshot, frame, dummies });
}

async function prepareSum({ identity, bound, set, values }: PrepareSumTask): Promise<PreparedSum> {
  const rows = unpackEntries(set).map((entry, i) => ({ entry, value: values[i] ?? 0 }));
  const prepared = await prepareSumSet({ identity, bound, rows });
  const content = encodeSumContent(prepared);
  return { paddedItems: prepared.values.length, content, hash: await sha256Hex(content) };
}

async function withKey<T>(
  { seed, identity }: Pick<PsiAnswerTask, "seed" | "identity">,
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
