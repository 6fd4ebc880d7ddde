# Makes the empty, read-only file system of a child, as root of new namespaces that `unshare` has made, and starts its
# program there as a user without any privilege. Any failure ends it before the program starts.
#
# The last step makes one more user namespace, in which the program is not root: what it starts as has no capability, and
# nothing on its file system can give it one. It cannot make another namespace: its root is not that of the mounts, and one
# was all that was allowed.
#
# Arguments: mkdir, mount, hostname (empty where there is none), the root, its table of mounts, library path, directories, --,
# files, --, the command.
set -eu
mkdir=$1 mount=$2 hostname=$3 root=$4 table=$5 libraries=$6
shift 6

# This process as the parent counts: /proc is still the parent's.
IFS=' ' read -r pid rest </proc/self/stat
echo "{\"child-pid\":$pid}" >&4
# Nothing of the parent's goes further but stdin and stdout.
exec 3<&- 4>&-

echo 1 >/proc/sys/user/max_user_namespaces
if [ -n "$hostname" ]; then "$hostname" sluice; fi
"$mount" -t tmpfs -o size=1m,mode=755,nosuid,nodev tmpfs "$root"
while [ "$1" != -- ]; do
  "$mkdir" -p "$root$1"
  shift
done
shift
while [ "$1" != -- ]; do
  : >"$root$1"
  shift
done
shift
# Covered by what it lists last.
echo "$table" >"$root/proc/mounts"
"$mount" --all --fstab "$root/proc/mounts"
"$mount" -o remount,bind,ro,nosuid,nodev "$root"
cd "$root"
unset OLDPWD
export LD_LIBRARY_PATH="$libraries"
exec "$@"
