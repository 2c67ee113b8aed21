package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.MemoryDirectories;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.tree.InvalidTreeException;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@link DirectoryCacheTest} cannot show with trees that are really made. */
final class TreePlansTest {
  private final MemoryDirectories directories = new MemoryDirectories();
  private final TreePlans plans =
      new TreePlans(new TreeReader(directories, TreeReader.DEFAULT_CACHE_BYTES), Long.MAX_VALUE);

  @Test
  void invariant11_aTreeThatIsTooDeep_isRefusedAlsoWhereMostOfItIsKnown() throws IOException {
    Digest known = directories.chain(directories.put(Directory.getDefaultInstance()), 1000);
    assertThat(plans.of(known).entries()).isEqualTo(1001);
    Digest deepest = directories.chain(known, 23);
    assertThat(plans.of(deepest).entries()).isEqualTo(1024);

    // So deep, the second, that a walk would need more stack than there is.
    for (Digest root : List.of(directories.chain(known, 24), directories.chain(known, 100_000))) {
      assertThatThrownBy(() -> plans.of(root))
          .isInstanceOf(InvalidTreeException.class)
          .hasMessageContaining(root + " is invalid: the tree is more than 1024 levels deep");
    }
  }
}
