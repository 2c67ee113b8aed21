# Finds a Java 25 or later. Read by the scripts of a checkout and by an installed launcher.

# Whether $1 is the home of a Java 25 or later that has the program $2; sets jdk_version to its full version.
is_jdk() {
  [ -x "$1/bin/$2" ] && [ -r "$1/release" ] || return 1
  jdk_version=
  feature=
  while IFS='=' read -r key value; do
    value=${value#\"}
    value=${value%\"}
    case $key in
      JAVA_VERSION) feature=${value%%[!0-9]*} ;;
      JAVA_RUNTIME_VERSION) jdk_version=$value ;;
    esac
    [ -z "$feature" ] || [ -z "$jdk_version" ] || break # a shell reads byte by byte, and the modules are many
  done <"$1/release"
  jdk_version=${jdk_version:-$feature}
  [ "${feature:-0}" -ge 25 ]
}

# Sets jdk to the home of the first that has the program $1: javac to build with, java to run with.
# JAVA_HOME, the usual folders, then java on the PATH.
find_jdk() {
  for jdk in "${JAVA_HOME:-}" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    ! is_jdk "$jdk" "$1" || return 0
  done
  jdk=$(command -v java) && jdk=$(readlink -f -- "$jdk") && jdk=${jdk%/bin/java} && is_jdk "$jdk" "$1"
}
