/** Classification of a file before it is imported anywhere: staged in memory files, looked at, forgotten.
 *  @module */
import type { ColumnFinding } from "@sluice/desensitize";
import type { ResourceField } from "@sluice/protocol";
import { MemoryFiles } from "../rest/memory-files.ts";
import { stageFile } from "./import-table.ts";
import { classifySource } from "./classify.ts";

/** What `classifyFile` takes. */
export interface ClassifyFileOptions {
  readonly file: string;
  readonly memoryDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fields that an import of the file without a declaration would have, and why.
 *  @throws ERR_TABLE_FILE, ERR_TABLE_ENCODING, ERR_TABLE_FIELD_TOO_LARGE, ERR_MEMORY_FILES, ERR_STORE, ERR_CANCELLED */
export async function classifyFile(
  options: ClassifyFileOptions,
): Promise<{ readonly fields: ResourceField[]; readonly findings: ColumnFinding[] }> {
  const memory = await MemoryFiles.open(options.memoryDirectory);
  return await stageFile({ ...options, memory }, [], (session, source) => classifySource(session, source));
}
