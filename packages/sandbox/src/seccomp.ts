/** A system-call filter for a job's process, as bubblewrap takes it: classic BPF over `struct seccomp_data`.
 *  It denies what an escaped job would reach for: sockets, new processes, namespaces, mounts, other processes'
 *  memory, and kernel interfaces with a history of faults. It is a deny-list; `execve` stays, because
 *  bubblewrap starts Node after the filter is set, and the namespaces hold no other program.
 *  @see https://docs.kernel.org/userspace-api/seccomp_filter.html  @module */
import type { Bytes } from "@sluice/protocol";

/** Numbers of one architecture. */
interface Architecture {
  /** `AUDIT_ARCH_*`. */
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly denied: readonly (readonly number[])[];
}

// Same numbers everywhere since Linux 5: io_uring_setup/enter/register, pidfd_open, pidfd_getfd, open_tree,
// move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, memfd_secret.
const COMMON = [425, 426, 427, 434, 438, 428, 429, 430, 431, 432, 433, 442, 447];

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    clone3: 435,
    denied: [
      // socket, connect, accept, bind, listen, socketpair, accept4
      [41, 42, 43, 49, 50, 53, 288],
      // fork, vfork, execveat, ptrace, process_vm_readv, process_vm_writev, memfd_create
      [57, 58, 322, 101, 310, 311, 319],
      // unshare, setns, mount, umount2, pivot_root, chroot, name_to_handle_at, open_by_handle_at
      [272, 308, 165, 166, 155, 161, 303, 304],
      // bpf, userfaultfd, perf_event_open, fanotify_init, add_key, request_key, keyctl
      [321, 323, 298, 300, 248, 249, 250],
      // init_module, delete_module, finit_module, kexec_load, kexec_file_load, reboot, swapon, swapoff
      [175, 176, 313, 246, 320, 169, 167, 168],
      // iopl, ioperm, modify_ldt, personality, syslog, acct, quotactl, settimeofday, clock_settime, adjtimex
      [172, 173, 154, 135, 103, 163, 179, 164, 227, 159],
      // shmget, semget, msgget, mq_open
      [29, 64, 68, 240],
    ],
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    clone3: 435,
    // In the order of the list above; there is no fork, vfork, iopl, ioperm or modify_ldt.
    denied: [
      [198, 203, 202, 200, 201, 199, 242],
      [281, 117, 270, 271, 279],
      [97, 268, 40, 39, 41, 51, 264, 265],
      [280, 282, 241, 262, 217, 218, 219],
      [105, 106, 273, 104, 294, 142, 224, 225],
      [92, 116, 89, 60, 170, 112, 171],
      [194, 190, 186, 180],
    ],
  },
};

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
/** Offsets in `struct seccomp_data`: number, architecture, low half of the first argument. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;
/** Numbers from here on belong to the x32 ABI. */
const X32_BIT = 0x4000_0000;
const CLONE_THREAD = 0x1_0000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

/** The filter for `architecture` (Node's name), or undefined where its numbers are not known. */
export function seccompFilter(architecture: string): Bytes | undefined {
  const known = ARCHITECTURES[architecture];
  if (known === undefined) return undefined;
  const instructions: Instruction[] = [
    [LOAD_WORD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, known.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, NUMBER],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    [RETURN, 0, 0, KILL_PROCESS],
    // clone3 keeps its flags in memory, out of reach: libc falls back to clone.
    [JUMP_EQUAL, 0, 1, known.clone3],
    [RETURN, 0, 0, ERRNO | ENOSYS],
    // Threads, but no processes.
    [JUMP_EQUAL, 0, 4, known.clone],
    [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
    [JUMP_SET, 0, 1, CLONE_THREAD],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, ERRNO | EPERM],
  ];
  for (const number of [...known.denied.flat(), ...COMMON]) {
    instructions.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, ERRNO | EPERM]);
  }
  instructions.push([RETURN, 0, 0, ALLOW]);
  return assemble(instructions);
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
