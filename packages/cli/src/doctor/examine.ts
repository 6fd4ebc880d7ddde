/** Every check, in the order in which one would look.
 *  @module */
import { checkDomainClocks, checkGatewayClock, checkSynchronisation } from "./check-clock.ts";
import { checkDisk } from "./check-disk.ts";
import { checkKeys } from "./check-keys.ts";
import { checkMachine } from "./check-machine.ts";
import { checkMemoryFiles } from "./check-memory-files.ts";
import { checkPort } from "./check-port.ts";
import { checkSandbox } from "./check-sandbox.ts";
import { checkStanding } from "./check-standing.ts";
import { checkDatabases, checkDataEngine } from "./check-stores.ts";
import { readDataDirectory } from "./data-directory.ts";
import { failure, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** What to look at beside the machine. */
export interface Subject {
  /** Directory of a gateway, a domain or a city. */
  readonly directory?: string | undefined;
  readonly ports: readonly number[];
  readonly gatewayUrl?: string | undefined;
}

/** Looks at everything. Changes nothing but a temporary file, which it removes. */
export async function examine(machine: Machine, { directory, ports, gatewayUrl }: Subject): Promise<Finding[]> {
  const findings = [...checkMachine(machine), ...(await checkSandbox(machine)), await checkDataEngine()];
  findings.push(...(await checkMemoryFiles(machine)));
  findings.push(await checkSynchronisation(machine));
  if (gatewayUrl !== undefined) findings.push(await checkGatewayClock(gatewayUrl, machine));
  for (const port of ports) findings.push(await checkPort(port));
  if (directory !== undefined) findings.push(...(await examineDirectory(machine, directory)));
  return findings;
}

async function examineDirectory(machine: Machine, directory: string): Promise<Finding[]> {
  const data = await readDataDirectory(directory);
  if (data.homes.length === 0) {
    return [
      failure(
        "directory",
        `${directory} holds no gateway and no domain`,
        "name the directory that `sluice gateway init`, `sluice domain init` or `sluice demo` made",
        "请指定由 `sluice gateway init`、`sluice domain init` 或 `sluice demo` 创建的目录",
      ),
    ];
  }
  return [
    ...(await checkDatabases(data)),
    ...(await checkKeys(data)),
    ...(await checkDisk(data, machine)),
    ...checkDomainClocks(data, machine),
    ...checkStanding(data, machine),
  ];
}
