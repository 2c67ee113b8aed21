package build.inputfs.fuse.forest;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.InputDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The node table against a model, and what a node costs. */
final class ForestNodesTest {

  @Test
  void lookupsAndForgets_inAnyOrder_agreeWithAMap() throws IOException {
    long seed = Long.getLong("inputfs.test.seed", 1);
    Random random = new Random(seed);
    ForestNodes nodes = new ForestNodes();
    ForestDirectory directory = directory(16, 5000);
    Map<Long, Integer> counts = new HashMap<>();
    Map<Long, Integer> indices = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      if (random.nextInt(100) < (i / 20_000 % 2 == 0 ? 60 : 40)) {
        int index = random.nextInt(5000);
        long id = nodes.lookupLeaf(directory, index);
        counts.merge(id, 1, Integer::sum);
        assertThat(indices.getOrDefault(id, index)).isEqualTo(index);
        indices.put(id, index);
      } else if (!counts.isEmpty()) {
        long id = counts.keySet().iterator().next();
        int left = counts.getOrDefault(id, 0) - 1;
        assertThat(nodes.forget(id, 1))
            .describedAs("-Dinputfs.test.seed=%d", seed)
            .isEqualTo(left == 0);
        if (left == 0) {
          counts.remove(id);
        } else {
          counts.put(id, left);
        }
      }
      assertThat(nodes.size()).isEqualTo(counts.size());
    }
    for (long id : counts.keySet()) {
      assertThat(nodes.place(id)).isSameAs(directory);
      assertThat(nodes.index(id)).isEqualTo(indices.getOrDefault(id, -1));
    }
  }

  @Test
  void aMillionFiles_costNoMoreThan64BytesEach() throws IOException {
    ForestNodes nodes = new ForestNodes();
    int count = 0;
    for (int d = 0; d < 1000; d++) {
      ForestDirectory directory = directory(16 + d, 1000);
      for (int i = 0; i < 1000; i++) {
        nodes.lookupLeaf(directory, i);
        count++;
        // At each size the arrays, which are all that there is for a file, must be small enough.
        assertThat(nodes.heapBytes()).isLessThanOrEqualTo(Math.max(64L * count, 64L * 1024));
      }
    }
    assertThat(nodes.size()).isEqualTo(1_000_000);
  }

  /** A directory of files f0, f1 and so on, different from those of any other number. */
  private static ForestDirectory directory(long id, int files) throws IOException {
    DirectoryBuilder builder = new DirectoryBuilder();
    for (int i = 0; i < files; i++) {
      Digest digest = DigestFunction.SHA256.digest((id + " " + i).getBytes(StandardCharsets.UTF_8));
      builder.addFile("f" + i, digest, false, null);
    }
    byte[] encoded = builder.build().toByteArray();
    Digest digest = DigestFunction.SHA256.digest(encoded);
    return new ForestDirectory(
        id,
        null,
        -1,
        NodeHash.ROOT_PATH,
        digest,
        new PlainListing(InputDirectory.decode(digest, encoded)));
  }
}
