/** Sessions of join-and-sum in a process of its own, spoilt ones among them: `join-sum-memory-main.ts SESSIONS` prints what the thread and
 *  SEAL's instance, which never shrinks, hold before and after them. A session has 1 MB of frames.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import type { Row } from "./join-sum-sessions.ts";
import { settledSizes } from "./settled-memory.ts";
import { recordMemories } from "./wasm-memories.ts";

const memories = recordMemories();
const { joinSum, rolesOf } = await import("./join-sum-sessions.ts");
const ROWS: Row[] = Array.from({ length: 10 }, (_, i) => [`person-${i}`, i]);
/** Sessions of which the process gets warm. */
const WARM = 6;

/** What goes wrong in a session: nothing, values that do not load, or a masked sum that does not. */
async function ask(session: number): Promise<void> {
  const roles = await rolesOf({ rows: ROWS, list: ["person-1", "person-5"], bound: 2 ** 40 });
  const spoilt = [0, 6, 7][session % 3];
  const given = joinSum(roles, (frame) => {
    const sent = frame.slice();
    return sent[2] === spoilt ? sent.fill(0xff, -8) : sent;
  });
  if (spoilt === 0) {
    const { result } = await given;
    if ((result as { sum?: bigint }).sum !== 6n) throw new Error("another sum");
    return;
  }
  const refused = await given.then(
    () => false,
    (error: unknown) => isSluiceError(error, "ERR_FRAME_MALFORMED"),
  );
  if (!refused) throw new Error("not refused");
  for (const role of [roles.caller, roles.domain]) role.close();
}

for (let session = 0; session < WARM; session++) await ask(session);
const before = await settledSizes(memories);
for (let session = 0; session < Number(process.argv[2]); session++) await ask(session);
process.stdout.write(JSON.stringify({ before, after: await settledSizes(memories) }));
