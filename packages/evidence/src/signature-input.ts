/** The part of structured fields (RFC 8941) that one signature of RFC 9421 needs: a dictionary with one
 *  member, an inner list of plain strings with parameters, or a byte sequence. All else is refused.
 *  @module */
import { base64 } from "@scure/base";
import type { Bytes } from "@sluice/protocol";

/** Longest field value that is read. */
const MAX_SIGNATURE_FIELD_CHARS = 2_048;

/** A Signature-Input of one member. */
export type SignatureInput = {
  readonly label: string;
  readonly components: readonly string[];
  /** Parameters in order; numbers are integers. */
  readonly parameters: ReadonlyMap<string, string | number>;
  /** The member's value as it was received: what `@signature-params` covers. */
  readonly text: string;
};

const MEMBER = /^([a-z*][a-z0-9_.*-]{0,63})=(\(([^()]*)\)(.*))$/;
const COMPONENTS = /^ *(?:"[@a-z0-9-]{1,64}"(?: +"[@a-z0-9-]{1,64}")*)? *$/;
const PARAMETER = /^;([a-z*][a-z0-9_.*-]{0,63})=(?:(-?[0-9]{1,15})(?=;|$)|"([\x20\x21\x23-\x5b\x5d-\x7e]*)")/;
const SIGNATURE = /^([a-z*][a-z0-9_.*-]{0,63})=:([A-Za-z0-9+/]+={0,2}):$/;

/** The parsed field, or null when it has another form. A component or parameter twice is another form. */
export function parseSignatureInput(value: string): SignatureInput | null {
  if (value.length > MAX_SIGNATURE_FIELD_CHARS) return null;
  const [, label, text, list, tail] = MEMBER.exec(value) ?? [];
  if (label === undefined || text === undefined || list === undefined || tail === undefined) return null;
  if (!COMPONENTS.test(list)) return null;
  const components = list.split(/[" ]+/).filter((name) => name !== "");
  if (new Set(components).size !== components.length) return null;
  const parameters = new Map<string, string | number>();
  for (let rest = tail; rest !== "";) {
    const [whole, name, integer, string] = PARAMETER.exec(rest) ?? [];
    if (whole === undefined || name === undefined || parameters.has(name)) return null;
    parameters.set(name, integer === undefined ? (string ?? "") : Number(integer));
    rest = rest.slice(whole.length);
  }
  return { label, components, parameters, text };
}

/** Label and bytes of a Signature field of one member, or null when it has another form. */
export function parseSignature(value: string): { label: string; signature: Bytes } | null {
  if (value.length > MAX_SIGNATURE_FIELD_CHARS) return null;
  const [, label, encoded] = SIGNATURE.exec(value) ?? [];
  if (label === undefined || encoded === undefined) return null;
  try {
    return { label, signature: base64.decode(encoded) };
  } catch {
    return null;
  }
}
