/** Hostile snippets by a seed: half are the numbered cases, changed and combined; half are soup of tokens.
 *  @module */
import { ENDLESS_CASES } from "../../packages/sandbox/test/hostile-endless.ts";
import { LANGUAGE_CASES } from "../../packages/sandbox/test/hostile-language.ts";
import { MEMORY_CASES } from "../../packages/sandbox/test/hostile-memory.ts";
import { OUTPUT_CASES } from "../../packages/sandbox/test/hostile-output.ts";

const BODIES = [...ENDLESS_CASES, ...MEMORY_CASES, ...OUTPUT_CASES, ...LANGUAGE_CASES].map(({ body }) => body);
const TOKENS =
  "for ( ; ; ) { } while true [ ] ... await yield async function * => new class extends super Proxy Reflect Symbol.iterator " +
  "Array Object.prototype __proto__ constructor Function eval this globalThis arguments callee caller log progress rows secret " +
  "Promise then throw try catch finally return 1e9 0 -1 NaN 10n ** BigInt `${ }` /(a+)+$/ .test .repeat 'x' .fill .split push " +
  "Error.prepareStackTrace stack JSON.parse JSON.stringify Uint8Array ArrayBuffer DataView Intl Date Map Set get set toString " +
  "valueOf toJSON import require process queueMicrotask structuredClone TextDecoder atob delete typeof in of = == === + , . ?.";

/** `count` snippets; equal seeds give equal ones. */
export function hostileSnippets(count: number, seed: number): string[] {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const tokens = TOKENS.split(" ");
  const changes: readonly ((body: string) => string)[] = [
    (body) => body,
    (body) => `try { ${body} } catch (e) { ${pick(BODIES)} }`,
    (body) => `await (async () => { ${body} })();`,
    (body) => `(0, eval)(${JSON.stringify(body)});`,
    (body) => `${pick(BODIES)}\n${body}`,
    (body) => body.replaceAll(/\d+/g, (digits) => (below(3) === 0 ? String(below(1e9)) : digits)),
    (body) =>
      body
        .split(" ")
        .filter(() => below(8) > 0)
        .join(" "),
    (body) => `for (let k = 0; k < 50; k++) { ${body} }`,
  ];
  return Array.from({ length: count }, (_, i) =>
    i % 2 === 0 ? pick(changes)(pick(BODIES)) : Array.from({ length: 3 + below(40) }, () => pick(tokens)).join(" "),
  );
}
