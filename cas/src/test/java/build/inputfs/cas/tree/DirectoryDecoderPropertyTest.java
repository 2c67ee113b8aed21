package build.inputfs.cas.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.NodeProperties;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Random directories and their mutations. The decoder is compared with the generated classes and a
 * second writing of the rules: what they accept it must give back unchanged, and what they do not
 * it must refuse.
 */
final class DirectoryDecoderPropertyTest {
  private static final int DIRECTORIES = 400;
  private static final int MUTATIONS = 100;
  private static final String[] LETTERS = {"a", "b", ".", "/", "\0", "é", "\uFFFD", "\uD83D\uDE00"};

  private Random random = new Random();

  @BeforeEach
  void seed() {
    long seed = random.nextLong();
    System.out.println("DirectoryDecoderPropertyTest: seed " + seed);
    random = new Random(seed);
  }

  @Test
  void decode_ofWhatTheBuilderMade_givesItBack() throws Exception {
    for (int round = 0; round < DIRECTORIES; round++) {
      Directory message = validDirectory();
      InputDirectory decoded = Directories.decode(message);
      assertThat(Directories.asMessage(decoded)).isEqualTo(Directories.withoutProperties(message));
      for (int i = 0; i < decoded.size(); i++) {
        assertThat(decoded.find(decoded.name(i))).isEqualTo(i);
      }
      assertThat(propertiesOf(decoded)).isEqualTo(propertiesOf(message));
    }
  }

  @Test
  void decode_ofMutatedMessages_agreesWithTheGeneratedClassesAndTheRules() {
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < DIRECTORIES; round++) {
      byte[] original = validDirectory().toByteArray();
      for (int i = 0; i < MUTATIONS; i++) {
        byte[] mutated = mutate(original);
        Directory message = parse(mutated);
        InputDirectory decoded = decode(mutated);
        if (message != null) {
          assertThat(decoded != null)
              .as("acceptance of %s", message)
              .isEqualTo(Directories.isValid(message));
        }
        if (decoded == null) {
          refused++;
          continue;
        }
        accepted++;
        assertThat(Directories.isValid(Directories.asMessage(decoded))).isTrue();
        if (message != null) {
          assertThat(Directories.asMessage(decoded))
              .isEqualTo(Directories.withoutProperties(message));
          assertThat(propertiesOf(decoded)).isEqualTo(propertiesOf(message));
        }
      }
    }
    assertThat(accepted).isGreaterThan(1000);
    assertThat(refused).isGreaterThan(1000);
  }

  private static @Nullable Directory parse(byte[] encoded) {
    try {
      return Directory.parseFrom(encoded);
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static @Nullable InputDirectory decode(byte[] encoded) {
    try {
      return Directories.decode(encoded);
    } catch (InvalidTreeException e) {
      return null;
    }
  }

  private byte[] mutate(byte[] original) {
    byte[] bytes = original.clone();
    int edits = 1 + random.nextInt(3);
    for (int i = 0; i < edits && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 -> {
          // Repeats a part: fields occur twice, lists get duplicates.
          int length = random.nextInt(bytes.length - at);
          byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
          System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
          bytes = longer;
        }
        default -> {
          int to = random.nextInt(bytes.length);
          byte swapped = bytes[at];
          bytes[at] = bytes[to];
          bytes[to] = swapped;
        }
      }
    }
    return bytes;
  }

  private Directory validDirectory() {
    DirectoryBuilder builder = new DirectoryBuilder();
    Set<String> names = new TreeSet<>();
    int count = random.nextInt(12);
    for (int i = 0; i < count; i++) {
      String name = text(1 + random.nextInt(4));
      byte[] bytes = name.getBytes(UTF_8);
      if (EntryRules.problemWithName(bytes, 0, bytes.length) == null && names.add(name)) {
        switch (random.nextInt(3)) {
          case 0 -> builder.addFile(name, digest(), random.nextBoolean(), properties());
          case 1 -> builder.addDirectory(name, digest());
          default -> builder.addSymlink(name, text(5).replace("\0", "") + "x", properties());
        }
      }
    }
    NodeProperties own = properties();
    if (own != null) {
      builder.setProperties(own);
    }
    return builder.build();
  }

  private build.inputfs.cas.digest.Digest digest() {
    byte[] content = new byte[random.nextInt(4)];
    random.nextBytes(content);
    return DigestFunction.SHA256.digest(content);
  }

  private String text(int letters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < letters; i++) {
      text.append(LETTERS[random.nextInt(LETTERS.length)]);
    }
    return text.toString();
  }

  private @Nullable NodeProperties properties() {
    NodeProperties.Builder properties = NodeProperties.newBuilder();
    switch (random.nextInt(6)) {
      case 0 -> properties.setUnixMode(UInt32Value.of(random.nextInt(010000)));
      case 1 ->
          properties.setMtime(
              Timestamp.newBuilder()
                  .setSeconds(random.nextInt())
                  .setNanos(random.nextInt(1_000_000_000)));
      default -> {
        return null;
      }
    }
    return properties.build();
  }

  /** Modes and times in the order of the names, the directory's own last. */
  private static List<String> propertiesOf(InputDirectory directory) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < directory.size(); i++) {
      all.add(
          describe(
              directory.name(i),
              directory.unixMode(i),
              directory.hasMtime(i),
              directory.mtimeSeconds(i),
              directory.mtimeNanos(i)));
    }
    all.sort(null);
    all.add(
        describe(
            new byte[0],
            directory.ownUnixMode(),
            directory.hasOwnMtime(),
            directory.ownMtimeSeconds(),
            directory.ownMtimeNanos()));
    return all;
  }

  private static List<String> propertiesOf(Directory message) {
    List<String> all = new ArrayList<>();
    message.getFilesList().forEach(n -> all.add(describe(n.getName(), n.getNodeProperties())));
    message
        .getDirectoriesList()
        .forEach(n -> all.add(describe(n.getName(), NodeProperties.getDefaultInstance())));
    message.getSymlinksList().forEach(n -> all.add(describe(n.getName(), n.getNodeProperties())));
    all.sort(null);
    all.add(describe("", message.getNodeProperties()));
    return all;
  }

  private static String describe(String name, NodeProperties properties) {
    return describe(
        name.getBytes(UTF_8),
        properties.hasUnixMode() ? properties.getUnixMode().getValue() : -1,
        properties.hasMtime(),
        properties.getMtime().getSeconds(),
        properties.getMtime().getNanos());
  }

  private static String describe(byte[] name, int mode, boolean hasMtime, long seconds, int nanos) {
    return new String(name, UTF_8) + " " + mode + " " + hasMtime + " " + seconds + " " + nanos;
  }
}
