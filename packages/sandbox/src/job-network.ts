/** What a developer writes for a model with a hidden layer that stays in the domain.
 *  @module */
import type { ScoreLink } from "@sluice/protocol";

/** Scores of a model with a hidden layer, which `produce` returns and the domain keeps. All of this declaration is published. */
export interface SquareNetworkOutput {
  readonly kind: "square-network";
  /** Names and bounds of the columns that callers encrypt. */
  readonly features: readonly { readonly name: string; readonly low: number; readonly high: number }[];
  /** Units of the hidden layer, at most. */
  readonly maxUnits: number;
  /** Applied by callers. */
  readonly link: ScoreLink;
  /** Standard deviation that the noise of a score has at least. */
  readonly resolution: number;
}

/** What a job returns for a model with a hidden layer, as `squareNetwork` of the kit fits it: what a fit says of features is
 *  not taken, the declaration has them. */
export interface SquareNetworkResult {
  readonly units: readonly {
    readonly sign: 1 | -1;
    readonly bias: number;
    /** In the order of the declared features. */
    readonly weights: readonly number[] | Float64Array;
  }[];
  readonly intercept: number;
}
