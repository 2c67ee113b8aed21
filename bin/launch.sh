# Starts the program: what a checkout and an installed copy do alike. Read by both launchers, which set
#
#   lib   the folder of inputfs.jar
#   jdk   the home of the Java to run on (jdk.sh)
#   aot   the file of the AOT cache, which may be missing or empty; nothing for none. Those of the quick start
#         and of daemons lie beside it
#   self  the launcher itself

# The JVM's own warnings go to stderr; that an AOT cache does not fit is no warning.
jvm="-Xlog:disable -Xlog:all=warning:stderr -Xlog:aot*=off:stderr -Xlog:cds*=off:stderr"
jvm="$jvm -XX:+UseSerialGC -XX:-UsePerfData --enable-native-access=ALL-UNNAMED"
jvm="$jvm --sun-misc-unsafe-memory-access=allow"
# Netty notes where some of its buffers come from, to find leaks in programs that use it: that is for tests.
jvm="$jvm -Dio.netty.leakDetection.level=disabled"
# Where jffi's own library is, so that it is not taken out of a jar at each start.
natives="-Djffi.boot.library.path=$lib/native/x86_64-Linux:$lib/native/aarch64-Linux"
# What ends so soon is done before anything compiled would pay off, a profile to compile by, or a method made for a
# call by reflection; and its archive is good where it was made to be. Java without one of these does without.
quick_jvm="-Xint -XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0"
quick_jvm="$quick_jvm -XX:-AOTReplayTraining -Djdk.reflect.useNativeAccessorOnly=true"

fail() {
  printf 'inputfs: %s\n' "$*" >&2
  exit 125
}

# Makes the AOT caches, with the folder $1 to work in, which is removed: of a daemon, of the quick start, which that
# daemon serves, and of the rest. Each is made from a real job; where that fails, for want of FUSE say, what was
# loaded by then still counts. An empty cache says that none could be made. What is said goes to the file $2.
train() (
  set -f
  rm -rf "$1"
  mkdir -p "$1/inputs"
  sockets=$(mktemp -d) # its path is short, as that of a socket must be
  empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/0
  limit=
  ! command -v timeout >/dev/null || limit="timeout 300"
  export LC_ALL=C.UTF-8 INPUTFS_CONFIG= INPUTFS_SOCKET="$sockets/daemon.sock" INPUTFS_DAEMON=
  exec >"$2" 2>&1 </dev/null
  XDG_CACHE_HOME=$1/daemon "$jdk/bin/java" $jvm "$natives" -XX:AOTCacheOutput="$1/daemon.aot" \
    -cp "$lib/inputfs.jar" build.inputfs.app.cli.Main daemon &
  daemon=$!
  seconds=0
  while [ ! -S "$INPUTFS_SOCKET" ] && kill -0 "$daemon" 2>/dev/null && [ "$seconds" -lt 100 ]; do
    sleep 1
    seconds=$((seconds + 1))
  done
  XDG_CACHE_HOME=$1/daemon "$jdk/bin/java" $jvm $quick_jvm "$natives" -XX:AOTCacheOutput="$1/quick.aot" \
    -cp "$lib/quick.jar" build.inputfs.app.cli.QuickMain false run --root "$empty" -- true || :
  kill "$daemon" 2>/dev/null || : # it makes its cache while the last job runs
  XDG_CACHE_HOME=$1 $limit "$jdk/bin/java" $jvm "$natives" -XX:AOTCacheOutput="$1/whole.aot" \
    -cp "$lib/inputfs.jar" build.inputfs.app.cli.Main run --no-daemon --inputs "$1/inputs" -- true || :
  wait "$daemon" || :
  keep_cache "$1/quick.aot" "${aot%.aot}.quick.aot"
  keep_cache "$1/daemon.aot" "${aot%.aot}.daemon.aot"
  keep_cache "$1/whole.aot" "$aot" # the last: where it is, all are
  rm -rf "$1" "$sockets"
)

# Has the cache $1, or an empty one, at $2.
keep_cache() {
  [ -s "$1" ] || : >"$1"
  chmod 0644 "$1"
  mv "$1" "$2"
}

# Whether a daemon may listen that does most of this command: it is asked before the whole program is started.
may_ask_daemon() {
  [ "$1" = run ] && [ -z "${INPUTFS_NO_DAEMON+set}" ] && [ -e "$lib/quick.jar" ] && [ -d /proc/self ] || return 1
  case ${INPUTFS_DAEMON:-} in
    never) return 1 ;;
    start) return 0 ;;
  esac
  for socket in "${INPUTFS_SOCKET:-/run/inputfs/daemon.sock}" "${XDG_RUNTIME_DIR:-}/inputfs/daemon.sock" \
    /tmp/inputfs-*/daemon.sock; do
    [ ! -S "$socket" ] || return 0
  done
  return 1
}

# Whether this process may mount: CAP_SYS_ADMIN is bit 21 of its effective capabilities (proc(5)).
may_mount() {
  while read -r name value; do
    [ "$name" != CapEff: ] || break
  done </proc/self/status
  case ${value:-} in
    *[2367abef]?????) return 0 ;;
    *) return 1 ;;
  esac
}

# Whether this system gives users a namespace in which they may mount; sets refusal to why not.
gives_namespace() {
  [ "${INPUTFS_NAMESPACE:-}" != never ] || { refusal="INPUTFS_NAMESPACE is 'never'" && return 1; }
  command -v unshare >/dev/null || { refusal="unshare (package util-linux) is missing" && return 1; }
  refusal=$($namespace true 2>&1 </dev/null) && return
  for switch in user.max_user_namespaces=0 kernel.unprivileged_userns_clone=0 \
    kernel.apparmor_restrict_unprivileged_userns=1; do
    value=
    { read -r value <"/proc/sys/$(echo "${switch%=*}" | tr . /)"; } 2>/dev/null || :
    [ "$value" != "${switch#*=}" ] || refusal="$refusal; see sysctl $switch"
  done
  return 1
}

# Runs the program with these arguments, in place of this shell.
launch() {
  if may_ask_daemon "${1:-}"; then
    export INPUTFS_LC_ALL="${LC_ALL:-}" LC_ALL=C.UTF-8
    set -- -cp "$lib/quick.jar" build.inputfs.app.cli.QuickMain "$self" "$@"
    quick_aot=${aot:+${aot%.aot}.quick.aot}
    [ ! -s "$quick_aot" ] || set -- -XX:AOTCache="$quick_aot" "$@"
    set -f
    exec "$jdk/bin/java" $jvm $quick_jvm "$natives" ${INPUTFS_JAVA_OPTS:-} "$@"
  fi
  # Commands that end soon start faster with the quick compiler alone; but what that makes of hashing is
  # ten times slower, and what serves a view is to be as fast as can be.
  case ${1:-} in
    import | run | replay | mount | daemon | bench) ;;
    *) jvm="$jvm -XX:TieredStopAtLevel=1" ;;
  esac
  # Java decodes the names of files by the locale, which may be none or not installed. Commands that
  # inputfs runs get back the caller's own.
  export INPUTFS_LC_ALL="${LC_ALL:-}" LC_ALL=C.UTF-8
  # Who may not mount can do so in a user and mount namespace of their own, as the same user. Nobody outside
  # sees what is mounted there, so it is for commands whose views are used by their own children alone.
  namespace=
  case ${1:-} in
    run | replay)
      if [ -e /proc/self/ns/user ] && ! may_mount; then
        namespace="unshare --user --map-current-user --mount --keep-caps --"
        export INPUTFS_OWN_NAMESPACE=yes
        gives_namespace || { INPUTFS_OWN_NAMESPACE=$refusal && namespace=; }
      fi
      ;;
  esac
  case ${1:-} in
    daemon) cache=${aot:+${aot%.aot}.daemon.aot} ;;
    *) cache=$aot ;;
  esac
  set -- "-Dinputfs.launcher=$self" -cp "$lib/inputfs.jar" build.inputfs.app.cli.Main "$@"
  [ ! -s "$cache" ] || set -- -XX:AOTCache="$cache" "$@"
  set -f
  exec $namespace "$jdk/bin/java" $jvm "$natives" ${INPUTFS_JAVA_OPTS:-} "$@"
}
