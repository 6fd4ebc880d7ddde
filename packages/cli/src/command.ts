/** What a command is: a row of the command table, with a function that does the work.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Where a command reads and writes. Tests give their own. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Text of standard input, for secrets that must not stand in the shell's history. */
  readonly readStdin: () => Promise<string>;
  /** Secrets are taken out of it when they are read, so that no child process inherits them. */
  readonly env: Record<string, string | undefined>;
  /** Aborts when the person interrupts the command. */
  readonly signal: AbortSignal;
}

/** One option of a command. `value` is how its argument is called in the help; a flag has none. */
export interface OptionSpec {
  readonly value?: string;
  /** Whether it may be given more than once. */
  readonly repeats?: true;
  readonly description: string;
}

/** A command of the table. */
export interface Command {
  /** Words after `sluice`, for example `["domain", "init"]`. */
  readonly path: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** Names of the arguments; all are needed. A last one that ends in `…` stands for one or more. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Further paragraphs of the help. */
  readonly notes?: string;
  /** Does the work and returns the exit code. @throws SluiceError */
  run(args: Arguments, io: CommandIo): Promise<number>;
}

type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** The arguments of one call, checked against the command's table. */
export class Arguments {
  readonly #positionals: readonly string[];
  readonly #values: OptionValues;

  constructor(positionals: readonly string[], values: OptionValues) {
    this.#positionals = positionals;
    this.#values = values;
  }

  /** Argument number `index`. @throws ERR_USAGE when it is missing */
  positional(index: number): string {
    const value = this.#positionals[index];
    if (value === undefined) throw usage(`argument ${index + 1} is missing`);
    return value;
  }

  /** Every argument. */
  get positionals(): readonly string[] {
    return this.#positionals;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The text of an option, or undefined. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** Every text of an option that repeats. */
  texts(name: string): readonly string[] {
    const values = this.#values[name];
    return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  }

  /** The text of an option. @throws ERR_USAGE when it was not given */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw usage(`option --${name} is missing`);
    return value;
  }

  /** The whole number of an option in [min, max], or undefined. @throws ERR_USAGE */
  integer(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^[0-9]{1,15}$/.test(text) || value < min || value > max) {
      throw usage(`"--${name}" expected integer in [${min}, ${max}], got "${text}"`);
    }
    return value;
  }
}

/** A mistake in the arguments: printed with exit code 2. */
export function usage(reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_USAGE", { reason }, { cause });
}

/** `--json`, wherever there is something to print. */
export const JSON_OPTION = { json: { description: "print one JSON document" } } as const;
