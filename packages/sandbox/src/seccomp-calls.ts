/** System calls by number, and what the filter says to each. The allow-list was derived for Node 24 (V8 13.6, glibc 2.36) by
 *  `tools/trace-syscalls.ts`: jobs of every sort, the probe and the decoder under strace, and every call that one of them
 *  made after its filter was set. Beside those stand calls that the same libraries make on other kernels, processors and
 *  versions of glibc, in the same groups: none reaches anything that a call seen does not reach.
 *
 *  Numbers are those of the kernel's tables `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`
 *  (arm64), which has no call of some names. The tests hold them against the headers where those are installed. The filter
 *  of arm64 has not been run by this project.
 *  @module */

/** Numbers of a call on x64 and on arm64; null where there is none. */
type Numbers = readonly [x64: number, arm64: number | null];

/** Calls that pass, whatever their arguments. Memory may be made executable (`mmap`, `mprotect`): V8 compiles. `execve` passes
 *  because bubblewrap starts Node after the filter is set; see `seccomp.ts`. */
export const ALLOWED: Readonly<Record<string, Numbers>> = {
  // threads and their waits
  set_tid_address: [218, 96],
  set_robust_list: [273, 99],
  get_robust_list: [274, 100],
  rseq: [334, 293],
  futex: [202, 98],
  gettid: [186, 178],
  sched_yield: [24, 124],
  sched_getaffinity: [204, 123],
  sched_getparam: [143, 121],
  sched_getscheduler: [145, 120],
  membarrier: [324, 283],
  exit: [60, 93],
  exit_group: [231, 94],
  restart_syscall: [219, 128],
  // memory
  brk: [12, 214],
  mmap: [9, 222],
  munmap: [11, 215],
  mprotect: [10, 226],
  mremap: [25, 216],
  madvise: [28, 233],
  pkey_alloc: [330, 289],
  pkey_free: [331, 290],
  pkey_mprotect: [329, 288],
  arch_prctl: [158, null],
  // what is open
  read: [0, 63],
  write: [1, 64],
  readv: [19, 65],
  writev: [20, 66],
  pread64: [17, 67],
  preadv: [295, 69],
  close: [3, 57],
  lseek: [8, 62],
  fcntl: [72, 25],
  dup: [32, 23],
  dup3: [292, 24],
  pipe2: [293, 59],
  eventfd2: [290, 19],
  poll: [7, null],
  ppoll: [271, 73],
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  epoll_wait: [232, null],
  epoll_pwait: [281, 22],
  epoll_pwait2: [441, 441],
  getsockname: [51, 204],
  getsockopt: [55, 209],
  getpeername: [52, 205],
  // files, of which there are few, and read only
  openat: [257, 56],
  access: [21, null],
  faccessat: [269, 48],
  faccessat2: [439, 439],
  stat: [4, null],
  lstat: [6, null],
  fstat: [5, 80],
  newfstatat: [262, 79],
  statx: [332, 291],
  readlink: [89, null],
  readlinkat: [267, 78],
  getcwd: [79, 17],
  getdents64: [217, 61],
  execve: [59, 221],
  // time
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  nanosleep: [35, 101],
  gettimeofday: [96, 169],
  time: [201, null],
  // signals
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sigaltstack: [131, 132],
  kill: [62, 129],
  tgkill: [234, 131],
  // about the process
  getpid: [39, 172],
  getppid: [110, 173],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  capget: [125, 90],
  uname: [63, 160],
  sysinfo: [99, 179],
  getrandom: [318, 278],
  getrusage: [98, 165],
  getrlimit: [97, 163],
  prlimit64: [302, 261],
  getcpu: [309, 168],
  times: [100, 153],
};

/** Calls that pass by an argument: `clone` makes threads and no processes; `prctl` names a thread or a mapping; `ioctl` asks
 *  whether something is a terminal, and sets what stays open or blocks. */
export const BY_ARGUMENT = {
  clone: [56, 220],
  prctl: [157, 167],
  ioctl: [16, 29],
} as const satisfies Record<string, Numbers>;

/** `clone3` keeps its flags in memory, out of a filter's reach: libc, told that there is none, falls back to `clone`. */
export const CLONE3 = 435;

/** Calls that no part of Node makes, and that an attacker starts with: the first ends the process. Every other call that is
 *  not allowed is refused with EPERM, which Node copes with: it tries `io_uring_setup` and sockets by itself. */
export const KILLED: Readonly<Record<string, Numbers>> = {
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  execveat: [322, 281],
  // namespaces and mounts
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  mount_setattr: [442, 442],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // the kernel
  bpf: [321, 280],
  userfaultfd: [323, 282],
  perf_event_open: [298, 241],
  memfd_secret: [447, 447],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  syslog: [103, 116],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
};

/** Names in order, for an architecture by Node's name. */
export function numbersOf(
  calls: Readonly<Record<string, Numbers>>,
  architecture: "x64" | "arm64",
): Map<number, string> {
  const entries = Object.entries(calls).flatMap(([name, [x64, arm64]]): [number, string][] => {
    const number = architecture === "x64" ? x64 : arm64;
    return number === null ? [] : [[number, name]];
  });
  return new Map(entries.toSorted(([a], [b]) => a - b));
}
