/** A system-call filter for a job's process and its decoder's, as bubblewrap takes it: classic BPF over
 *  `struct seccomp_data`. It is an allow-list (`seccomp-calls.ts`): what Node does once it runs, and nothing else.
 *
 *  `execve` stays. Bubblewrap sets the filter and then starts Node, a filter cannot compare the path that an argument points
 *  to, and one that counts does not exist. What a process could start is what it sees: Node itself and shared libraries, on
 *  file systems that it cannot write to, with no `memfd_create` to make a file of its own. A Node that is started again
 *  stays behind the same filter, limits and namespaces, which nothing lifts; it lacks Node's own permission model, on which
 *  nothing here relies once native code runs.
 *  @see https://docs.kernel.org/userspace-api/seccomp_filter.html  @module */
import type { Bytes } from "@sluice/protocol";
import { ALLOWED, BY_ARGUMENT, CLONE3, KILLED, numbersOf } from "./seccomp-calls.ts";

/** `AUDIT_ARCH_*`. */
const AUDIT = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

// <linux/bpf_common.h>, <linux/seccomp.h>
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const KILL_PROCESS = 0x8000_0000;
const EPERM = 1;
const ENOSYS = 38;
/** Offsets in `struct seccomp_data`: number, architecture, low halves of the first two arguments. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;
const SECOND_ARGUMENT = 24;
/** Numbers from here on belong to the x32 ABI. */
const X32_BIT = 0x4000_0000;
// <linux/sched.h>: CLONE_NEWTIME, _NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET.
const CLONE_THREAD = 0x1_0000;
const CLONE_NAMESPACES = 0x7e02_0080;
// <linux/prctl.h>: PR_SET_NAME, PR_GET_NAME, PR_SET_VMA.
const PRCTL_OPTIONS = [15, 16, 0x5356_4d41];
// <asm-generic/ioctls.h>: TCGETS, FIONBIO, FIOCLEX; TCGETS2.
const IOCTL_REQUESTS = [0x5401, 0x5421, 0x5451, 0x802c_542a];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const DENY: Instruction = [RETURN, 0, 0, ERRNO | EPERM];
const PASS: Instruction = [RETURN, 0, 0, ALLOW];
const KILL: Instruction = [RETURN, 0, 0, KILL_PROCESS];

/** The filter for `architecture` (Node's name), or undefined where its numbers are not known. */
export function seccompFilter(architecture: string): Bytes | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  const call = (name: keyof typeof BY_ARGUMENT): number => BY_ARGUMENT[name][architecture === "x64" ? 0 : 1];
  return assemble([
    [LOAD_WORD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, AUDIT[architecture]],
    KILL,
    [LOAD_WORD, 0, 0, NUMBER],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    KILL,
    ...when(CLONE3, [[RETURN, 0, 0, ERRNO | ENOSYS]]),
    ...when(call("clone"), [
      [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
      [JUMP_SET, 0, 1, CLONE_NAMESPACES],
      DENY,
      [JUMP_SET, 1, 0, CLONE_THREAD],
      DENY,
      PASS,
    ]),
    ...when(call("prctl"), oneOf(FIRST_ARGUMENT, PRCTL_OPTIONS)),
    ...when(call("ioctl"), oneOf(SECOND_ARGUMENT, IOCTL_REQUESTS)),
    ...[...numbersOf(ALLOWED, architecture).keys()].flatMap((number) => when(number, [PASS])),
    ...[...numbersOf(KILLED, architecture).keys()].flatMap((number) => when(number, [KILL])),
    DENY,
  ]);
}

/** `then`, which returns, for the call `number`; what follows for others. */
function when(number: number, then: readonly Instruction[]): Instruction[] {
  return [[JUMP_EQUAL, 0, then.length, number], ...then];
}

/** Passes when the argument at `offset`, of which the kernel reads the low half, is one of `values`. */
function oneOf(offset: number, values: readonly number[]): Instruction[] {
  const tests = values.flatMap((value): Instruction[] => [[JUMP_EQUAL, 0, 1, value], PASS]);
  return [[LOAD_WORD, 0, 0, offset], ...tests, DENY];
}

// struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; } in the machine's byte order; both are little-endian.
function assemble(instructions: readonly Instruction[]): Bytes {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [index, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, operand >>> 0, true);
  }
  return new Uint8Array(view.buffer);
}
