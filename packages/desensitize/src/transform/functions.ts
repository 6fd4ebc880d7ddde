/** What an engine must have registered before it runs the SQL of a policy.
 *  @module */
import type { VectorFunction } from "../vector-function.ts";
import { FPE_FUNCTIONS } from "./fpe.ts";
import { HMAC_SM3 } from "./token.ts";

/** Every function that the SQL of a view may call. */
export const VECTOR_FUNCTIONS: readonly VectorFunction[] = [HMAC_SM3, ...FPE_FUNCTIONS];
