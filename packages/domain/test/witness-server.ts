/** A witness over HTTP, as a regulator would run it, which remembers what it cosigned and may be away.
 *  @module */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import {
  generateKey,
  noteVerifierKey,
  Witness,
  type LogIdentity,
  type TreeHead,
  type WitnessHead,
} from "@sluice/evidence";

/** Type of a witness's key in a verifier key. */
const COSIGNATURE = 4;

export interface WitnessServer extends AsyncDisposable {
  /** Whether it answers. */
  here: boolean;
  /** What it answers to submissions instead of the truth; then it shows no checkpoint. */
  lie: { readonly status: number; readonly body: string } | null;
  /** What it cosigned last. */
  readonly head: () => TreeHead | null;
  /** Its line in a policy, under `name`. */
  readonly policyLine: string;
}

/** Starts a witness of `log`. */
export async function startWitness(name: string, log: LogIdentity): Promise<WitnessServer> {
  const key = await generateKey();
  let head: WitnessHead | null = null;
  const store = { read: async () => head, write: async (_origin: string, next: WitnessHead) => void (head = next) };
  const clock = { now: () => new Date() };
  const witness = new Witness({ name: `witness.example/${name}`, key, logs: [log], store, clock });
  const answer = async (path: string, body: string): Promise<{ status: number; body: string }> => {
    if (!running.here) return { status: 503, body: "" };
    if (path === "/add-checkpoint") return running.lie ?? witness.addCheckpoint(body);
    return (running.lie === null ? await witness.showCheckpoint(path) : null) ?? { status: 404, body: "" };
  };
  const server = createServer((request, response) => {
    void (async () => {
      const { status, body } = await answer(request.url ?? "", await text(request));
      response.writeHead(status).end(body);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const verifierKey = noteVerifierKey(`witness.example/${name}`, key.keyId, COSIGNATURE);
  const running: WitnessServer = {
    here: true,
    lie: null,
    head: () => head,
    policyLine: `witness ${name} ${verifierKey} http://127.0.0.1:${port}\n`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
  return running;
}
