/** Columns of a statistic as the policy of a grant shows them: the same value in every domain and to every row alike, so that what is
 *  added up is of one kind.
 *  @module */
import { columnsOf, SluiceError, type AggregateStatistic, type Policy, type Transform } from "@sluice/protocol";

/** Transforms that give the same value in every domain. Tokens and other changes by a key do not. */
const PLAIN: readonly Transform["kind"][] = ["keep", "mask", "generalize", "bucket", "hierarchy"];

/** @throws ERR_POLICY when a column of the statistic is shown in another way, or not */
export function checkAggregateColumns(statistic: AggregateStatistic, { columns }: Policy): void {
  for (const name of columnsOf(statistic)) {
    const kind = Object.hasOwn(columns, name) ? columns[name]?.transform.kind : undefined;
    if (kind !== undefined && PLAIN.includes(kind)) continue;
    const reason = `to be added up with other domains it has to be shown as ${PLAIN.join(", ")}`;
    throw new SluiceError("ERR_POLICY", { pointer: `/columns/${name}`, reason });
  }
}
