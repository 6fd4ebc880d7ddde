/** The sums of a domain's groups in one state of its data, held against the parameters when it is built: every group has enough
 *  rows, and no selection has a sum beyond the bound. That one subject adds no more than `subjectBound` is for the domain to see to.
 *  @module */
import {
  Name,
  parseSelectionParameters,
  SELECTION_NOISE_SCALES,
  SluiceError,
  type SelectionParameters,
} from "@sluice/protocol";

/** One group. */
export interface SelectionGroupSums {
  readonly label: string;
  readonly rows: number;
  /** One for each measure, in their order. */
  readonly sums: readonly bigint[];
}

/** Sums that were checked. */
export class SelectionTable {
  readonly epoch: string;
  readonly parameters: SelectionParameters;
  readonly #groups: readonly SelectionGroupSums[];

  /** @throws ERR_SELECTION_GROUPS; ERR_SELECTION_PARAMETERS when the parameters themselves do not hold */
  constructor(declared: SelectionParameters, epoch: string, groups: readonly SelectionGroupSums[]) {
    const parameters = parseSelectionParameters(declared);
    if (!Name.safeParse(epoch).success) throw refused("an epoch is a name");
    if (groups.length !== parameters.groups.length) throw refused("there are not as many as the parameters have");
    for (const [i, { label, rows, sums }] of groups.entries()) {
      if (label !== parameters.groups[i]) throw refused("they are not in the order of the parameters");
      if (!Number.isInteger(rows) || rows < parameters.minimumRows) {
        throw refused(`group ${label} has fewer than ${parameters.minimumRows} rows`);
      }
      if (sums.length !== parameters.measures.length) throw refused(`group ${label} has another number of sums`);
    }
    for (const [i, { name, bound, noiseScale }] of parameters.measures.entries()) {
      let [above, below] = [0n, 0n];
      for (const { sums } of groups) {
        const sum = sums[i] ?? 0n;
        if (sum > 0n) above += sum;
        else below -= sum;
      }
      const most = BigInt(bound) - BigInt(SELECTION_NOISE_SCALES * noiseScale);
      if (above > most || below > most) throw refused(`measure ${name} leaves no place for noise within its bound`);
    }
    this.parameters = parameters;
    this.epoch = epoch;
    this.#groups = groups.map((group) => ({ ...group, sums: [...group.sums] }));
  }

  /** Of all groups, in their order. Never leaves the domain. */
  sumsOf(measure: number): bigint[] {
    return this.#groups.map(({ sums }) => sums[measure] ?? 0n);
  }
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_SELECTION_GROUPS", { reason });
}
