package build.inputfs.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Disk;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.WireMessage;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A tree with all that trees can hold, on every kind of disk that has the store and the scratch.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class CorpusTest {
  private static final int WIDE = 250;
  private static final long GIGABYTE = 1L << 30;

  @RegisterExtension final Workbench bench = new Workbench();

  static Stream<Arguments> strategiesOnDisks() {
    return Stream.of(Disk.values())
        .flatMap(
            disk ->
                Stream.of(Strategy.values())
                    .filter(strategy -> !strategy.isInNamespace())
                    .map(strategy -> Arguments.of(strategy, disk)));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("strategiesOnDisks")
  void tree_ofEverything_isThatOfAPrivateCopyAndStaysSo(Strategy strategy, Disk disk) {
    bench.use(disk);
    Place place = bench.place(strategy, corpus());
    Place copy = bench.copy(strategy, corpus());
    String expected = copy.dump();
    assertThat(place.dump()).isEqualTo(expected);
    place.expect(
        """
        exec ./run          => exit 9
        exec ./not-run      => EACCES
        exec ./own          => exit 9
        count wide          => 1000 entries, 0 twice
        rename deep moved
        rmtree moved
        put wide/new 0644 x
        unlink wide/file-7
        count wide          => 1000 entries, 0 twice
        mkdir properties/d 0755
        """);
    Path packed = bench.fresh("packed");
    place.shell("cp -a . " + packed + " && diff -r --no-dereference . " + packed).ok();
    assertThat(bench.place(strategy, corpus()).dump()).as("a later view").isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"REFERENCE", "FUSE_CACHED", "OVERLAY_USER"})
  void file_ofFiveGigabytesWithHoles_isThereAndKeepsThem(Strategy strategy) throws IOException {
    bench.need(strategy);
    // Nobody reads it all, so it may have any hash: the store looks at the size.
    BlobName name = new BlobName("ab".repeat(32), 5 * GIGABYTE);
    Path blob = bench.store().file(name);
    Files.createDirectories(blob.getParent());
    try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
      file.setLength(name.size());
      file.seek(3 * GIGABYTE);
      file.write("in the middle".getBytes(StandardCharsets.UTF_8));
    }
    Files.setPosixFilePermissions(blob, PosixFilePermissions.fromString("r--r--r--"));
    WireMessage entry = new WireMessage().text(1, "sparse").message(2, name.toMessage());
    Place place = bench.mount(strategy, bench.store().put(new WireMessage().message(1, entry)));
    place.expect(
        """
        stat sparse              => file 0444 1 {me} 5368709120 946684800.000000000
        open 0 sparse O_RDONLY
        pread 0 3221225472 20    => in%20the%20middle%00%00%00%00%00%00%00
        pread 0 5368709119 5     => %00
        """);
    switch (strategy) {
      case HARDLINK, CLONE, COPY -> place.shell("test $(stat -c %b sparse) -lt 2048").ok();
      case REFERENCE,
          FUSE,
          FUSE_CACHED,
          FUSE_JNR,
          OVERLAY,
          OVERLAY_USER -> {} // show the blob itself, and ask no disk
    }
  }

  private static InputTree corpus() {
    InputTree tree =
        new InputTree()
            .file("empty", "")
            .executable("empty-run", "")
            .directory("empty-dir")
            .executable("run", "#!/bin/sh\nexit 9\n")
            .file("not-run", "#!/bin/sh\nexit 9\n")
            .executable("own", "#!/bin/sh\nexit 9\n")
            .symlink("dangling", "no/such")
            .symlink("absolute", "/etc/passwd")
            .symlink("to-dir", "wide")
            .symlink("loop", "loop")
            .symlink("properties/link", "plain")
            .file("properties/plain", "same")
            .file("properties/secret", "same")
            .file("properties/writable", "same")
            .file("properties/old", "same")
            .directory("properties/closed")
            .file("n".repeat(255), "long")
            .file("ü".repeat(127), "long, not ASCII")
            .file("grüße/日本語/🙂", "foreign")
            .file("deep/" + "z/".repeat(300) + "bottom", "deep")
            .file("large", InputTree.pattern(3_000_000, 5))
            .withProperties("own", 0750, Instant.ofEpochSecond(5))
            .withProperties("properties", 0711, Instant.ofEpochSecond(6))
            .withProperties("properties/link", null, Instant.ofEpochSecond(7))
            .withProperties("properties/secret", 0400, null)
            .withProperties("properties/writable", 0666, null)
            .withProperties("properties/old", null, Instant.ofEpochSecond(86_400, 123_000_000))
            .withProperties("properties/closed", 0500, Instant.ofEpochSecond(8));
    for (int i = 0; i < WIDE; i++) {
      tree.file("wide/file-" + i, "content " + i % 100)
          .file("wide/empty-" + i, "")
          .symlink("wide/link-" + i, "file-" + i)
          .directory("wide/dir-" + i);
    }
    return tree;
  }
}
