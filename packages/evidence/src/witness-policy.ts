/** Which witnesses must have cosigned a checkpoint (C2SP tlog-policy): a text of logs, witnesses, groups with a
 *  threshold, and the quorum.
 *  @see https://c2sp.org/tlog-policy
 *  @module */
import { SluiceError, type KeyId } from "@sluice/protocol";
import type { LogIdentity } from "./checkpoint.ts";
import { NOTE_SIGNATURE_TYPES, parseNoteVerifierKey } from "./signed-note.ts";
import { openCosignatures, type Cosignature, type WitnessIdentity } from "./witness-cosignature.ts";

/** Longest policy that is read, in characters. */
const MAX_POLICY_CHARS = 65_536;
/** A quorum of no witnesses at all. */
const NONE = "none";

/** A witness of a policy. Its cosignatures count by its key; its name in the policy is for people. */
export type PolicyWitness = WitnessIdentity & { readonly url: string | null };

type Member = { readonly kind: "witness"; readonly key: KeyId | null } | Group;
type Group = { readonly kind: "group"; readonly threshold: number; readonly members: readonly Member[] };

/** A policy that was read. */
export interface WitnessPolicy {
  readonly logs: readonly (LogIdentity & { readonly url: string | null })[];
  /** Witnesses whose kind of signature is verified here. Others may be named in a policy, and never have cosigned. */
  readonly witnesses: readonly PolicyWitness[];
  /** Null when no cosignature is asked for. */
  readonly quorum: Member | null;
}

/** What the witnesses of a policy say about a checkpoint. */
export type WitnessVerdict = { readonly cosignatures: readonly Cosignature[]; readonly satisfied: boolean };

/** Reads a policy. @throws ERR_BODY_INVALID naming the line. */
export function parseWitnessPolicy(text: string): WitnessPolicy {
  const reader = new PolicyReader();
  if (text.length > MAX_POLICY_CHARS) throw invalid(0, `at most ${MAX_POLICY_CHARS} characters`);
  for (const [i, line] of text.split("\n").entries()) reader.read(i + 1, line);
  return reader.finish();
}

/** The cosignatures on `checkpoint`, and whether they are enough. */
export async function judgeCosignatures(policy: WitnessPolicy, checkpoint: string): Promise<WitnessVerdict> {
  const cosignatures = await openCosignatures(checkpoint, policy.witnesses);
  const keys = new Set(cosignatures.map(({ witnessKey }) => witnessKey));
  return { cosignatures, satisfied: policy.quorum === null || hasCosigned(policy.quorum, keys) };
}

function hasCosigned(member: Member, keys: ReadonlySet<KeyId>): boolean {
  if (member.kind === "witness") return member.key !== null && keys.has(member.key);
  return member.members.filter((one) => hasCosigned(one, keys)).length >= member.threshold;
}

class PolicyReader {
  readonly #logs: (LogIdentity & { url: string | null })[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #names = new Map<string, Member>();
  /** Names that are a member of a group already: each counts in one way only. */
  readonly #grouped = new Set<string>();
  /** Keys of logs, and of witnesses, each of which may stand once. */
  readonly #keys = { log: new Set<string>(), witness: new Set<string>() };
  #quorum: Member | null | undefined;

  read(number: number, line: string): void {
    if (/[^\P{Cc}\t]/u.test(line)) throw invalid(number, "no control characters");
    const [word, ...rest] = line.split(/[ \t]+/).filter((part) => part !== "");
    if (word === undefined || word.startsWith("#")) return;
    switch (word) {
      case "log":
        return this.#log(number, rest);
      case "witness":
        return this.#witness(number, rest);
      case "group":
        return this.#group(number, rest);
      case "quorum":
        return this.#setQuorum(number, rest);
      default:
        throw invalid(number, "log, witness, group or quorum");
    }
  }

  finish(): WitnessPolicy {
    if (this.#quorum === undefined) throw invalid(0, "one quorum line");
    return { logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum };
  }

  #log(number: number, [key = "", url, ...more]: string[]): void {
    const parsed = parseNoteVerifierKey(key);
    if (parsed === null || more.length > 0) throw invalid(number, "log VERIFIER-KEY [URL]");
    if (parsed.type === NOTE_SIGNATURE_TYPES.cosignature) throw invalid(number, "the key of a log");
    this.#once("log", number, key);
    if (parsed.keyId !== null) this.#logs.push({ origin: parsed.name, logKey: parsed.keyId, url: url ?? null });
  }

  #witness(number: number, [name = "", key = "", url, ...more]: string[]): void {
    const parsed = parseNoteVerifierKey(key);
    if (parsed === null || more.length > 0) throw invalid(number, "witness NAME VERIFIER-KEY [URL]");
    if (parsed.type === NOTE_SIGNATURE_TYPES.ed25519) throw invalid(number, "the key of a witness");
    this.#once("witness", number, key);
    this.#name(number, name, { kind: "witness", key: parsed.keyId });
    if (parsed.keyId !== null) this.#witnesses.push({ name: parsed.name, witnessKey: parsed.keyId, url: url ?? null });
  }

  #group(number: number, [name = "", count = "", ...members]: string[]): void {
    const threshold = count === "all" ? members.length : count === "any" ? 1 : /^[1-9]\d*$/.test(count) ? +count : 0;
    if (members.length === 0 || threshold < 1 || threshold > members.length) {
      throw invalid(number, "group NAME all|any|K MEMBER…, with K from 1 to the number of members");
    }
    const found = members.map((member) => {
      const known = this.#names.get(member);
      if (known === undefined || this.#grouped.has(member))
        throw invalid(number, "members from lines above, each once");
      this.#grouped.add(member);
      return known;
    });
    this.#name(number, name, { kind: "group", threshold, members: found });
  }

  #setQuorum(number: number, [name = "", ...more]: string[]): void {
    const member = name === NONE ? null : this.#names.get(name);
    if (member === undefined || more.length > 0) throw invalid(number, "quorum NAME, of a line above, or none");
    if (this.#quorum !== undefined) throw invalid(number, "one quorum line");
    this.#quorum = member;
  }

  #name(number: number, name: string, member: Member): void {
    if (name === NONE || this.#names.has(name)) throw invalid(number, "a name of its own");
    this.#names.set(name, member);
  }

  #once(kind: "log" | "witness", number: number, key: string): void {
    // The same public bytes under two names are one key: name and hash stand before them. Base64 has plus signs of its own.
    const bytes = key.split("+").slice(2).join("+");
    if (this.#keys[kind].has(bytes)) throw invalid(number, "each key once");
    this.#keys[kind].add(bytes);
  }
}

function invalid(line: number, expected: string): SluiceError {
  return new SluiceError("ERR_BODY_INVALID", { pointer: line === 0 ? "the policy" : `line ${line}`, expected });
}
