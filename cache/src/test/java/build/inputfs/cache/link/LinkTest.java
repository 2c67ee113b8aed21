package build.inputfs.cache.link;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each have a folder with a store, and what makes and removes trees beside it. */
abstract class LinkTest {
  @TempDir Path folder = Path.of("");
  LinkFixture fixture = unset();

  /** Where a test may have a tree made: nothing is there. */
  Path tree = Path.of("");

  @BeforeEach
  void open() throws IOException {
    fixture = new LinkFixture(folder);
    tree = folder.resolve("tree");
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @SuppressWarnings("NullAway") // set before each test
  private static LinkFixture unset() {
    return null;
  }
}
