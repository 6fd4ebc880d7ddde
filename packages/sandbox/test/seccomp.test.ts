import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALLOWED, BY_ARGUMENT, CLONE3, KILLED } from "../src/seccomp-calls.ts";
import { seccompFilter } from "../src/seccomp.ts";

const X64 = 0xc000_003e;
const ARM64 = 0xc000_00b7;
const ALLOW = "allow";
const EPERM = "errno 1";
const ENOSYS = "errno 38";
const KILL = "kill";

interface Call {
  readonly number: number;
  readonly arch: number;
  /** First and second argument. */
  readonly args?: readonly bigint[];
}

/** What `filter` says to a call: the machine of classic BPF, as far as filters of system calls use it. */
function verdict(filter: Uint8Array, { number, arch, args = [] }: Call): string {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [i, value] of args.entries()) data.setBigUint64(16 + 8 * i, value, true);
  const code = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  let a = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const operand = code.getUint32(at + 4, true);
    const jump = (taken: boolean): number => 8 * code.getUint8(at + (taken ? 2 : 3));
    switch (code.getUint16(at, true)) {
      case 0x20: // BPF_LD | BPF_W | BPF_ABS
        if (operand % 4 !== 0 || operand >= 64) throw new Error("a load from outside of the data");
        a = data.getUint32(operand, true);
        break;
      case 0x15: // BPF_JMP | BPF_JEQ | BPF_K
        at += jump(a === operand);
        break;
      case 0x35: // BPF_JMP | BPF_JGE | BPF_K
        at += jump(a >= operand);
        break;
      case 0x45: // BPF_JMP | BPF_JSET | BPF_K
        at += jump((a & operand) !== 0);
        break;
      case 0x06: // BPF_RET | BPF_K
        if (operand === 0x7fff_0000) return ALLOW;
        if (operand === 0x8000_0000) return KILL;
        if (operand >>> 16 === 5) return `errno ${operand & 0xffff}`;
        throw new Error("another return value");
      default:
        throw new Error("another instruction");
    }
  }
  throw new Error("it runs off its end");
}

// Ranges of numbers: what passes, and what kills. A change to the lists has to be made here, too.
const EXPECTED = [
  {
    name: "x64",
    arch: X64,
    allowed:
      "0-1 3-15 17 19-21 24-25 28 32 35 39 51-52 55 59-60 62-63 72 79 89 96-100 102 104 107-108 110 125 131 143 145 158 186 201-202 204 217-219 228-234 257 262 267 269 271 273-274 281 290-293 295 302 309 318 324 329-332 334 439 441",
    killed:
      "101 103 154-155 159 161 163-169 172-173 175-176 179 227 246 248-250 272 298 303-305 308 310-313 320-323 424 428-434 438 440 442 447",
    byArgument: { clone: 56, prctl: 157, ioctl: 16 },
  },
  {
    name: "arm64",
    arch: ARM64,
    allowed:
      "17 19-25 48 56-57 59 61-67 69 73 78-80 90 93-94 96 98-101 113-115 120-121 123-124 128-129 131-132 134-135 139 153 160 163 165 168-169 172-179 204-205 209 214-216 221-222 226 233 261 278 283 288-291 293 439 441",
    killed:
      "39-41 51 60 89 97 104-106 112 116-117 142 170-171 217-219 224-225 241 264-266 268 270-273 280-282 294 424 428-434 438 440 442 447",
    byArgument: { clone: 220, prctl: 167, ioctl: 29 },
  },
] as const;

function numbersIn(ranges: string): Set<number> {
  const numbers = ranges.split(" ").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return new Set(numbers);
}

function filterOf(name: string): Uint8Array {
  const filter = seccompFilter(name);
  if (filter === undefined) throw new Error("no filter");
  // BPF_MAXINSNS
  expect(filter.length / 8).toBeLessThanOrEqual(4_096);
  return filter;
}

test.each(EXPECTED)("on $name, every number up to 500 gets exactly its answer", ({ name, arch, ...expected }) => {
  const filter = filterOf(name);
  const allowed = numbersIn(expected.allowed);
  const killed = numbersIn(expected.killed);
  const argued: readonly number[] = Object.values(expected.byArgument);
  const answered: string[] = [];
  const answers: string[] = [];
  for (let number = 0; number <= 500; number++) {
    const answer = allowed.has(number) ? ALLOW : killed.has(number) ? KILL : number === 435 ? ENOSYS : EPERM;
    // Without arguments, what depends on them is refused; no argument changes the answer of another call.
    for (const args of argued.includes(number) ? [[]] : [[], [0x1_0000n, 0x5401n]]) {
      answered.push(`${number} ${verdict(filter, { number, arch, args })}`);
      answers.push(`${number} ${answer}`);
    }
  }
  expect(answered).toEqual(answers);
});

test.each(EXPECTED)(
  "on $name, clone makes threads, and neither processes nor namespaces",
  ({ name, arch, byArgument }) => {
    const filter = filterOf(name);
    const clone = (flags: bigint): string => verdict(filter, { number: byArgument.clone, arch, args: [flags] });
    // As glibc makes a thread: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID.
    expect(clone(0x3d_0f00n)).toBe(ALLOW);
    // fork, and vfork as posix_spawn makes it.
    expect([clone(0x11n), clone(0x4111n), clone(0n)]).toEqual([EPERM, EPERM, EPERM]);
    for (let bit = 0n; bit < 64n; bit++) {
      // CLONE_NEWTIME, _NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET
      const namespace = [7n, 17n, 25n, 26n, 27n, 28n, 29n, 30n].includes(bit);
      expect([bit, clone(0x1_0000n | (1n << bit))]).toEqual([bit, namespace ? EPERM : ALLOW]);
      if (bit !== 16n) expect(clone(1n << bit)).toBe(EPERM);
    }
    expect(verdict(filter, { number: CLONE3, arch, args: [0x1_0000n] })).toBe(ENOSYS);
  },
);

test.each(EXPECTED)("on $name, prctl and ioctl do what Node does with them", ({ name, arch, byArgument }) => {
  const filter = filterOf(name);
  const prctl = (option: bigint): string => verdict(filter, { number: byArgument.prctl, arch, args: [option] });
  const ioctl = (request: bigint): string => verdict(filter, { number: byArgument.ioctl, arch, args: [1n, request] });
  const below = (count: number): bigint[] => Array.from({ length: count }, (_, i) => BigInt(i));
  expect(below(100).filter((option) => prctl(option) === ALLOW)).toEqual([15n, 16n]);
  expect([prctl(0x5356_4d41n), prctl(0x5961_6d61n)]).toEqual([ALLOW, EPERM]);
  // Not TIOCSTI (0x5412), which types into the terminal of the parent, nor TIOCLINUX (0x541c).
  expect(below(256).filter((request) => ioctl(0x5400n + request) === ALLOW)).toEqual([1n, 0x21n, 0x51n]);
});

test.each(EXPECTED)("on $name, calls of another architecture or of x32 kill", ({ name, arch }) => {
  const filter = filterOf(name);
  for (const other of [X64, ARM64, 0x4000_0003, 0x4000_0028, 0]) {
    if (other !== arch) expect(verdict(filter, { number: 0, arch: other })).toBe(KILL);
  }
  for (const number of [0x4000_0000, 0x4000_0001, 0x4000_0208, 0xffff_ffff]) {
    expect(verdict(filter, { number, arch })).toBe(KILL);
  }
});

test("an architecture whose numbers are not known has no filter", () => {
  expect(["ia32", "riscv64", "s390x"].map(seccompFilter)).toEqual([undefined, undefined, undefined]);
});

test.each([
  ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", /^#define __NR_(\w+)\s+(\d+)$/gmu, 0],
  ["/usr/include/asm-generic/unistd.h", /^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gmu, 1],
] as const)("numbers are those of %s", (header, form, column) => {
  if (!existsSync(header)) {
    process.stdout.write(`skipped: ${header} is missing\n`);
    return;
  }
  const found = [...readFileSync(header, "utf8").matchAll(form)];
  const numbers = new Map(found.map(([, name = "", number]) => [name, Number(number)]));
  // The generic table calls it by another name.
  const nameOf = (name: string): string => (column === 1 && name === "newfstatat" ? "fstatat" : name);
  const calls = { ...ALLOWED, ...BY_ARGUMENT, ...KILLED, clone3: [CLONE3, CLONE3] as const };
  for (const [name, entry] of Object.entries(calls)) {
    expect([name, entry[column]]).toEqual([name, numbers.get(nameOf(name)) ?? null]);
  }
});
