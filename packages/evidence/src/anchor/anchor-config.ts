/** `anchors.json`, beside the configuration of a gateway or a domain: where the checkpoints of its log are anchored.
 *  @module */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Name, SluiceError, type Clock } from "@sluice/protocol";
import { z } from "zod";
import { readFileIfAny } from "../durable-files.ts";
import type { Anchor, AnchorKind } from "./anchor.ts";
import type { AnchorNetwork } from "./anchor-post.ts";
import { PolicyOid, type AnchorPin } from "./anchor-pin.ts";
import { timestampAnchor } from "./timestamp-anchor.ts";
import { webhookAnchor } from "./webhook-anchor.ts";

/** Name of the file. */
export const ANCHORS_FILE = "anchors.json";
/** Anchors of one log. */
const MAX_ANCHORS = 8;
const MAX_INTERVAL_MINUTES = 7 * 24 * 60;
/** A token as a header may carry it. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

const Address = z
  .url({ protocol: /^https?$/ })
  .max(2_048)
  .refine((text) => {
    const url = URL.parse(text);
    return url?.username === "" && url.password === "" && url.hash === "";
  }, "an address without user, password and fragment");

/** Where a bearer token is; never the token itself. */
const TokenSource = z.union([
  z.strictObject({ file: z.string().min(1).max(1_024) }),
  z.strictObject({ env: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/) }),
]);
type TokenSource = z.infer<typeof TokenSource>;

const shared = { name: Name, url: Address, intervalMinutes: z.int().min(1).max(MAX_INTERVAL_MINUTES) };

const AnchorEntry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("timestamp"),
    ...shared,
    /** File of the CA certificates, PEM, from the directory of `anchors.json`. */
    caFile: z.string().min(1).max(1_024),
    policy: PolicyOid.optional(),
  }),
  z
    .strictObject({ kind: z.literal("webhook"), ...shared, token: TokenSource.optional() })
    .refine(({ url, token }) => token === undefined || isPrivate(url), "https, or this machine, for a token"),
]);

/** What the file holds. */
export const AnchorsFile = z.strictObject({
  version: z.literal(1),
  anchors: z
    .array(AnchorEntry)
    .max(MAX_ANCHORS)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "names that differ"),
});

/** One anchor, as the file names it. */
export interface ConfiguredAnchor {
  readonly name: string;
  readonly kind: AnchorKind;
  readonly intervalMs: number;
  /** What verifies its records. */
  readonly pin: AnchorPin;
  /** Opens the way to it. */
  connect(world: { readonly network: AnchorNetwork; readonly clock: Clock; readonly env: Environment }): Anchor;
}

/** Environment of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The anchors of `directory`; none when it has no `anchors.json`. Reads CA certificates, no token.
 *  @throws ERR_BODY_INVALID naming the member, ERR_DIRECTORY_STATE when a CA file cannot be read */
export async function readAnchors(directory: string): Promise<ConfiguredAnchor[]> {
  const bytes = await readFileIfAny(resolve(directory, ANCHORS_FILE));
  if (bytes === null) return [];
  const parsed = AnchorsFile.safeParse(jsonOf(bytes));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const pointer = `${ANCHORS_FILE} /${issue?.path.join("/") ?? ""}`;
    throw new SluiceError("ERR_BODY_INVALID", { pointer, expected: issue?.message ?? "a list of anchors" });
  }
  return Promise.all(
    parsed.data.anchors.map(async (entry): Promise<ConfiguredAnchor> => {
      const { name, url, kind } = entry;
      const intervalMs = entry.intervalMinutes * 60_000;
      if (entry.kind === "webhook") {
        const { token } = entry;
        return {
          name,
          kind,
          intervalMs,
          pin: { kind: entry.kind },
          connect: ({ network, env }) => {
            const readToken = token === undefined ? undefined : () => tokenOf(token, directory, env);
            return webhookAnchor({ url, readToken }, network);
          },
        };
      }
      const { policy } = entry;
      const caPem = await readCa(directory, entry.caFile);
      const trust = { caPem, ...(policy === undefined ? {} : { policy }) };
      return {
        name,
        kind,
        intervalMs,
        pin: { kind: entry.kind, ...trust },
        connect: ({ network, clock }) => timestampAnchor({ url, trust, clock }, network),
      };
    }),
  );
}

async function readCa(directory: string, file: string): Promise<string> {
  const { certificatesOfPem } = await import("./pem.ts");
  let pem: string;
  try {
    pem = await readFile(resolve(directory, file), "utf8");
  } catch (cause) {
    const facts = { directory, expected: `the CA file ${file} of ${ANCHORS_FILE}`, command: `edit ${ANCHORS_FILE}` };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
  certificatesOfPem(pem);
  return pem;
}

async function tokenOf(source: TokenSource, directory: string, env: Environment): Promise<string> {
  const text = "env" in source ? (env[source.env] ?? "") : await readFile(resolve(directory, source.file), "utf8");
  const token = text.trim();
  if (!TOKEN.test(token)) throw new SluiceError("ERR_USAGE", { reason: "there is no token of visible characters" });
  return token;
}

/** Whether nobody on the way reads along. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (hostname === undefined) return false;
  return protocol === "https:" || hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return null;
  }
}
