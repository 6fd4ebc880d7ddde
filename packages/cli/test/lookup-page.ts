/** The page of `docs/browser.md` on an address of its own, with a gateway behind it: what a reverse proxy does.
 *  @module */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { TrustPins } from "@sluice/evidence/verify";
import { build } from "esbuild";

const GUIDE = new URL("../../../docs/browser.md", import.meta.url);
/** The guide's policy, and the same without WebAssembly. */
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'";
export const STRICT_POLICY = POLICY.replace(" 'wasm-unsafe-eval'", "");

/** A request that reached the gateway. */
export type Forwarded = { method: string; path: string; sizeBytes: number };

/** The listening page. */
export interface LookupPage {
  readonly url: string;
  readonly forwarded: Forwarded[];
  /** Content security policy of the page. */
  policy: string;
  /** Changes the answer to a call on its way back. */
  alter: ((bytes: Buffer) => Buffer) | undefined;
  close(): Promise<void>;
}

/** Serves the two files of the guide as they stand there, and everything else from the gateway. */
export async function serveLookupPage(gatewayUrl: string, trust: TrustPins): Promise<LookupPage> {
  const guide = await readFile(GUIDE, "utf8");
  const files = new Map<string, { type: string; text: string }>([
    ["/", { type: "text/html; charset=utf-8", text: fence(guide, "html") }],
    ...(await bundle(fence(guide, "js"), trust)),
  ]);
  const page: { -readonly [K in keyof LookupPage]: LookupPage[K] } = {
    url: "",
    forwarded: [],
    policy: POLICY,
    alter: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((incoming, response) => {
    const file = files.get(incoming.url ?? "");
    if (file !== undefined) {
      response.writeHead(200, { "content-type": file.type, "content-security-policy": page.policy }).end(file.text);
    } else if (incoming.url?.startsWith("/v1/") === true) void forward(incoming, response, gatewayUrl, page);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  page.url = `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  return page;
}

async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  gatewayUrl: string,
  page: LookupPage,
): Promise<void> {
  const { method = "GET", url = "/", headers } = incoming;
  const body = await buffer(incoming);
  page.forwarded.push({ method, path: url, sizeBytes: body.length });
  // `headers` holds the Host that the page was asked under: the signature covers it.
  const outgoing = request(new URL(url, gatewayUrl), { method, headers, setHost: false });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const bytes = await buffer(answer);
  const altered = url === "/v1/calls" && answer.statusCode === 200 ? page.alter?.(bytes) : undefined;
  response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "text/plain" });
  response.end(altered ?? bytes);
}

/** The first code block of `language`. */
function fence(markdown: string, language: string): string {
  const text = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(markdown)?.[1];
  if (text === undefined) throw new Error(`the guide has no ${language}`);
  return text;
}

/** As the guide's command does. Scoring, which the page does not do, stays in a part that is never loaded. */
async function bundle(source: string, trust: TrustPins): Promise<[string, { type: string; text: string }][]> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL("./", import.meta.url)), sourcefile: "page.js" },
    outdir: "/",
    entryNames: "page",
    bundle: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "browser",
    external: ["node-seal/*"],
    logLevel: "silent",
    tsconfigRaw: {},
    plugins: [
      {
        name: "trust",
        setup(build) {
          build.onResolve({ filter: /^\.\/trust\.json$/ }, () => ({ path: "trust", namespace: "trust" }));
          build.onLoad({ filter: /.*/, namespace: "trust" }, () => ({
            contents: JSON.stringify(trust),
            loader: "json",
          }));
        },
      },
    ],
  });
  return outputFiles.map(({ path, text }) => [path, { type: "text/javascript", text }]);
}
