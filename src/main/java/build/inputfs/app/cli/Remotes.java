package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.fetch.FetchOptions;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.remote.RemoteOptions;
import build.inputfs.cas.remote.RemoteOptions.Credentials;
import build.inputfs.cas.remote.RemoteOptions.Timing;
import build.inputfs.cas.remote.RemoteOptions.Tool;
import build.inputfs.cas.remote.RemoteTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/** The remote that options and configuration name. Immutable. */
final class Remotes {
  private final RemoteOptions options;
  private final Duration patience;

  private Remotes(RemoteOptions options, Duration patience) {
    this.options = options;
    this.patience = patience;
  }

  /** The remote to use, or null when there is to be none. */
  static @Nullable Remotes of(ParseResult arguments, Configuration configuration) {
    String address = Options.get(arguments, Options.REMOTE);
    if (address == null || address.isEmpty()) {
      return null;
    }
    Logging.bridge(); // gRPC tells of an unknown host with a stack trace, at each attempt
    Duration patience = patience(arguments);
    try {
      Credentials credentials =
          new Credentials(
              path(configuration, Key.REMOTE_CA),
              path(configuration, Key.REMOTE_CERTIFICATE),
              path(configuration, Key.REMOTE_KEY),
              path(configuration, Key.REMOTE_TOKEN),
              headers(configuration));
      RemoteOptions options =
          RemoteOptions.of(RemoteTarget.parse(address), tool())
              .with(credentials)
              .with(timing(patience))
              .withCompression(!"false".equals(configuration.get(Key.REMOTE_COMPRESS)));
      return new Remotes(options, patience);
    } catch (IllegalArgumentException e) {
      throw Options.usage(arguments, Options.REMOTE + ": " + e.getMessage());
    }
  }

  /** This program, with a name for this run of it. */
  private static Tool tool() {
    return new Tool("inputfs", Main.version(), UUID.randomUUID().toString());
  }

  private static Duration patience(ParseResult arguments) {
    String text = Options.get(arguments, Options.REMOTE_TIMEOUT);
    try {
      long seconds = text == null ? Timing.USUAL.patience().toSeconds() : Long.parseLong(text);
      if (seconds > 0) {
        return Duration.ofSeconds(seconds);
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw Options.usage(arguments, Options.REMOTE_TIMEOUT + " takes seconds, not " + text);
  }

  private static Timing timing(Duration patience) {
    Timing usual = Timing.USUAL;
    Duration attempt = usual.attempt().compareTo(patience) < 0 ? usual.attempt() : patience;
    return new Timing(
        attempt,
        patience,
        usual.attempts(),
        usual.backoff(),
        usual.longestBackoff(),
        usual.keepalive());
  }

  private static @Nullable Path path(Configuration configuration, Key key) {
    String path = configuration.get(key);
    return path == null ? null : Path.of(path);
  }

  private static List<Path> headers(Configuration configuration) {
    Path file = path(configuration, Key.REMOTE_HEADERS);
    return file == null ? List.of() : List.of(file);
  }

  /** Opens it. The caller closes it. */
  RemoteCas open(DigestFunction function) throws IOException {
    return RemoteCas.open(options, function);
  }

  /** How blobs are fetched from it. */
  FetchOptions fetchOptions() {
    return FetchOptions.USUAL.withPatience(patience);
  }
}
