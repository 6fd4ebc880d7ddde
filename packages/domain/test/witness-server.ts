/** A witness over HTTP, as a regulator would run it, which remembers what it cosigned and may be away.
 *  @module */
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { generateKey, noteVerifierKey, Witness, type LogIdentity, type TreeHead } from "@sluice/evidence";

/** Type of a witness's key in a verifier key. */
const COSIGNATURE = 4;

export interface WitnessServer extends AsyncDisposable {
  /** Whether it answers. */
  here: boolean;
  /** What it cosigned last. */
  readonly head: () => TreeHead | null;
  /** Its line in a policy, under `name`. */
  readonly policyLine: string;
}

/** Starts a witness of `log`. */
export async function startWitness(name: string, log: LogIdentity): Promise<WitnessServer> {
  const key = await generateKey();
  let head: TreeHead | null = null;
  const store = { read: async () => head, write: async (_origin: string, next: TreeHead) => void (head = next) };
  const clock = { now: () => new Date() };
  const witness = new Witness({ name: `witness.example/${name}`, key, logs: [log], store, clock });
  const answer = async (body: string): Promise<{ status: number; body: string }> =>
    running.here ? witness.addCheckpoint(body) : { status: 503, body: "" };
  const server = createServer((request, response) => {
    void (async () => {
      const { status, body } = await answer(await text(request));
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
    head: () => head,
    policyLine: `witness ${name} ${verifierKey} http://127.0.0.1:${port}\n`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
  return running;
}
