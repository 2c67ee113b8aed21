package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores of every digest function: what is imported is seen in views, and what is made kept. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class DigestFunctionsTest {
  private static final String NAME_IS_NEEDED = "blake3";

  @RegisterExtension final Workbench bench = new Workbench();

  /** The hashes are what md5sum, sha1sum, sha256sum, sha384sum, sha512sum and b3sum say. */
  @ParameterizedTest
  @CsvSource({
    "sha256, 9ccbd3f1b19a1cdfd8d7c6ae48e9e822e2345f5be1a6187b19e41486c6941004",
    "sha1, c924b71ea6613bd011834f42d0b441afadffaa30",
    "md5, 3494a24e3892ed7e2fc3749c0e22a2f6",
    "sha384, e302a448d0a8ce7afeff5975b36a5192d98b1d4d038d8e60b3dd7d6d09872c62ae3323b8221d3bba571dd071fe8330a2",
    "sha512, 2fc0799a852d62f3355fbbdc80cf8107f7fa61dc33bf2ea922ff7ba8a8a8608a2f0551624d9433d11405c7df7325ac332d24fc6699f26b1e12530595f0299b56",
    "blake3, d6d11b2a05e5dac81786002854d2da56a88fb3be96e42c0fc5c29d7e3296d857",
  })
  void run_inAStoreOfAFunction_seesTheTreeAndKeepsWhatIsMade(String function, String hash) {
    Path source = bench.source(Trees.mixed());
    String store = bench.directory("s").toString();
    String root =
        bench
            .inputfs("import", source.toString(), "--cas", store, "--digest-function", function)
            .ok()
            .out()
            .strip();
    assertThat(root).matches("[0-9a-f]{%d}/[0-9]+".formatted(hash.length()));
    // From here on the store itself tells its function.
    String compare = "diff -r --no-dereference . \"$1\" && echo made > out";
    Outcome ran =
        bench
            .inputfs(
                "run",
                "--no-daemon",
                "--cas",
                store,
                "--root",
                root,
                "--output",
                "out",
                "--",
                "sh",
                "-c",
                compare,
                "sh",
                source.toString())
            .ok();
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains(hash + "/5");
    String named = function.equals(NAME_IS_NEEDED) ? "blake3/" + hash + "/5" : hash + "/5";
    assertThat(bench.inputfs("cat", "blobs/" + named, "--cas", store).ok().out())
        .isEqualTo("made\n");
    assertThat(bench.inputfs("cas", "verify", "--cas", store).ok().err()).contains("all is right");
    assertThat(Files.isDirectory(Path.of(store, "blake3", "cas")))
        .isEqualTo(function.equals(NAME_IS_NEEDED));
  }

  @Test
  void import_intoAStoreOfAnotherFunction_isRefused() {
    Path source = bench.source(Trees.mixed());
    String store = bench.directory("s").toString();
    String[] sha1 = {"import", source.toString(), "--cas", store, "--digest-function", "sha1"};
    String root = bench.inputfs(sha1).ok().out().strip();
    String[] md5 = {"import", source.toString(), "--cas", store, "--digest-function", "md5"};
    Messages.oneLine(bench.inputfs(md5), "is of SHA-1, not of MD5");
    Outcome other = bench.inputfs("ls", "0".repeat(64) + "/3", "--cas", store);
    assertThat(other.exit()).isEqualTo(2);
    assertThat(other.err()).contains("the hash has 64 digits, and those of SHA-1 have 40");
    Outcome unknown = bench.inputfs("ls", root, "--digest-function", "murmur3");
    assertThat(unknown.exit()).isEqualTo(2);
    assertThat(unknown.err()).contains("there is no digest function 'murmur3'");
  }

  @Test
  void import_withoutAStore_goesToTheFunctionsOwn() {
    Path source = bench.source(Trees.mixed());
    String function = "--digest-function=blake3";
    String root = bench.inputfs("import", source.toString(), function).ok().out().strip();
    assertThat(bench.cache().resolve("inputfs/blake3/cas")).isDirectory();
    assertThat(bench.inputfs("ls", root, function).ok().out()).contains("input.txt");
  }
}
