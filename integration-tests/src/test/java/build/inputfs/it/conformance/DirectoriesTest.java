package build.inputfs.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Listing directories, small and large, while they change. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class DirectoriesTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void list_whileEntriesComeAndGo_showsWhatStaysExactlyOnce() {
    Place place = place();
    place.expect("mkdir many 0755\nmakemany many 2000\nopendir 0 many\nnext 0 100 => 100");
    // Half of the rest goes, others come: those that stay must still be listed, once each.
    place.shell("cd many; rm -f entry-0015* entry-0016*; touch new-1 new-2 new-3").ok();
    int rest = Integer.parseInt(place.ask("next 0 100000"));
    assertThat(rest).isBetween(1800 - 100 - 100, 2003 - 100);
    place.expect("closedir 0\ncount many => 1803 entries, 0 twice\nseekdir many 900 => same");
  }

  @Test
  void rmTree_whileListing_removesAll() {
    place()
        .expect(
            """
            mkdir many 0755
            makemany many 5000
            mkdir many/sub 0755
            makemany many/sub 300
            count many  => 5001 entries, 0 twice
            rmtree many
            stat many   => ENOENT
            rmtree dir
            stat dir    => ENOENT
            """);
  }

  @Test
  void list_ofRemovedDirectory_isEmpty() {
    place()
        .expect(
            """
            mkdir d 0755
            put d/x 0644 x
            opendir 0 d
            unlink d/x
            rmdir d
            next 0 10  => 0
            closedir 0
            """);
  }

  @Test
  void rewind_afterChanges_showsThem() {
    place()
        .expect(
            """
            mkdir d 0755
            makemany d 10
            opendir 0 d
            next 0 100   => 10
            put d/more 0644 x
            rewind 0
            next 0 100   => 11
            closedir 0
            """);
  }

  @Test
  void manyInputs_areListedAndFound() {
    int many = strategy == Strategy.REFERENCE ? 10_000 : 100_000;
    InputTree tree = new InputTree();
    for (int i = 0; i < many; i++) {
      tree.file("many/input-%06d".formatted(i), "");
    }
    Place place = bench.place(strategy, tree);
    place.expect(
        """
        count many             => %1$d entries, 0 twice
        stat many/input-000000 => file 0444 1 {me} 0 946684800.000000000
        stat many/input-%2$06d => file 0444 1 {me} 0 946684800.000000000
        stat many/input-%1$06d => ENOENT
        unlink many/input-005000
        put many/another 0644 x
        rename many/input-005001 many/input-%1$06d
        count many             => %1$d entries, 0 twice
        stat many/input-005001 => ENOENT
        """
            .formatted(many, many - 1));
  }

  @Test
  void manyNewFiles_areMadeListedAndRemoved() {
    place()
        .expect(
            """
            mkdir many 0755
            makemany many %1$d
            count many  => %1$d entries, 0 twice
            rmtree many
            stat many   => ENOENT
            """
                .formatted(manyNew()));
  }

  /** Less where it is the disk that takes the time. */
  private int manyNew() {
    return switch (strategy) {
      case FUSE, FUSE_CACHED, FUSE_JNR, OVERLAY -> 100_000;
      case REFERENCE, OVERLAY_USER, HARDLINK, CLONE, COPY -> 10_000;
    };
  }

  @Test
  void deepDirectories_madeAndRemoved_work() {
    String deep = "d/".repeat(100);
    Place place = place();
    place.shell("mkdir -p " + deep + " && echo leaf > " + deep + "leaf").ok();
    place.expect("cat " + deep + "leaf => leaf%0A");
    place.shell("rm -r d").ok();
    place.expect("stat d => ENOENT");
  }
}
