import { expect, test } from "vitest";
import { groupPlace } from "../src/group-place.ts";

const UNIFIED = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec - cgroup2 cgroup2 rw,nsdelegate";
const SPLIT = [
  "31 23 0:28 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw,mode=755",
  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory",
  "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids",
  "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
].join("\n");

test.each([
  ["its own group of version 2", "0::/system.slice/a.service\n", UNIFIED, "/sys/fs/cgroup/system.slice/a.service"],
  [
    "the group above its own when its own says so by its name",
    "0::/system.slice/a.service/sluice\n",
    UNIFIED,
    "/sys/fs/cgroup/system.slice/a.service",
  ],
  ["the root of version 2", "0::/\n", UNIFIED, "/sys/fs/cgroup/"],
  [
    "a directory with a space in its name",
    "0::/a b\n",
    String.raw`29 23 0:26 / /mnt/c\040d rw - cgroup2 none rw`,
    "/mnt/c d/a b",
  ],
])("%s is where groups of version 2 are made", (_name, groups, mounts, directory) => {
  expect(groupPlace(groups, mounts)).toEqual({ version: 2, directory });
});

test.each([
  [
    "of a machine with both versions",
    "8:pids:/a\n4:memory:/b/c\n1:name=systemd:/\n0::/d\n",
    SPLIT,
    ["/sys/fs/cgroup/memory/b/c", "/sys/fs/cgroup/pids/a"],
  ],
  [
    "of a container that sees its own part of the hierarchies",
    "8:pids:/docker/x/y\n4:memory:/docker/x\n",
    SPLIT.replace("0:32 / ", "0:32 /docker/x ").replace("0:36 / ", "0:36 /docker/x "),
    ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids/y"],
  ],
  [
    "of controllers that share a hierarchy",
    "4:memory,pids:/a\n",
    "35 31 0:32 / /cg rw - cgroup cgroup rw,memory,pids",
    ["/cg/a", "/cg/a"],
  ],
])("its own groups of version 1, %s, are where groups are made", (_name, groups, mounts, [memory, pids]) => {
  expect(groupPlace(groups, mounts)).toEqual({ version: 1, memory, pids });
});

test.each([
  ["nothing is mounted", "0::/a\n", ""],
  ["the mounted part is another's", "0::/other\n", UNIFIED.replace("0:26 / ", "0:26 /docker/x ")],
  ["the mounted part has a name that begins alike", "0::/docker/xy\n", UNIFIED.replace("0:26 / ", "0:26 /docker/x ")],
  ["its own group lies outside its namespace", "0::/../a\n", UNIFIED],
  ["one controller alone is of version 1", "4:memory:/a\n0::/a\n", SPLIT],
  ["what the system says is no list", "garbage", "garbage - cgroup2"],
])("there is no place when %s", (_name, groups, mounts) => {
  expect(groupPlace(groups, mounts)).toBeUndefined();
});
