/** The sealed files of a domain's directory, under the data keys that its master secret unwraps.
 *  @module */
import type { FileSuite } from "@sluice/evidence";
import type { Random } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { Keyring } from "../keyring.ts";
import { DataKeys, type DataKeyOptions } from "./data-keys.ts";
import { SealedFiles } from "./sealed-files.ts";

/** A domain's directory with its secrets. */
export interface OpenDirectory {
  readonly directory: string;
  readonly config: Pick<DomainConfig, "domain">;
  readonly keyring: Keyring;
  readonly random: Random;
}

/** Makes the first data key of a new domain. */
export async function createDataKeys(domain: OpenDirectory, suite: FileSuite): Promise<void> {
  await DataKeys.create(dataKeyOptions(domain), suite);
}

/** Opens the data keys of a domain. @throws ERR_DIRECTORY_STATE, ERR_SEALED_FILE */
export function openDataKeys(domain: OpenDirectory): Promise<DataKeys> {
  return DataKeys.open(dataKeyOptions(domain));
}

/** Opens the sealed files of a domain. @throws ERR_DIRECTORY_STATE, ERR_SEALED_FILE */
export async function openSealedFiles(domain: OpenDirectory): Promise<SealedFiles> {
  const { directory, config, random } = domain;
  return new SealedFiles({ directory, domain: config.domain, keys: await openDataKeys(domain), random });
}

function dataKeyOptions({ directory, config, keyring, random }: OpenDirectory): DataKeyOptions {
  const { domain } = config;
  return { directory, domain, wrappingSecret: keyring.derive("data-key", domain), random };
}
