/** What a walk is about: products, each with its scene, its job, and how it is asked and compared.
 *  @module */
import { fileURLToPath } from "node:url";
import type { SluiceClient } from "@sluice/client";
import type { Bytes, EvidencedReceipt, ReleasedModel, ReleaseGate, ResourceProfile } from "@sluice/protocol";
import { bundleJob } from "@sluice/sandbox/bundle";
import type { CallKind, CallResult } from "./report.ts";
import type { SceneSpec } from "./scene.ts";
import type { DeskWork } from "./desks.ts";

/** Share of the rows in a developer's sample: larger in small cities, where k needs more of them. */
const SAMPLE_SHARE = 0.25;
const SMALL_CITY_SHARE = 0.5;
const SMALL_CITY_ROWS = 10_000;

/** What asking needs. */
export interface Asking {
  /** Client of the scene's first caller. */
  readonly client: SluiceClient;
  /** The released model, which counts as published; absent when the job releases none. */
  readonly model: ReleasedModel | undefined;
  readonly progress: (text: string) => void;
}

/** Calls that were made and compared, with their receipts. */
export interface Asked {
  readonly result: Omit<CallResult, "kind">;
  readonly receipts: EvidencedReceipt[];
}

/** A question that a person may repeat in another terminal. */
export interface Again {
  /** Words after `sluice`; the path of `file` stands for `FILE`. */
  readonly words: readonly string[];
  /** A file to ask with, kept beside the city. */
  readonly file?: { readonly name: string; readonly text: string };
}

/** One product of a walk. */
export interface ProductPlan {
  readonly spec: SceneSpec;
  /** Name of the scene and of its product. */
  readonly product: string;
  /** The bundle. */
  readonly code: Bytes;
  /** Kind of its calls, where that is not the form's. */
  readonly kind?: CallKind;
  /** Price of its build in millionths of ρ; absent when no privacy budget pays for it. */
  readonly microRho?: number;
  readonly again?: Again;
  /** Asks as the scene's first caller and compares every answer with the plain computation. */
  ask(asking: Asking): Promise<Asked>;
}

/** What a walk is about. */
export interface WalkPlan {
  readonly products: readonly ProductPlan[];
  /** Whether everything that has to be refused is tried; it needs a product of the form `label-lookup`. */
  readonly refusals: boolean;
  /** A scene on a table whose quality is below its rules: its launch has to be refused. */
  readonly below?: SceneSpec;
  /** What departments did with their tables when the city was made; absent for one that was there. */
  readonly desks?: DeskWork;
  /** The published profile that a developer looks at before any grant. */
  readonly published?: {
    readonly domain: string;
    readonly resource: string;
    /** Whether the profile is what a plain count gives. */
    isPlain(profile: ResourceProfile): boolean;
  };
  /** Texts of canary persons, none of which may be found outside of the domains, and how many persons they are of. */
  readonly canaries: { readonly persons: number; readonly texts: readonly string[] };
}

/** Circumstances of a generated city: its persons are made up, so that nobody knows one. A policy over real persons states its
 *  own, or none, and then 150 acquaintances are assumed. */
export const GENERATED_PERSONS: ReleaseGate = { context: { control: "high", motive: "low", acquaintances: 0 } };

/** Rows of a developer's sample from a table of `rows`. */
export function sampleRows(rows: number): number {
  return Math.round(rows * (rows < SMALL_CITY_ROWS ? SMALL_CITY_SHARE : SAMPLE_SHARE));
}

/** The bundle of an example; `file` is relative to the folder of examples. */
export async function exampleBundle(file: string): Promise<Bytes> {
  const { code } = await bundleJob(fileURLToPath(new URL(`../../../../examples/${file}`, import.meta.url)));
  return code;
}
