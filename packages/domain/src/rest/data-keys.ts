/** Keys of the data at rest: random, each wrapped under a key from the domain's master secret, in `keys/data.json`. The last
 *  seals; those before it still open what a rotation has not come to. A key that leaves the file is gone, and with it
 *  whatever only it opens: no secret that stays makes it again.
 *  @module */
import { open, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FileKey, openStream, replaceFileDurably, sealStream, type FileSuite } from "@sluice/evidence";
import { fromBase64url, SluiceError, toBase64url, utf8, type Bytes, type Random } from "@sluice/protocol";
import { z } from "zod";

const FILE = join("keys", "data.json");
const SECRET_BYTES = 32;
const NEW_DOMAIN = "sluice domain init NEW-DIR";
const OWNER_ONLY = 0o600;
/** Keys of one domain: more than one only while a rotation runs or was cut off. */
const MAX_DATA_KEYS = 8;

const DataKeyFile = z.strictObject({
  version: z.literal(1),
  keys: z
    .array(
      z.strictObject({
        /** As sealed files name it. */
        id: z.string().regex(/^[0-9a-f]{16}$/),
        suite: z.enum(["intl", "sm"]),
        /** Sealed stream of the 32 bytes, unpadded base64url. */
        wrapped: z.string().max(1_024),
      }),
    )
    .min(1)
    .max(MAX_DATA_KEYS),
});
type Entry = z.infer<typeof DataKeyFile>["keys"][number];

/** Where data keys are kept, and what wraps them. */
export interface DataKeyOptions {
  /** Of the domain. */
  readonly directory: string;
  readonly domain: string;
  /** 32 bytes from the master secret. */
  readonly wrappingSecret: Bytes;
  readonly random: Random;
}

/** The data keys of one domain. */
export class DataKeys {
  readonly #options: DataKeyOptions;
  #entries: readonly { readonly entry: Entry; readonly key: FileKey }[];

  private constructor(options: DataKeyOptions, entries: readonly { readonly entry: Entry; readonly key: FileKey }[]) {
    this.#options = options;
    this.#entries = entries;
  }

  /** Makes the first key of a domain. */
  static async create(options: DataKeyOptions, suite: FileSuite): Promise<DataKeys> {
    const keys = new DataKeys(options, []);
    await keys.add(suite);
    return keys;
  }

  /** Reads the keys of a domain. @throws ERR_DIRECTORY_STATE when there are none, ERR_SEALED_FILE when one does not open */
  static async open(options: DataKeyOptions): Promise<DataKeys> {
    const entries = (await readEntries(options.directory)).map(async (entry) => ({
      entry,
      key: await unwrap(options, entry),
    }));
    return new DataKeys(options, await Promise.all(entries));
  }

  /** The key that seals. */
  get current(): FileKey {
    const last = this.#entries.at(-1);
    if (last === undefined) throw new TypeError("a domain has a data key");
    return last.key;
  }

  /** Every key that opens. */
  get all(): readonly FileKey[] {
    return this.#entries.map(({ key }) => key);
  }

  /** Makes a key, which seals from now on. It is on disk when this returns.
   *  @throws ERR_STATE when there are so many that a rotation has to end first */
  async add(suite: FileSuite): Promise<void> {
    if (this.#entries.length >= MAX_DATA_KEYS) {
      throw new SluiceError("ERR_STATE", {
        kind: "domain",
        name: this.#options.domain,
        state: `with ${MAX_DATA_KEYS} data keys`,
        needed: `the end of its rotation to ${this.current.suite}`,
      });
    }
    const secret = this.#options.random.bytes(SECRET_BYTES);
    const key = new FileKey(suite, secret);
    await this.#keep([...this.#entries, { entry: await wrap(this.#options, key, secret), key }]);
    secret.fill(0);
  }

  /** Destroys every key but the current one. */
  async dropOthers(): Promise<void> {
    await this.#keep(this.#entries.slice(-1));
  }

  async #keep(entries: readonly { readonly entry: Entry; readonly key: FileKey }[]): Promise<void> {
    const document: z.infer<typeof DataKeyFile> = { version: 1, keys: entries.map(({ entry }) => entry) };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    const path = join(this.#options.directory, FILE);
    await using before = await open(path, "r+").catch((cause: unknown) => {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
      throw cause;
    });
    await replaceFileDurably(path, utf8(text), OWNER_ONLY);
    this.#entries = entries;
    if (before !== null) await overwrite(before);
  }
}

/** Ids and suites of the data keys of the domain in `directory`, oldest first; no secret is opened.
 *  @throws ERR_DIRECTORY_STATE when there are none */
export async function dataKeySuites(directory: string): Promise<{ id: string; suite: FileSuite }[]> {
  return (await readEntries(directory)).map(({ id, suite }) => ({ id, suite }));
}

async function readEntries(directory: string): Promise<readonly Entry[]> {
  try {
    return DataKeyFile.parse(JSON.parse(await readFile(join(directory, FILE), "utf8"))).keys;
  } catch (cause) {
    // Made anew in this directory, keys would open nothing of what is in it.
    const expected =
      "keys/data.json: put it back from a safe copy. A directory made before there was one is not taken over";
    const facts = { directory, expected, command: NEW_DOMAIN };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
}

/** Overwrites a file that has no name any more: what it held was destroyed, or stands in the file after it. */
async function overwrite(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  await file.write(new Uint8Array(size), 0, size, 0);
  await file.sync();
}

async function wrap(options: DataKeyOptions, { id, suite }: FileKey, secret: Bytes): Promise<Entry> {
  const key = new FileKey(suite, options.wrappingSecret);
  const sealed = await Array.fromAsync(
    sealStream(only(secret), { ...contextOf(options, id), key, random: options.random }),
  );
  return { id, suite, wrapped: toBase64url(new Uint8Array(Buffer.concat(sealed))) };
}

async function unwrap(options: DataKeyOptions, { id, suite, wrapped }: Entry): Promise<FileKey> {
  const context = contextOf(options, id);
  const refuse = (cause?: unknown): SluiceError =>
    new SluiceError("ERR_SEALED_FILE", { file: context.context, reason: "it is not as it was wrapped" }, { cause });
  let sealed: Bytes;
  try {
    sealed = fromBase64url(wrapped);
  } catch (cause) {
    throw refuse(cause);
  }
  const wrapping = new FileKey(suite, options.wrappingSecret);
  const opened = await Array.fromAsync(openStream(only(sealed), { ...context, keys: [wrapping] }));
  const secret = new Uint8Array(Buffer.concat(opened));
  if (secret.length !== SECRET_BYTES) throw refuse();
  const key = new FileKey(suite, secret);
  secret.fill(0);
  if (key.id !== id) throw refuse();
  return key;
}

function contextOf({ domain }: DataKeyOptions, id: string): { context: string } {
  return { context: `${domain}/data-key/${id}` };
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}
