/** The data store of a domain: the one place for raw rows. What it gives out are descriptions, samples that passed
 *  every check, and whole tables under a policy for the sandbox of the same domain.
 *  @module */
import {
  QUALITY_FUNCTIONS,
  roundRows,
  type ColumnFinding,
  type ProfileSets,
  type VectorFunction,
} from "@sluice/desensitize";
import { fromHex, Instant, SluiceError, toHex } from "@sluice/protocol";
import type { Clock, ColumnBatch, Random, ResourceDescription, ResourceProfile } from "@sluice/protocol";
import { Catalogue, type Decided, type StoredResource } from "./catalogue.ts";
import { contentOf, type MemoryFiles } from "../rest/memory-files.ts";
import type { SealedFiles } from "../rest/sealed-files.ts";
import { classifyStored } from "./classify.ts";
import { openEngine, type Session } from "./engine.ts";
import { checkedDescription, PLACEHOLDER_FIELDS, type ImportTableOptions } from "./import-request.ts";
import { stageTable } from "./import-table.ts";
import type { CertifiedSample } from "./certified-sample.ts";
import { KnownReports } from "./known-reports.ts";
import { heldOutFrom } from "./held-out.ts";
import { inspectSampleFrom, type InspectedSample, type SampleRequest } from "./inspect-sample.ts";
import { mayPublishProfile } from "./published.ts";
import { measureFrom, referredResources, type MeasuredTable, type MeasureRequest, type TableAt } from "./quality.ts";
import { profileFrom, type ProfileRequest } from "./profile.ts";
import { profileSetsFrom, type ProfileSetsRequest } from "./profile-sets.ts";
import { drawSampleFrom, readAllFrom, type KeyedTable, type OpenTable, type ViewRequest } from "./sample.ts";
import { storeError } from "./store-error.ts";
import { readSubjectFrom, type SubjectRows, type SubjectRowsRequest } from "./subject-rows.ts";

/** Bytes of the salt of a resource's snapshot hash. */
const SNAPSHOT_SALT_BYTES = 32;

/** How to open a store. */
export interface StoreOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What officers decided on fields. */
  readonly decided: Decided;
  /** Where tables are. */
  readonly files: SealedFiles;
  /** Where the engine opens them. */
  readonly memory: MemoryFiles;
  /** Memory of each engine: one for each read or import that runs. */
  readonly memoryLimitBytes?: number;
  readonly threads?: number;
}

/** An open store. One process at a time may have a directory open. */
export interface DataStore {
  /** Takes a file in as `resource`, in place of what it held. On any error the store is as before.
   *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_TABLE_COLUMN_MISSING,
   *    ERR_BODY_INVALID, ERR_DIRECTORY_UNWRITABLE, ERR_MEMORY_FILES, ERR_STORE, ERR_CANCELLED */
  importTable(request: ImportTableOptions): Promise<ResourceDescription>;
  /** Every resource, by name. */
  resources(): ResourceDescription[];
  /** @throws ERR_NOT_FOUND */
  describe(resource: string): ResourceDescription;
  /** The stratified sample that `seed` (32 bytes, secret) decides: desensitised, with every combination of
   *  quasi-identifiers at least `policy.k` times, free of identifiers that the detectors know, of level 3 or better.
   *  @throws ERR_NOT_FOUND, ERR_POLICY, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_STORE,
   *    ERR_CANCELLED */
  drawSample(request: SampleRequest): Promise<CertifiedSample>;
  /** Rows of persons outside of the sample of `request`, which `sample` is; null where they cannot be shown as it is. For the guard alone.
   *  @throws ERR_NOT_FOUND, ERR_POLICY, ERR_STORE, ERR_CANCELLED */
  drawHeldOut(request: SampleRequest, sample: ColumnBatch): Promise<ColumnBatch | null>;
  /** The same sample with the report on it, also when it did not pass: for officers, never for a job.
   *  @throws ERR_NOT_FOUND, ERR_POLICY, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_STORE, ERR_CANCELLED */
  inspectSample(request: SampleRequest): Promise<InspectedSample>;
  /** Every row under the same view, unsampled and unsuppressed, in the table's order, with its key as text.
   *  @throws ERR_NOT_FOUND, ERR_POLICY, ERR_POLICY_COLUMN, ERR_LOOKUP_TABLE, ERR_STORE, ERR_CANCELLED */
  readAll(request: ViewRequest): Promise<KeyedTable>;
  /** The safe profile of every row. The same table has the same profile.
   *  @throws ERR_NOT_FOUND, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_STORE, ERR_CANCELLED */
  profile(request: ProfileRequest): Promise<ResourceProfile>;
  /** Digests of whom a profile of every row is; null when the table has not the columns by which persons are known.
   *  @throws ERR_NOT_FOUND, ERR_STORE, ERR_CANCELLED */
  profileSets(request: ProfileSetsRequest): Promise<ProfileSets | null>;
  /** Shows `profile` beside the description of the table that was counted, until another table takes its place.
   *  @throws ERR_NOT_FOUND, ERR_CONFLICT */
  publishProfile(profile: ResourceProfile): Promise<void>;
  /** The profile that is published, unless a decision since keeps back what it shows. @throws ERR_NOT_FOUND */
  publishedProfile(resource: string): ResourceProfile;
  /** Every column of one person's rows, for that person. @throws ERR_NOT_FOUND, ERR_STORE, ERR_CANCELLED */
  readSubject(request: SubjectRowsRequest): Promise<SubjectRows>;
  /** What the values of each column say, whatever was declared or decided. @throws ERR_NOT_FOUND, ERR_STORE, ERR_CANCELLED */
  classify(request: { readonly resource: string; readonly signal?: AbortSignal | undefined }): Promise<ColumnFinding[]>;
  /** Measures quality rules on every row; what a rule refers to and is not there leaves the rule unfit.
   *  @throws ERR_NOT_FOUND, ERR_STORE, ERR_CANCELLED */
  measure(request: MeasureRequest): Promise<MeasuredTable>;
  close(): Promise<void>;
}

/** Opens the store among the files of a domain, or creates it; removes remains of imports that were cut off.
 *  @throws ERR_DIRECTORY_UNWRITABLE, ERR_DIRECTORY_STATE, ERR_SEALED_FILE */
export async function openStore(options: StoreOptions): Promise<DataStore> {
  return new DuckDbStore(await Catalogue.open(options.files, options.decided), options);
}

class DuckDbStore implements DataStore {
  readonly #catalogue: Catalogue;
  readonly #options: StoreOptions;
  /** Imports and reads under way; `close` waits for them. */
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** Of samples that runs were given. */
  readonly #known = new KnownReports();

  constructor(catalogue: Catalogue, options: StoreOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
  }

  importTable(request: ImportTableOptions): Promise<ResourceDescription> {
    return this.#track(this.#import(request));
  }

  resources(): ResourceDescription[] {
    return this.#catalogue.list().map(({ description }) => description);
  }

  describe(resource: string): ResourceDescription {
    return this.#catalogue.get(resource).description;
  }

  drawSample(request: SampleRequest): Promise<CertifiedSample> {
    return this.#read(request, (table) => drawSampleFrom(table, request, { ...this.#options, known: this.#known }));
  }

  drawHeldOut(request: SampleRequest, sample: ColumnBatch): Promise<ColumnBatch | null> {
    return this.#read(request, (table) => heldOutFrom(table, request, sample));
  }

  inspectSample(request: SampleRequest): Promise<InspectedSample> {
    return this.#read(request, (table) => inspectSampleFrom(table, request));
  }

  readAll(request: ViewRequest): Promise<KeyedTable> {
    return this.#read(request, (table) => readAllFrom(table, request));
  }

  profile(request: ProfileRequest): Promise<ResourceProfile> {
    return this.#read(request, (table) => profileFrom(table, request));
  }

  profileSets(request: ProfileSetsRequest): Promise<ProfileSets | null> {
    return this.#read(request, (table) => profileSetsFrom(table, request));
  }

  publishProfile(profile: ResourceProfile): Promise<void> {
    return this.#track(this.#catalogue.publish(profile));
  }

  publishedProfile(resource: string): ResourceProfile {
    const { profile, description } = this.#catalogue.get(resource);
    if (profile === undefined || !mayPublishProfile(profile, description))
      throw new SluiceError("ERR_NOT_FOUND", { kind: "published profile", name: resource });
    return profile;
  }

  readSubject(request: SubjectRowsRequest): Promise<SubjectRows> {
    return this.#read(request, (table) => readSubjectFrom(table, request));
  }

  classify(request: {
    readonly resource: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<ColumnFinding[]> {
    return this.#read(request, ({ session, entry, path }) => classifyStored(session, path, entry.description.fields));
  }

  measure(request: MeasureRequest): Promise<MeasuredTable> {
    const known = new Set(this.resources().map(({ resource }) => resource));
    const others = referredResources(request).filter((name) => known.has(name));
    return this.#readAll(
      [request.resource, ...others],
      { ...request, functions: QUALITY_FUNCTIONS },
      (session, tables) => measureFrom(session, tables, request),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #import(request: ImportTableOptions): Promise<ResourceDescription> {
    const { random, clock, files, memory, memoryLimitBytes, threads } = this.#options;
    const known = this.#catalogue.list().find(({ description }) => description.resource === request.resource);
    const salt = known === undefined ? random.bytes(SNAPSHOT_SALT_BYTES) : fromHex(known.salt);
    const describe = (facts: Pick<ResourceDescription, "format" | "approximateRows" | "fields" | "snapshot">) =>
      checkedDescription({
        domain: request.domain,
        resource: request.resource,
        title: request.title,
        source: request.source,
        updateFrequency: request.updateFrequency,
        ...(request.social === undefined ? {} : { social: request.social }),
        importedAt: Instant.parse(clock.now().toISOString()),
        ...facts,
      });
    // Declared facts first: a wrong name is said before the file is read.
    describe({
      format: "csv",
      approximateRows: 0,
      fields: [...(request.fields ?? PLACEHOLDER_FIELDS)],
      snapshot: toHex(salt),
    });
    const signal = this.#signal(request.signal);
    await using table = await memory.create();
    const staged = await stageTable({ ...request, memory, table, salt, memoryLimitBytes, threads, signal });
    const { format, fields, snapshot, rows } = staged;
    const description = describe({ format, fields, snapshot, approximateRows: roundRows(rows) });
    if (signal.aborted) throw new SluiceError("ERR_CANCELLED");
    const entry: StoredResource = {
      version: 1,
      description,
      table: `${snapshot}.parquet`,
      rows,
      salt: toHex(salt),
    };
    request.onReady?.(description);
    await this.#catalogue.put(entry, contentOf(table)).catch(() => {
      throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: files.directory });
    });
    return this.describe(description.resource);
  }

  #read<T>(request: Pick<ViewRequest, "resource" | "signal">, work: (table: OpenTable) => Promise<T>): Promise<T> {
    return this.#readAll([request.resource], request, (session, [table]) => {
      if (table === undefined) throw new TypeError("a table was not opened");
      return work({ session, ...table });
    });
  }

  #readAll<T>(
    names: readonly string[],
    request: { readonly signal?: AbortSignal | undefined; readonly functions?: readonly VectorFunction[] },
    work: (session: Session, tables: readonly TableAt[]) => Promise<T>,
  ): Promise<T> {
    const signal = this.#signal(request.signal);
    const reading = this.#opened(names, [], { signal, functions: request.functions }, work).catch((error: unknown) => {
      throw storeError(error);
    });
    return this.#track(reading);
  }

  /** Opens tables in an engine of their own, which sees them and nothing else. */
  async #opened<T>(
    [name, ...others]: readonly string[],
    tables: readonly TableAt[],
    options: { readonly signal: AbortSignal; readonly functions: readonly VectorFunction[] | undefined },
    work: (session: Session, tables: readonly TableAt[]) => Promise<T>,
  ): Promise<T> {
    const { files, memory, memoryLimitBytes, threads } = this.#options;
    if (name !== undefined) {
      return await this.#catalogue.reading(name, async (entry, table) => {
        await using opened = await memory.filled(files.stream(table, options));
        return await this.#opened(others, [...tables, { entry, path: opened.path }], options, work);
      });
    }
    const paths = tables.map(({ path }) => path);
    const engine = await openEngine({ paths, memoryLimitBytes, threads, functions: options.functions });
    try {
      return await engine.session((session) => work(session, tables), options);
    } finally {
      engine.close();
    }
  }

  #signal(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }
}
