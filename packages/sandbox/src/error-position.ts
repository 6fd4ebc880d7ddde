/** From a position in a bundle to the line that the developer wrote. The sandbox tells positions of development runs
 *  only; the source map stays on the developer's machine, outside of the bundle.
 *  @module */
import { SourceMap, type SourceMapPayload } from "node:module";

/** A place in a job's own source. */
export interface SourcePlace {
  /** File, relative to the directory of the job. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1. */
  readonly column: number;
  /** The file's text as it was bundled. */
  readonly source: string | undefined;
}

/** How the isolate's first script ends the reason of an error, innermost position first. */
const POSITIONS = / \(bundle line (\d{1,7}:\d{1,7}(?:, \d{1,7}:\d{1,7})*)\)$/;
/** Sources of the kit, in a bundle. */
const OWN_SOURCE = /^sluice-(?:sandbox|protocol):/;

/** The reason of an `ERR_JOB_THREW` with the innermost place in the developer's own files instead of the bundle's
 *  position. The reason is returned as it is when it tells no position, or none of the developer's. */
export function locateReason(reason: string, sourceMap: string): { reason: string; place: SourcePlace | null } {
  const match = POSITIONS.exec(reason);
  const map = match === null ? null : parseMap(sourceMap);
  if (match === null || map === null) return { reason, place: null };
  for (const position of (match[1] ?? "").split(", ")) {
    const [line = 0, column = 0] = position.split(":").map(Number);
    const place = originOf(map, line, column);
    if (place === null || OWN_SOURCE.test(place.file)) continue;
    return { reason: `${reason.slice(0, match.index)} (${place.file}:${place.line}:${place.column})`, place };
  }
  return { reason, place: null };
}

function originOf(map: SourceMap, line: number, column: number): SourcePlace | null {
  const entry = map.findEntry(line - 1, column - 1);
  // The entry before the position may lie on another line, which then says nothing of this one.
  if (!("originalSource" in entry) || entry.generatedLine !== line - 1) return null;
  const { originalSource, originalLine, originalColumn } = entry;
  const { sources, sourcesContent } = map.payload;
  const source = sourcesContent?.[sources.indexOf(originalSource)];
  return { file: originalSource, line: originalLine + 1, column: originalColumn + 1, source };
}

function parseMap(text: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
