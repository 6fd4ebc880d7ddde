/** Whom a released model was fitted on, held against models that scores are made by: who is scored by two models that
 *  were fitted on nearly the same persons has their difference, which is about those few.
 *  @module */
import { NearSets, separateSets, kindWord } from "@sluice/desensitize";
import type { FieldName, Name, Sha256Hex } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { OutputRegister } from "../state/output-register.ts";
import { readShown } from "./shown-files.ts";

/** A model that is about to be served. */
export interface ServedModel {
  readonly callId: string;
  readonly resource: Name;
  /** Column that names the persons. */
  readonly column: FieldName;
  readonly modelHash: Sha256Hex;
}

/** The set of persons and rows that the model was fitted on, as its development run was registered, and whether one to nine
 *  persons tell it from that of another model which was served before. Null when no run is registered with
 *  it. @throws ERR_SEALED_FILE, ERR_REGISTER_FULL */
export async function modelPopulation(
  { files, register }: { readonly files: SealedFiles; readonly register: OutputRegister },
  { callId, resource, column, modelHash }: ServedModel,
  signal: AbortSignal,
): Promise<{ readonly set: Uint32Array; readonly isFar: boolean } | null> {
  const mark = kindWord("linear-model");
  const before = register.before(resource, callId);
  const fitted = before.find(
    ({ kind, model: own, shown }) => kind === "development" && own === modelHash && shown !== null,
  );
  const scored = before.filter(({ kind }) => kind === "score");
  const setsOf = async (outputs: typeof before): Promise<Uint32Array[]> =>
    separateSets(await readShown(files, outputs, { column }, signal)).filter(([word]) => word === mark);
  const [set] = fitted === undefined ? [] : await setsOf([fitted]);
  if (set === undefined) return null;
  return { set, isFar: !new NearSets(await setsOf(scored)).isNear(set) };
}
