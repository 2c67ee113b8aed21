package build.inputfs.cas.remote;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a remote is used. Immutable.
 *
 * @param compress whether blobs are sent and asked for in compressed form where the server has one
 */
public record RemoteOptions(
    RemoteTarget target,
    Credentials credentials,
    Limits limits,
    Timing timing,
    Tool tool,
    boolean compress) {

  /**
   * What this client shows, and what it trusts. The files of headers and the token are read again
   * when they have changed, those of certificates when the remote is opened.
   *
   * @param trust PEM certificates of those who may sign the server's; null for those that Java
   *     knows
   * @param certificate this client's own, as PEM, or null when it has none; goes with {@code key}
   * @param key its private key, PKCS #8 as PEM
   * @param token a file whose content is sent as {@code authorization: Bearer …}, or null
   * @param headers files with a header on each line, as {@code name: value}; empty lines and those
   *     that begin with {@code #} do not count
   */
  public record Credentials(
      @Nullable Path trust,
      @Nullable Path certificate,
      @Nullable Path key,
      @Nullable Path token,
      List<Path> headers) {
    /** Nothing is shown, and Java's own certificates are trusted. */
    public static final Credentials NONE = new Credentials(null, null, null, null, List.of());

    public Credentials {
      headers = List.copyOf(headers);
      if ((certificate == null) != (key == null)) {
        throw new IllegalArgumentException("a client's certificate and its key go together");
      }
    }
  }

  /**
   * How much of a remote is used at a time.
   *
   * @param connections over which calls are spread
   * @param calls in flight at a time; more wait for their turn
   * @param bytes of blobs in flight at a time: on the heap, or asked for
   * @param batchBytes the most that the blobs of one batch have together; less if the server says
   *     so
   */
  public record Limits(int connections, int calls, int bytes, int batchBytes) {
    /** Two connections, 64 calls, 64 MB, and batches that fit in a message of 4 MB. */
    public static final Limits USUAL = new Limits(2, 64, 64 << 20, (4 << 20) - (64 << 10));

    public Limits {
      if (connections < 1 || calls < 1 || batchBytes < 1 || bytes < batchBytes) {
        throw new IllegalArgumentException(
            "limits of a remote must be positive, and bytes no less than batchBytes");
      }
    }
  }

  /**
   * How long things may take.
   *
   * @param attempt after this time without an answer, or without a byte more, an attempt is given
   *     up
   * @param patience after this time without a byte more, however often it was tried, an operation
   *     fails
   * @param attempts after so many attempts without a byte more an operation fails
   * @param backoff the mean pause before the second attempt; twice as long before each further one
   * @param longestBackoff the longest mean pause
   * @param keepalive after this time of silence in a call the server is asked whether it is there;
   *     gRPC makes it at least 10 s
   */
  public record Timing(
      Duration attempt,
      Duration patience,
      int attempts,
      Duration backoff,
      Duration longestBackoff,
      Duration keepalive) {
    /** Six attempts of 20 s, in no more than a minute. */
    public static final Timing USUAL =
        new Timing(
            Duration.ofSeconds(20),
            Duration.ofMinutes(1),
            6,
            Duration.ofMillis(100),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10));

    public Timing {
      if (!attempt.isPositive() || !patience.isPositive() || attempts < 1) {
        throw new IllegalArgumentException("times of a remote must be positive");
      }
    }
  }

  /**
   * The program on whose behalf calls are made, as the server is told.
   *
   * @param invocation names this run of it, so that a server's log can tell its calls from those of
   *     others; empty for none
   */
  public record Tool(String name, String version, String invocation) {
    /** The same without a name for this run. */
    public Tool(String name, String version) {
      this(name, version, "");
    }
  }

  /** The usual way to use a remote, for a program that shows nothing. */
  public static RemoteOptions of(RemoteTarget target, Tool tool) {
    return new RemoteOptions(
        target, Credentials.NONE, Limits.USUAL, Timing.USUAL, tool, /* compress= */ true);
  }

  /** The same with these credentials. */
  public RemoteOptions with(Credentials other) {
    return new RemoteOptions(target, other, limits, timing, tool, compress);
  }

  /** The same with these limits. */
  public RemoteOptions with(Limits other) {
    return new RemoteOptions(target, credentials, other, timing, tool, compress);
  }

  /** The same with these times. */
  public RemoteOptions with(Timing other) {
    return new RemoteOptions(target, credentials, limits, other, tool, compress);
  }

  /** The same, with or without compression. */
  public RemoteOptions withCompression(boolean wanted) {
    return new RemoteOptions(target, credentials, limits, timing, tool, wanted);
  }
}
