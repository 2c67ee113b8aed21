package build.inputfs.cas.remote;

import build.inputfs.cas.proto.RequestMetadata;
import build.inputfs.cas.proto.ToolDetails;
import io.grpc.Metadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The headers of calls: for whom each is made ({@code RequestMetadata} of the API), and what the
 * client shows, from files. Immutable but for what is in these; thread-safe.
 */
final class CallHeaders {
  private static final Metadata.Key<byte[]> REQUEST =
      Metadata.Key.of(
          "build.bazel.remote.execution.v2.requestmetadata-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final RemoteOptions options;
  private final @Nullable WatchedFile<String> token;
  private final List<WatchedFile<Map<String, String>>> files;
  private final byte[] request;

  CallHeaders(RemoteOptions options) {
    Path tokenFile = options.credentials().token();
    List<WatchedFile<Map<String, String>>> watched = new ArrayList<>();
    for (Path file : options.credentials().headers()) {
      watched.add(new WatchedFile<>(file, CallHeaders::parse));
    }
    this(
        options,
        tokenFile == null ? null : new WatchedFile<>(tokenFile, CallHeaders::bearer),
        List.copyOf(watched),
        request(options.tool(), "", options.tool().invocation()));
  }

  private CallHeaders(
      RemoteOptions options,
      @Nullable WatchedFile<String> token,
      List<WatchedFile<Map<String, String>>> files,
      byte[] request) {
    this.options = options;
    this.token = token;
    this.files = files;
    this.request = request;
  }

  /** The same, made on behalf of an action. */
  CallHeaders of(String actionId, String invocationId) {
    return new CallHeaders(options, token, files, request(options.tool(), actionId, invocationId));
  }

  /** Has all files be read again for the next call, and says whether there are any. */
  boolean forget() {
    if (token != null) {
      token.forget();
    }
    files.forEach(WatchedFile::forget);
    return token != null || !files.isEmpty();
  }

  /** The headers of a call that is made now. */
  Metadata now() throws RemoteException {
    Metadata headers = new Metadata();
    headers.put(REQUEST, request);
    if (token != null) {
      headers.put(AUTHORIZATION, token.get(options.target()));
    }
    for (WatchedFile<Map<String, String>> file : files) {
      file.get(options.target()).forEach((name, value) -> headers.put(key(name), value));
    }
    return headers;
  }

  private static byte[] request(RemoteOptions.Tool tool, String actionId, String invocationId) {
    return RequestMetadata.newBuilder()
        .setToolDetails(
            ToolDetails.newBuilder().setToolName(tool.name()).setToolVersion(tool.version()))
        .setActionId(actionId)
        .setToolInvocationId(invocationId)
        .build()
        .toByteArray();
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static String bearer(String text) {
    return "Bearer " + printable(text.strip());
  }

  /** Reads lines of {@code name: value}. */
  private static Map<String, String> parse(String text) {
    Map<String, String> headers = new LinkedHashMap<>();
    int number = 0;
    for (String raw : text.lines().toList()) {
      number++;
      String line = raw.strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("line " + number + " is not 'name: value'");
      }
      String name = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        throw new IllegalArgumentException("line " + number + " is a header of binary values");
      }
      var _ = key(name); // refuses what cannot be a name
      headers.put(name, printable(line.substring(colon + 1).strip()));
    }
    return headers;
  }

  /** What HTTP/2 takes as a value; the message does not repeat it, for it may be a secret. */
  private static String printable(String value) {
    if (value.isEmpty() || !value.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new IllegalArgumentException("there is a value that is empty or not plain ASCII");
    }
    return value;
  }
}
