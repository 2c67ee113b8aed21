package build.inputfs.cas.remote;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a remote is: {@code grpc://HOST:PORT} or, with TLS, {@code grpcs://HOST:PORT}, and {@code
 * /INSTANCE} if the server has several.
 *
 * @param secure whether TLS is spoken
 * @param host a name, or an address; an IPv6 address without its brackets
 * @param port 1 to 65,535
 * @param instance the server's instance, which may have slashes in it; empty for the one that has
 *     no name
 */
public record RemoteTarget(boolean secure, String host, int port, String instance) {
  private static final Pattern FORM =
      Pattern.compile("(grpcs?)://(\\[[0-9A-Fa-f:.%]+]|[^/:\\[\\]]+):([0-9]{1,5})(?:/(.*))?");

  /** What the API gives a meaning of its own in resource names. */
  private static final Set<String> RESERVED =
      Set.of(
          "blobs",
          "uploads",
          "actions",
          "actionResults",
          "operations",
          "capabilities",
          "compressed-blobs");

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException when it is something else; the message says what
   */
  public static RemoteTarget parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a remote; write grpc[s]://HOST:PORT[/INSTANCE]");
    }
    String host = form.group(2);
    int port = Integer.parseInt(form.group(3));
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a remote: there is no port " + port);
    }
    String path = form.group(4);
    String instance = path == null ? "" : path.replaceAll("^/+|/+$", "");
    for (String segment : instance.split("/", -1)) {
      if (RESERVED.contains(segment)) {
        throw new IllegalArgumentException(
            "'%s' is not a remote: an instance cannot have '%s' in its name"
                .formatted(text, segment));
      }
    }
    return new RemoteTarget(
        form.group(1).equals("grpcs"),
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        port,
        instance);
  }

  /** Whether what is sent stays on this machine. */
  boolean isLoopback() {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
  }

  @Override
  public String toString() {
    String place = host.contains(":") ? "[" + host + "]" : host;
    return "%s://%s:%d%s"
        .formatted(
            secure ? "grpcs" : "grpc", place, port, instance.isEmpty() ? "" : "/" + instance);
  }
}
