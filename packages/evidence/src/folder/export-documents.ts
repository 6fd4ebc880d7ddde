/** The documents of an export that receipts rest on, and the parties: each is the one its name says, signed by whom the pins
 *  name.
 *  @module */
import { documentHash, GrantDelivery, isSluiceError, SignedParty, SignedRelease, type Receipt } from "@sluice/protocol";
import { readDocument } from "../document-file.ts";
import type { TrustPins } from "../receipts.ts";
import { z } from "zod";
import { verifySigned } from "../signed-document.ts";
import { readJson, type EvidenceFolder, type FolderFailure } from "./evidence-folder.ts";
import { exportFault } from "./export-manifest.ts";

/** Every grant and release, and the list of parties, that does not fit. Documents of a domain that is not pinned do not. */
export async function documentFaults(folder: EvidenceFolder, trust: TrustPins): Promise<FolderFailure[]> {
  const faults: FolderFailure[] = [];
  const checks = [
    ["grants", checkGrant],
    ["releases", checkRelease],
  ] as const;
  for (const [directory, check] of checks) {
    const files = (await folder.list(directory)).map(({ path }) => path);
    for (const file of files.toSorted()) {
      await attempt(file, async () => {
        const bytes = await folder.read(file);
        await check(bytes === null ? null : readDocument(bytes), { file, trust });
      });
    }
  }
  await attempt(PARTIES_FILE, async () => {
    const { parties } = Parties.parse(await readJson(folder, PARTIES_FILE));
    for (const party of parties) await verifySigned(party, { required: [[trust.agencyKey]] });
  });
  return faults;

  async function attempt(file: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const known = isSluiceError(error) && error.code !== "ERR_DOCUMENT";
      faults.push({ file, error: known ? error : exportFault(file, "it does not have the documented form", error) });
    }
  }
}

const PARTIES_FILE = "parties.json";
const Parties = z.strictObject({ parties: z.array(SignedParty) });

/** Passes when a receipt stands in the file of its call, and the grant, and the release, that it rests on are there.
 *  @throws ERR_EXPORT */
export function checkPlace(
  receiptFile: string,
  { callId, grant, release }: Receipt,
  files: Readonly<Record<string, string>>,
): void {
  if (receiptFile !== `receipts/${callId}.json`)
    throw exportFault(receiptFile, "it is not the receipt of the call of that name");
  const needed = [`grants/${grant}.json`, ...(release === undefined ? [] : [`releases/${release}.json`])];
  for (const file of needed) if (!Object.hasOwn(files, file)) throw exportFault(file, "a receipt rests on it");
}

interface Subject {
  readonly file: string;
  readonly trust: TrustPins;
}

async function checkGrant(value: unknown, { file, trust }: Subject): Promise<void> {
  const { grant, policy } = GrantDelivery.parse(value);
  const { body } = grant;
  const fits = file === `grants/${await documentHash(body)}.json` && (await documentHash(policy)) === body.policy;
  if (!fits) throw exportFault(file, "it is not the grant of that hash with its policy");
  await verifySigned(grant, { required: [departmentOf(trust, body.domain), [trust.agencyKey]] });
}

async function checkRelease(value: unknown, { file, trust }: Subject): Promise<void> {
  const release = SignedRelease.parse(value);
  const fits = file === `releases/${await documentHash(release.body)}.json`;
  if (!fits) throw exportFault(file, "it is not the release of that hash");
  await verifySigned(release, { required: [departmentOf(trust, release.body.domain)] });
}

function departmentOf({ domains }: TrustPins, domain: string): string[] {
  const pins = Object.hasOwn(domains, domain) ? domains[domain] : undefined;
  return pins === undefined ? [] : [pins.departmentKey];
}
