package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.MacOnLinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real trees by the calls that macOS has, against those that Linux makes. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class MacTreesTest {
  @TempDir Path folder = Path.of("");
  private final MacOnLinux mac = MacOnLinux.create();
  private LinkFixture fixture = unset();
  private LinkFixture linux = unset();

  @SuppressWarnings("NullAway") // set before each test
  private static LinkFixture unset() {
    return null;
  }

  @BeforeEach
  void open() throws IOException {
    Path here = Files.createDirectory(folder.resolve("mac"));
    fixture = new LinkFixture(here, Materializer.DISK_LINK_LIMIT, mac.posix());
    linux = new LinkFixture(Files.createDirectory(folder.resolve("linux")));
  }

  @AfterEach
  void close() throws IOException {
    linux.close();
    fixture.close();
  }

  private static Digest describe(LinkFixture in) throws IOException {
    LinkFixture.Tree tree =
        in.tree()
            .file("empty", "")
            .executable("empty-run", "")
            .directory("nothing")
            .executable("run", "#!/bin/sh\nexit 9\n")
            .file("own", "own", true, LinkFixture.mode(0750, 5L))
            .file("secret", "", false, LinkFixture.mode(0606, 5L))
            .symlink("d/dangling", "no/such")
            .properties("d/e", LinkFixture.mode(0700, 6L))
            .file("ü".repeat(127), "a long name, not ASCII")
            .file("d/large", "0123456789".repeat(200_000));
    for (int i = 0; i < 300; i++) {
      tree.file("d/e/f" + i % 7 + "/file" + i, "content " + i % 100);
    }
    return tree.put();
  }

  @ParameterizedTest
  @EnumSource(Mechanism.class)
  void trees_areThoseOfLinux(Mechanism mechanism) throws IOException {
    Digest root = describe(fixture);
    Path tree = folder.resolve("mac/tree");
    TreeCounts counts = fixture.make(root, tree, mechanism);
    assertThat(describe(linux)).isEqualTo(root);
    Path expected = folder.resolve("linux/tree");
    linux.make(root, expected, Mechanism.COPY);
    assertThat(linux.dump(tree)).isEqualTo(linux.dump(expected));
    assertThat(linux.stat(tree.resolve("own")).mtimeSeconds()).isEqualTo(5);
    assertThat(linux.stat(tree.resolve("d/e")).mtimeSeconds()).isEqualTo(6);
    assertThat(linux.stat(tree.resolve("d/large")).mtimeSeconds())
        .isEqualTo(
            mechanism == Mechanism.LINK
                ? linux
                    .stat(fixture.store.locate(fixture.put("0123456789".repeat(200_000)), false))
                    .mtimeSeconds()
                : Inodes.DEFAULT_SECONDS);
    assertThat(LinkFixture.run(tree.resolve("run").toString())).isEqualTo(9);
    switch (mechanism) {
      case LINK -> assertThat(counts.links()).isEqualTo(303);
      case CLONE -> assertThat(counts.clones()).isEqualTo(304);
      case COPY -> assertThat(counts.copies()).isEqualTo(304);
    }
    linux.posix.chmod(tree.resolve("d"), 0500);
    fixture.remover.remove(tree);
    assertThat(tree).doesNotExist();
  }

  @Test
  void clonedViews_areClonesOfAKeptTree_andTheOthersAreMadeInPlace() throws IOException {
    Digest root = describe(fixture);
    Path scratch = Files.createDirectory(folder.resolve("mac/scratch"));
    Map<String, String> expected = Map.of();
    for (Mechanism mechanism : List.of(Mechanism.COPY, Mechanism.CLONE, Mechanism.LINK)) {
      try (ViewStrategy strategy =
          RealTreeStrategy.open(
              fixture.posix,
              mechanism,
              fixture.store,
              fixture.reader,
              scratch,
              new CacheFolder(folder.resolve("mac/caches")),
              2)) {
        Path path = Files.createDirectory(folder.resolve("mac/" + mechanism));
        View view = strategy.open(spec(root, path, false));
        assertThat(view.mechanism())
            .startsWith(mechanism == Mechanism.CLONE ? "snapshot" : mechanism.label())
            .endsWith(", in place");
        expected = expected.isEmpty() ? linux.dump(path) : expected;
        assertThat(linux.dump(path)).isEqualTo(expected);
        view.close();
        assertThat(path).isEmptyDirectory();
        assertThatThrownBy(() -> strategy.open(spec(root, path, true)))
            .hasMessageContaining("fuse has");
      }
    }
    assertThat(scratch).isEmptyDirectory();
    assertThat(mac.called()).contains("clonefile", "fclonefileat", "__getdirentries64");
  }

  private ViewSpec spec(Digest root, Path path, boolean readOnly) {
    return new ViewSpec(
        root, path, linux.posix.geteuid(), linux.posix.getegid(), readOnly, List.of(), Quota.NONE);
  }
}
