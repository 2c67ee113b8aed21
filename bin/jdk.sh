# Finds a JDK 25 or later, and runs Maven on it. Read by the other scripts here, which set $root.

jdk_missing="needs a JDK 25 or later: install one (package temurin-25-jdk or openjdk-25-jdk, or from https://adoptium.net) or set JAVA_HOME"
maven_missing="needs Maven to build itself: install it (package maven)"

# Whether $1 is the home of a JDK 25 or later; sets jdk_version to its full version.
is_jdk() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  jdk_version=
  feature=
  while IFS='=' read -r key value; do
    value=${value#\"}
    value=${value%\"}
    case $key in
      JAVA_VERSION) feature=${value%%[!0-9]*} ;;
      JAVA_RUNTIME_VERSION) jdk_version=$value ;;
    esac
  done <"$1/release"
  jdk_version=${jdk_version:-$feature}
  [ "${feature:-0}" -ge 25 ]
}

# Sets jdk to the home of the first one: JAVA_HOME, the usual folders, then java on the PATH.
find_jdk() {
  for jdk in "${JAVA_HOME:-}" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    ! is_jdk "$jdk" || return 0
  done
  jdk=$(command -v java) && jdk=$(readlink -f -- "$jdk") && jdk=${jdk%/bin/java} && is_jdk "$jdk"
}

# Maven on that JDK. It keeps its downloads below the account's home, whatever HOME says; where that
# cannot be written, in target.
run_maven() {
  eval "home=~$(id -un)"
  [ -w "$home/.m2" ] || { [ ! -e "$home/.m2" ] && [ -w "$home" ]; } ||
    set -- -Dmaven.repo.local="$root/target/maven-repository" "$@"
  # Libraries of Maven's own would have the JVM warn of native access and of Unsafe.
  JAVA_HOME=$jdk \
    MAVEN_OPTS="${MAVEN_OPTS:-} --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow" \
    mvn -B -ntp -f "$root/pom.xml" "$@"
}
