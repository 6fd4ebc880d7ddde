/** The peer `@openmined/psi.js`, from plain entries to a count, and what that costs per item.
 *  @module */
import { createRequire } from "node:module";
import { peerFile } from "../desensitize/peers.ts";

/** What rows call it. */
export const PSI_JS = "@openmined/psi.js 2.0.6 at 2^12";
/** Items of either party. */
const ITEMS = 2 ** 12;

interface PsiJs {
  readonly dataStructure: { readonly Raw: number };
  readonly server: { createWithNewKey(reveal: boolean): PsiJsServer };
  readonly client: { createWithNewKey(reveal: boolean): PsiJsClient };
}

interface PsiJsServer {
  createSetupMessage(falsePositives: number, clientItems: number, items: readonly string[], structure: number): unknown;
  processRequest(request: unknown): unknown;
  delete(): void;
}

interface PsiJsClient {
  createRequest(items: readonly string[]): unknown;
  getIntersectionSize(setup: unknown, response: unknown): number;
  getIntersection(setup: unknown, response: unknown): readonly number[];
  delete(): void;
}

/** Measures one count of half of ITEMS entries: microseconds of processor time per item. @throws Error when it counts wrongly */
export function psiJsCount(progress: (line: string) => void): Promise<() => Promise<number>> {
  return measured(progress, false, (client, setup, response) => client.getIntersectionSize(setup, response));
}

/** The same of an intersection that shows which entries. */
export function psiJsIds(progress: (line: string) => void): Promise<() => Promise<number>> {
  return measured(progress, true, (client, setup, response) => client.getIntersection(setup, response).length);
}

/** The online phases of an intersection that shows which entries: request, answer, matches. What the server does beforehand for its set
 *  is left out. */
export function psiJsOnline(progress: (line: string) => void): Promise<() => Promise<number>> {
  const finish: Finish = (client, setup, response) => client.getIntersection(setup, response).length;
  return measured(progress, true, finish, "online");
}

type Finish = (client: PsiJsClient, setup: unknown, response: unknown) => number;

async function measured(
  progress: (line: string) => void,
  reveal: boolean,
  finish: Finish,
  phases: "all" | "online" = "all",
): Promise<() => Promise<number>> {
  const file = await peerFile("@openmined/psi.js", "psi_wasm_node.js", progress);
  const open = createRequire(import.meta.url)(file) as () => Promise<PsiJs>;
  const psi = await open();
  const set = Array.from({ length: ITEMS }, (_, i) => `person-${i}`);
  const list = Array.from({ length: ITEMS }, (_, i) => `person-${i + ITEMS / 2}`);
  return () => {
    const started = process.cpuUsage();
    const server = psi.server.createWithNewKey(reveal);
    const client = psi.client.createWithNewKey(reveal);
    const setup = server.createSetupMessage(1e-9, ITEMS, set, psi.dataStructure.Raw);
    const before = phases === "all" ? started : process.cpuUsage();
    const response = server.processRequest(client.createRequest(list));
    const count = finish(client, setup, response);
    const { user, system } = process.cpuUsage(before);
    server.delete();
    client.delete();
    if (count !== ITEMS / 2) throw new Error(`the peer counted ${count}`);
    return Promise.resolve((user + system) / ITEMS);
  };
}
