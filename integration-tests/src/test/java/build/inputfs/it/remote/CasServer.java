package build.inputfs.it.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A running CAS server, at first without a blob. */
interface CasServer {

  /** Which server. */
  enum Kind {
    /** That of the tests. */
    OWN,
    /**
     * BuildStream's, from Debian's package {@code buildstream}: in Python, with neither GetTree nor
     * compression.
     */
    BUILDSTREAM;

    /** Starts one, which ends with the test; skips the test where there is none. */
    CasServer start(Workbench bench) {
      return switch (this) {
        case OWN -> own(bench);
        case BUILDSTREAM -> buildStream(bench);
      };
    }
  }

  /** How {@code --remote} names it. */
  String address();

  boolean has(BlobName blob);

  void remove(BlobName blob);

  /** Ends it. */
  void stop();

  private static CasServer own(Workbench bench) {
    try {
      ReapiServer server = bench.keep(ReapiServer.start());
      return new Own(server, server.address());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static CasServer buildStream(Workbench bench) {
    Machine.need(
        Files.exists(Path.of("/usr/lib/python3/dist-packages/buildstream")),
        "BuildStream is not installed (Debian's package buildstream)");
    Path repository = bench.directory("buildstream");
    Child process =
        Child.start(
            bench.folder(),
            bench.environment(),
            List.of("/usr/bin/python3", "-c", BuildStream.PROGRAM, repository.toString()));
    AutoCloseable _ = bench.keep(() -> BuildStream.end(process));
    long deadline = System.nanoTime() + BuildStream.PATIENCE_NANOS;
    while (!process.out().endsWith("\n")) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no server came: " + process.out() + process.err());
      }
      Workbench.pause();
    }
    return new BuildStream(process, repository, process.out().strip());
  }

  /** The server of the tests. */
  record Own(ReapiServer server, String address) implements CasServer {
    @Override
    public boolean has(BlobName blob) {
      try {
        return server.has(digest(blob));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void remove(BlobName blob) {
      try {
        server.remove(digest(blob));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void stop() {
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Digest digest(BlobName blob) {
      return Digest.parse(blob.toString());
    }
  }

  /** BuildStream's server, which keeps blobs in files. */
  record BuildStream(Child process, Path repository, String port) implements CasServer {
    static final long PATIENCE_NANOS = 60_000_000_000L;

    static final String PROGRAM =
        """
        import sys, threading
        from buildstream._artifactcache.casserver import create_server
        server = create_server(sys.argv[1], enable_push=True, max_head_size=2, min_head_size=1)
        port = server.add_insecure_port("localhost:0")
        server.start()
        print(port, flush=True)
        threading.Event().wait()
        """;

    @Override
    public String address() {
      return "grpc://localhost:" + port;
    }

    @Override
    public boolean has(BlobName blob) {
      return Files.exists(file(blob));
    }

    @Override
    public void remove(BlobName blob) {
      try {
        Files.delete(file(blob));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void stop() {
      end(process);
    }

    /** Returns when nothing is left of it. */
    static void end(Child process) {
      process.close();
      var _ = process.await(Duration.ofMinutes(1));
    }

    private Path file(BlobName blob) {
      String hash = blob.hash();
      return repository
          .resolve("cas/objects")
          .resolve(hash.substring(0, 2))
          .resolve(hash.substring(2));
    }
  }
}
