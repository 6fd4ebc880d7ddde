/** The kernel of the oblivious PRF: sums of public elements, which proofs need, and a client's list. Like the others it works on the
 *  imported memory and keeps no state; a caller sees to bounds.
 *  @module */
export { sumConstants, sumDecode, sumWeighted } from "./element-sum";
export { oprfBlind, oprfExpand, oprfHash, oprfStates, oprfTable, oprfUnblind } from "./oprf-list";
