/** Writes `packages/protocol/vectors/wire-v1.json`: `npm run docs`.
 *  @module */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-files.ts";
import { makeWireVectors } from "./wire-vectors.ts";
import { WIRE_VECTORS_PATH, wireVectorsText } from "./wire-vectors-file.ts";

writeFileSync(join(ROOT, WIRE_VECTORS_PATH), wireVectorsText(await makeWireVectors()));
