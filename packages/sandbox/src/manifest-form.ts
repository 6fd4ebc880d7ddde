/** The manifest of a bundle, from the tree that a decoder made of what the bundle says of itself.
 *  @module */
import { JobManifest, SluiceError, type Bytes } from "@sluice/protocol";
import { FormReader, malformed, SHAPE } from "./form-reader.ts";
import { readRefusal } from "./form-rules.ts";

// As in `child/decode-manifest.mjs`.
const TAG = { null: 0, false: 1, true: 2, number: 3, text: 4, list: 5, record: 6 } as const;
const MAX_DEPTH = 12;
const MAX_NODES = 65_535;
const MAX_TEXT_CHARS = 1_024;
/** Characters of one step of a pointer into a manifest, and of the whole. */
const MAX_STEP_CHARS = 64;
const MAX_POINTER_CHARS = 200;

/** The manifest that `form` holds.
 *  @throws ERR_JOB_MANIFEST when it holds none; ERR_GUARD_OUTPUT when no decoder of ours wrote it */
export function readJobManifest(form: Bytes): JobManifest {
  const reader = new FormReader(form);
  const shape = reader.u8();
  if (shape === SHAPE.refused) {
    readRefusal(reader, null);
    throw new SluiceError("ERR_JOB_MANIFEST", { pointer: "/", expected: "a manifest" });
  }
  if (shape !== SHAPE.manifest) throw malformed();
  const tree = readTree(reader);
  reader.end();
  const parsed = JobManifest.safeParse(tree);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const steps = (issue?.path ?? []).map((step) => String(step).slice(0, MAX_STEP_CHARS));
  const pointer = `/${steps.join("/")}`.slice(0, MAX_POINTER_CHARS);
  throw new SluiceError("ERR_JOB_MANIFEST", { pointer, expected: (issue?.message ?? "a manifest").slice(0, 200) });
}

function readTree(reader: FormReader): unknown {
  let nodes = 0;
  const read = (depth: number): unknown => {
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) throw malformed();
    switch (reader.u8()) {
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.number:
        return reader.f64();
      case TAG.text:
        return reader.text(MAX_TEXT_CHARS, 0);
      case TAG.list: {
        const items: unknown[] = [];
        for (let left = reader.u16(); left > 0; left--) items.push(read(depth + 1));
        return items;
      }
      case TAG.record: {
        const entries = new Map<string, unknown>();
        const count = reader.u16();
        for (let left = count; left > 0; left--) entries.set(reader.text(MAX_TEXT_CHARS, 0), read(depth + 1));
        if (entries.size !== count || entries.has("__proto__")) throw malformed();
        return Object.fromEntries(entries);
      }
      default:
        throw malformed();
    }
  };
  return read(0);
}
