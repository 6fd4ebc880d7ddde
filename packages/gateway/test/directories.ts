/** Directories of tests: fresh ones, and gateways over a copy of the empty database.
 *  @module */
import { randomBytes } from "node:crypto";
import { cpSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyId, Random } from "@sluice/protocol";
import { inject, onTestFinished } from "vitest";
import { initGateway } from "../src/index.ts";

export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
export const clock = { now: () => new Date() };

/** A fresh directory; the caller removes it. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "gateway-"));
}

/** A fresh directory that goes with the test. */
export async function testDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Copies the empty database into `directory`. For a thousand small files the synchronous copy costs a third.
 *  Tests of other packages have no such database: there, the gateway makes its own when it starts. */
export function copyEmptyState(directory: string): void {
  const template = inject("gatewayTemplate") as string | undefined;
  if (template === undefined) return;
  cpSync(join(template, "state"), join(directory, "state"), { recursive: true });
}

/** Makes `directory` a gateway's with an empty database. */
export async function makeGateway(directory: string, agencyKey: KeyId) {
  const identity = await initGateway(directory, { agencyKey, clock, random });
  copyEmptyState(directory);
  return identity;
}
