# Runs Maven on the JDK that was found. Read by the scripts of a checkout, which set $root.

jdk_missing="needs a JDK 25 or later: install one (package temurin-25-jdk or openjdk-25-jdk, or from https://adoptium.net) or set JAVA_HOME"
maven_missing="needs Maven to build itself: install it (package maven)"

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
