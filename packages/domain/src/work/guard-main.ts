/** The guard process, which checks: it says what of a run's output may go on. It sees the rows that user code saw, and the
 *  number of the person of each; of what user code wrote, only the canonical form that a decoder made of it. It holds no
 *  key and no user code, gives up its right to files once it is loaded, and is started without the rights to write or to
 *  start programs.
 *
 *  Started by `workshop.ts` with requests on descriptor 3 and answers on descriptor 4; it ends when the requests do.
 *  @module */
import { Socket } from "node:net";
import { judge } from "./guard-judge.ts";
import { GuardRequest, MAX_GUARD_REQUEST_BYTES } from "./guard-protocol.ts";
import { receiveMessages, writeMessage } from "./messages.ts";

const answers = new Socket({ fd: 4, readable: false, writable: true });
answers.on("error", () => process.exit(1));
dropFileAccess();

for await (const { head, parts } of receiveMessages(3, MAX_GUARD_REQUEST_BYTES)) {
  const request = GuardRequest.parse(head);
  const { answer, parts: served = [] } = judge(request, parts);
  await writeMessage(answers, answer, served);
}
process.exit(0);

/** Node's typings lack `drop`. Absent without the permission model, which the workshop always switches on. */
function dropFileAccess(): void {
  const permission = process.permission as { drop?: (scope: string) => void } | undefined;
  permission?.drop?.("fs");
}
