/** Compiling schemas would need a right to evaluate strings, which the page does not give itself. Must be imported before
 *  any schema is made.
 *  @module */
import { z } from "zod";

z.config({ jitless: true });
