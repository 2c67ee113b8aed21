package build.inputfs.cas.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class StorePlaceTest {
  private static final byte[] CONTENT = {1, 2, 3};

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void in_aFolderWithBlobs_findsTheirFunction(DigestFunction function) throws IOException {
    StorePlace made = StorePlace.in(folder, function);
    Digest digest = put(made);
    assertThat(StorePlace.in(folder, null)).isEqualTo(made);
    assertThat(StorePlace.in(folder, function)).isEqualTo(made);
    assertThat(StorePlace.in(made.root(), null)).isEqualTo(made);
    assertThat(StorePlace.in(made.root(), function)).isEqualTo(made);
    try (LocalStore store = open(StorePlace.in(folder, null))) {
      assertThat(store.read(digest, 3)).isEqualTo(CONTENT);
      assertThat(store.resolve(digest.hex())).isEqualTo(digest);
    }
  }

  @Test
  void in_aFolderOfAnotherFunction_isRefused() throws IOException {
    put(StorePlace.in(folder, DigestFunction.SHA1));
    assertThatThrownBy(() -> StorePlace.in(folder, DigestFunction.SHA256))
        .isInstanceOf(IOException.class)
        .hasMessage("the store in " + folder + " is of SHA-1, not of SHA-256");
  }

  @Test
  void in_aFolderWithTwoStores_takesTheOneThatIsAskedFor() throws IOException {
    StorePlace sha = StorePlace.in(folder, DigestFunction.SHA256);
    StorePlace blake = StorePlace.in(folder, DigestFunction.BLAKE3);
    put(sha);
    put(blake);
    assertThat(blake.root()).isEqualTo(folder.resolve("blake3"));
    assertThat(StorePlace.in(folder, null)).isEqualTo(sha);
    assertThat(StorePlace.in(folder, DigestFunction.BLAKE3)).isEqualTo(blake);
    assertThatThrownBy(() -> StorePlace.in(blake.root(), DigestFunction.SHA256))
        .isInstanceOf(IOException.class);
  }

  @Test
  void in_anEmptyFolderOrNone_isOfSha256() throws IOException {
    StorePlace sha = new StorePlace(folder, DigestFunction.SHA256);
    assertThat(StorePlace.in(folder, null)).isEqualTo(sha);
    Files.createDirectories(folder.resolve("cas/ab"));
    Files.createFile(folder.resolve("cas/ab/abc"));
    assertThat(StorePlace.in(folder, null)).isEqualTo(sha);
    Path none = folder.resolve("none");
    assertThat(StorePlace.in(none, null)).isEqualTo(new StorePlace(none, DigestFunction.SHA256));
  }

  @Test
  void locate_ofADigestOfAnotherLength_saysWhatTheStoreIsOf() throws IOException {
    Digest sha = DigestFunction.SHA256.digest(CONTENT);
    try (LocalStore store = open(StorePlace.in(folder, DigestFunction.MD5))) {
      assertThatThrownBy(() -> store.locate(sha, false))
          .isInstanceOf(MissingBlobException.class)
          .hasMessageContaining("is of MD5");
      assertThat(store.contains(sha)).isFalse();
    }
  }

  private Digest put(StorePlace place) throws IOException {
    try (LocalStore store = open(place)) {
      return store.put(CONTENT);
    }
  }

  private LocalStore open(StorePlace place) throws IOException {
    return LocalStore.open(
        place.root(), place.function(), StoreAccess.READ_WRITE, folder, Posix.load());
  }
}
