/** Statistics over several domains: from rows to the vector that a domain adds, and from the sum to what it says.
 *  @module */
export { aggregateCells, aggregateVector, type AggregateRows } from "./statistic/vector.ts";
export { aggregateOutcome, type AggregateOutcome } from "./statistic/outcome.ts";
export { trainLogistic, type LogisticModel, type LogisticTask, type SumOver } from "./logistic/train.ts";
