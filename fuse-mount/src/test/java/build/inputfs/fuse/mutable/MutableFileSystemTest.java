package build.inputfs.fuse.mutable;

import static build.inputfs.fuse.mutable.ViewFixture.NO_NODE;
import static build.inputfs.fuse.mutable.ViewFixture.name;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mutable view over a real store, driven as a transport drives it, without a mount. */
final class MutableFileSystemTest {
  private static final long ROOT = FileSystem.ROOT;

  @TempDir Path temp;
  private ViewFixture at;

  @BeforeEach
  void open() throws IOException {
    at = new ViewFixture(temp);
  }

  @AfterEach
  void close() throws IOException {
    at.close();
  }

  @Test
  void lookup_ofAnInput_givesReadOnlyModeConstantTimeAndOwner() {
    at.find("readme");
    assertThat(at.entry.attributes.mode).isEqualTo(FileType.REGULAR | 0444);
    assertThat(at.entry.attributes.size).isEqualTo(7);
    assertThat(at.entry.attributes.mtimeSeconds).isEqualTo(946_684_800L);
    assertThat(at.entry.attributes.uid).isEqualTo(7);
    assertThat(at.entry.attributes.gid).isEqualTo(8);
    at.find("tool");
    assertThat(at.entry.attributes.mode).isEqualTo(FileType.REGULAR | 0555);
    at.find("dir");
    assertThat(at.entry.attributes.mode).isEqualTo(FileType.DIRECTORY | 0755);
    assertThat(at.entry.attributes.nlink).isEqualTo(3);
  }

  @Test
  void lookup_ofAnInputLeftAlone_makesNoObject() {
    long node = at.find("readme");
    assertThat(at.tree.table.get(node)).isNull();
    assertThat(at.stat(node).size).isEqualTo(7);
  }

  @Test
  void release_ofAnInputOnlyRead_leavesNoObject() {
    long node = at.find("readme");
    assertThat(at.read(node)).isEqualTo("read me");
    assertThat(at.tree.table.get(node)).isNull();
    at.view.forget(node, 1);
    assertThat(at.find("readme")).isEqualTo(node);
  }

  @Test
  void lookup_ofALongName_saysSo() {
    assertThat(at.view.lookup(ROOT, new byte[256], at.entry)).isEqualTo(Status.NAME_TOO_LONG);
  }

  @Test
  void readlink_ofAnInput_givesItsTarget() {
    assertThat(at.view.readlink(at.find("link"))).isEqualTo(name("readme"));
    assertThat(at.view.readlink(at.find("readme"))).isNull();
  }

  @Test
  void open_whenBlobIsMissing_failsWithIoErrorAndRecordsIt() throws IOException {
    long node = at.find("dir/sub/two");
    Files.delete(at.store.locate(at.two, false));
    assertThat(at.view.open(node, Posix.O_RDONLY, at.opened)).isEqualTo(Status.IO_ERROR);
    assertThat(at.failures.all()).hasSize(1);
    assertThat(at.failures.all().get(0).path()).isEqualTo("dir/sub/two");
    assertThat(at.failures.all().get(0).operation()).isEqualTo("open");
    assertThat(at.failures.all().get(0).digest()).isEqualTo(at.two);
    assertThat(at.failures.all().get(0).cause()).contains("missing blob blobs/" + at.two);
  }

  @Test
  void lookup_whenADirectoryBlobIsMissing_isAnIoErrorAndNotAnEmptyDirectory() throws IOException {
    Files.delete(at.store.locate(at.directory, false));
    assertThat(at.view.lookup(ROOT, name("dir"), at.entry)).isEqualTo(Status.IO_ERROR);
    assertThat(at.failures.all().get(0).path()).isEqualTo("dir");
    assertThat(at.failures.all().get(0).digest()).isEqualTo(at.directory);
  }

  @Test
  void write_toAnInput_changesAPrivateCopyOnly() throws IOException {
    long node = at.find("readme");
    assertThat(at.view.open(node, Posix.O_RDWR, at.opened)).isEqualTo(Status.OK);
    assertThat(at.opened.immutable).isFalse();
    at.write(node, 0, "READ");
    assertThat(at.readOpen(node)).isEqualTo("READ me");
    at.view.release(node, Posix.O_RDWR);
    assertThat(at.read(node)).isEqualTo("READ me");
    assertThat(Files.readString(at.store.locate(at.readme, false))).isEqualTo("read me");
  }

  @Test
  void write_whileAnotherHasTheInputOpen_isSeenByThatOne() {
    long node = at.find("readme");
    assertThat(at.view.open(node, Posix.O_RDONLY, at.opened)).isEqualTo(Status.OK);
    assertThat(at.readOpen(node)).isEqualTo("read me");
    assertThat(at.view.open(node, Posix.O_WRONLY, at.opened)).isEqualTo(Status.OK);
    at.write(node, 0, "R");
    assertThat(at.readOpen(node)).isEqualTo("Read me");
    at.view.release(node, Posix.O_WRONLY);
    at.view.release(node, Posix.O_RDONLY);
  }

  @Test
  void open_truncatingAnInput_copiesNothing() {
    long node = at.find("readme");
    assertThat(at.view.open(node, Posix.O_WRONLY | Posix.O_TRUNC, at.opened)).isEqualTo(Status.OK);
    at.view.release(node, Posix.O_WRONLY | Posix.O_TRUNC);
    assertThat(at.stat(node).size).isZero();
    assertThat(at.contents.privateCopies.sum()).isEqualTo(1);
    assertThat(at.contents.privateCopyBytes.sum()).isZero();
  }

  @Test
  void open_ofContentThatMoved_hasAnotherToken() {
    long node = at.find("readme");
    at.view.open(node, Posix.O_RDONLY, at.opened);
    long before = at.opened.content;
    at.view.open(node, Posix.O_WRONLY, at.opened);
    assertThat(at.opened.content).isNotEqualTo(before);
    at.view.release(node, Posix.O_WRONLY);
    at.view.release(node, Posix.O_RDONLY);
  }

  @Test
  void setattr_truncatingAnInput_keepsItsStart() {
    long node = at.find("readme");
    AttributeChange change = new AttributeChange();
    change.setSize = true;
    change.size = 4;
    assertThat(at.view.setattr(node, change, at.attributes)).isEqualTo(Status.OK);
    assertThat(at.attributes.size).isEqualTo(4);
    assertThat(at.read(node)).isEqualTo("read");
    assertThat(at.contents.privateCopyBytes.sum()).isEqualTo(4);
  }

  @Test
  void setattr_ofMode_copiesNoBytes() {
    long node = at.find("readme");
    AttributeChange change = new AttributeChange();
    change.setMode = true;
    change.mode = 0644;
    assertThat(at.view.setattr(node, change, at.attributes)).isEqualTo(Status.OK);
    assertThat(at.attributes.mode).isEqualTo(FileType.REGULAR | 0644);
    assertThat(at.contents.privateCopies.sum()).isZero();
    at.view.forget(node, 1);
    assertThat(at.stat(at.find("readme")).mode).isEqualTo(FileType.REGULAR | 0644);
  }

  @Test
  void setattr_ofTimes_survivesTheNextStatOfAPrivateFile() {
    long node = at.create(ROOT, "new", "x");
    AttributeChange change = new AttributeChange();
    change.setMtime = true;
    change.mtimeSeconds = 1234;
    change.mtimeNanos = 5678;
    assertThat(at.view.setattr(node, change, at.attributes)).isEqualTo(Status.OK);
    assertThat(at.stat(node).mtimeSeconds).isEqualTo(1234);
    assertThat(at.attributes.mtimeNanos).isEqualTo(5678);
  }

  @Test
  void privateCopy_keepsTheModificationTimeUntilItIsWritten() {
    long node = at.find("readme");
    at.view.open(node, Posix.O_WRONLY, at.opened);
    assertThat(at.stat(node).mtimeSeconds).isEqualTo(946_684_800L);
    assertThat(at.attributes.volatileNow).isTrue();
    at.write(node, 0, "R");
    assertThat(at.stat(node).mtimeSeconds).isGreaterThan(946_684_800L);
    at.view.release(node, Posix.O_WRONLY);
    at.stat(node);
    assertThat(at.attributes.volatileNow).isFalse();
  }

  @Test
  void unlink_ofAnInputAndCreateAgain_usesTheNameAnew() {
    long before = at.find("readme");
    assertThat(at.view.unlink(ROOT, name("readme"))).isEqualTo(Status.OK);
    assertThat(at.find("readme")).isEqualTo(NO_NODE);
    assertThat(at.list(ROOT, 2, 100).names).containsExactlyInAnyOrder("dir", "link", "tool");
    long after = at.create(ROOT, "readme", "new");
    assertThat(after).isNotEqualTo(before);
    assertThat(at.read(after)).isEqualTo("new");
    assertThat(at.list(ROOT, 2, 100).names)
        .containsExactlyInAnyOrder("dir", "link", "tool", "readme");
  }

  @Test
  void unlink_ofAnOpenInput_leavesItReadable() {
    long node = at.find("readme");
    at.view.open(node, Posix.O_RDONLY, at.opened);
    assertThat(at.view.unlink(ROOT, name("readme"))).isEqualTo(Status.OK);
    assertThat(at.readOpen(node)).isEqualTo("read me");
    assertThat(at.stat(node).nlink).isZero();
    at.view.release(node, Posix.O_RDONLY);
    at.view.forget(node, 1);
    assertThat(at.view.getattr(node, at.attributes)).isEqualTo(Status.NOT_FOUND);
  }

  @Test
  void forget_afterTheLastUnlink_removesTheScratchFile() throws IOException {
    long node = at.create(ROOT, "new", "x");
    assertThat(at.scratchFiles()).hasSize(1);
    assertThat(at.view.link(node, ROOT, name("second"), at.entry)).isEqualTo(Status.OK);
    assertThat(at.view.unlink(ROOT, name("new"))).isEqualTo(Status.OK);
    assertThat(at.view.unlink(ROOT, name("second"))).isEqualTo(Status.OK);
    assertThat(at.scratchFiles()).hasSize(1);
    at.view.forget(node, 2);
    assertThat(at.scratchFiles()).isEmpty();
    assertThat(at.tree.table.get(node)).isNull();
  }

  @Test
  void create_whereTheNameExists_leavesNoScratchFile() throws IOException {
    Status status =
        at.view.create(at.caller, ROOT, name("readme"), 0644, Posix.O_RDWR, at.entry, at.opened);
    assertThat(status).isEqualTo(Status.EXISTS);
    assertThat(at.scratchFiles()).isEmpty();
  }

  @Test
  void tmpfile_thatGetsALink_isAFile() {
    assertThat(at.view.tmpfile(at.caller, ROOT, 0600, Posix.O_RDWR, at.entry, at.opened))
        .isEqualTo(Status.OK);
    long node = at.entry.node;
    at.write(node, 0, "later");
    assertThat(at.view.link(node, ROOT, name("named"), at.entry)).isEqualTo(Status.OK);
    at.view.release(node, Posix.O_RDWR);
    at.view.forget(node, 2);
    assertThat(at.find("named")).isEqualTo(node);
    assertThat(at.stat(node).nlink).isEqualTo(1);
    assertThat(at.read(node)).isEqualTo("later");
  }

  @Test
  void rename_ofAnInputDirectory_takesItsTreeAlong() {
    at.find("dir/sub/two");
    assertThat(at.view.rename(ROOT, name("dir"), ROOT, name("moved"), 0)).isEqualTo(Status.OK);
    assertThat(at.find("dir")).isEqualTo(NO_NODE);
    assertThat(at.read(at.find("moved/sub/two"))).isEqualTo("two");
  }

  @Test
  void rename_ontoADirectoryThatIsNotEmpty_isRefused() {
    long dir = at.find("dir");
    at.view.mkdir(at.caller, ROOT, name("empty"), 0755, at.entry);
    assertThat(at.view.rename(ROOT, name("empty"), dir, name("sub"), 0))
        .isEqualTo(Status.NOT_EMPTY);
    assertThat(at.view.rename(ROOT, name("readme"), dir, name("sub"), 0))
        .isEqualTo(Status.IS_DIRECTORY);
    assertThat(at.view.rename(dir, name("sub"), ROOT, name("readme"), 0))
        .isEqualTo(Status.NOT_DIRECTORY);
    assertThat(at.view.rename(dir, name("sub"), ROOT, name("empty"), 0)).isEqualTo(Status.OK);
    assertThat(at.read(at.find("empty/two"))).isEqualTo("two");
    assertThat(at.stat(dir).nlink).isEqualTo(2);
  }

  @Test
  void rename_exchanging_swapsFileAndDirectory() {
    long dir = at.find("dir");
    assertThat(at.view.rename(ROOT, name("readme"), dir, name("sub"), Posix.RENAME_EXCHANGE))
        .isEqualTo(Status.OK);
    assertThat(at.read(at.find("dir/sub"))).isEqualTo("read me");
    assertThat(at.read(at.find("readme/two"))).isEqualTo("two");
    assertThat(at.stat(dir).nlink).isEqualTo(2);
    assertThat(at.stat(ROOT).nlink).isEqualTo(4);
    assertThat(at.view.parent(at.find("readme"))).isEqualTo(ROOT);
  }

  @Test
  void rename_withNoReplace_keepsTheTarget() {
    assertThat(at.view.rename(ROOT, name("tool"), ROOT, name("readme"), Posix.RENAME_NOREPLACE))
        .isEqualTo(Status.EXISTS);
    assertThat(at.read(at.find("readme"))).isEqualTo("read me");
  }

  @Test
  void rmdir_ofAnInputDirectory_asksForItToBeEmpty() {
    long dir = at.find("dir");
    long sub = at.find("dir/sub");
    assertThat(at.view.rmdir(dir, name("sub"))).isEqualTo(Status.NOT_EMPTY);
    assertThat(at.view.unlink(sub, name("two"))).isEqualTo(Status.OK);
    assertThat(at.view.rmdir(dir, name("sub"))).isEqualTo(Status.OK);
    assertThat(at.stat(dir).nlink).isEqualTo(2);
    assertThat(at.view.mkdir(at.caller, sub, name("late"), 0755, at.entry))
        .isEqualTo(Status.NOT_FOUND);
  }

  @Test
  void mkdir_inASetGroupIdDirectory_inheritsTheGroup() {
    at.view.mkdir(at.caller, ROOT, name("shared"), 02755, at.entry);
    AttributeChange change = new AttributeChange();
    change.setGid = true;
    change.gid = 42;
    long shared = at.entry.node;
    at.view.setattr(shared, change, at.attributes);
    at.view.mkdir(at.caller, shared, name("below"), 0755, at.entry);
    assertThat(at.entry.attributes.gid).isEqualTo(42);
    assertThat(at.entry.attributes.mode & 07777).isEqualTo(02755);
  }

  @Test
  void mknod_ofADevice_isKeptWithItsNumber() {
    int mode = FileType.CHARACTER_DEVICE | 0600;
    assertThat(at.view.mknod(at.caller, ROOT, name("null"), mode, 0x103, at.entry))
        .isEqualTo(Status.OK);
    assertThat(at.stat(at.find("null")).mode).isEqualTo(mode);
    assertThat(at.attributes.device).isEqualTo(0x103);
    assertThat(at.stat(at.find("readme")).device).isZero();
    assertThat(at.view.open(at.find("null"), Posix.O_RDONLY, at.opened)).isEqualTo(Status.INVALID);
  }

  @Test
  void readdir_goesOnWhereItStopped_whileNamesComeAndGo() {
    for (int i = 0; i < 100; i++) {
      at.create(ROOT, "added" + i, "");
    }
    ViewFixture.Page first = at.list(ROOT, 2, 54); // four inputs and added0..added49
    assertThat(first.names).contains("dir", "link", "readme", "tool", "added0", "added49");
    for (int i = 0; i < 90; i++) {
      at.view.unlink(ROOT, name("added" + i));
    }
    at.create(ROOT, "late", "");
    ViewFixture.Page rest = at.list(ROOT, first.next, 1000);
    assertThat(rest.names)
        .containsExactly(
            "added90", "added91", "added92", "added93", "added94", "added95", "added96", "added97",
            "added98", "added99", "late");
  }

  @Test
  void readdir_countsALookupForEachNodeItGives() {
    ViewFixture.Page page = at.list(ROOT, 2, 100);
    int readme = page.names.indexOf("readme");
    long node = page.nodes.get(readme);
    assertThat(node).isPositive();
    at.view.unlink(ROOT, name("readme"));
    assertThat(at.stat(node).nlink).isZero();
    at.view.forget(node, 1);
    assertThat(at.view.getattr(node, at.attributes)).isEqualTo(Status.NOT_FOUND);
  }

  @Test
  void tree_knowsTheDigestOfADirectoryUntilItIsChanged() throws IOException {
    at.read(at.find("dir/sub/two"));
    assertThat(digestOf("dir")).isEqualTo(at.directory);
    at.create(at.find("dir/sub"), "new", "x");
    assertThat(digestOf("dir")).isNull();
    assertThat(digestOf("")).isNull();
  }

  @Test
  void tree_showsWhatIsThere() throws IOException {
    at.create(at.find("dir"), "new", "x");
    at.view.unlink(at.find("dir"), name("one"));
    assertThat(at.seen.find("dir"))
        .isInstanceOfSatisfying(
            ViewTree.Directory.class, dir -> assertThat(names(dir)).containsExactly("new", "sub"));
    assertThat(at.seen.find("dir/one")).isNull();
    assertThat(at.seen.find("readme/x")).isNull();
  }

  private static List<String> names(ViewTree.Directory dir) {
    try {
      return dir.children().stream().map(child -> child.name()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Digest digestOf(String path) throws IOException {
    return at.seen.find(path) instanceof ViewTree.Directory directory ? directory.digest() : null;
  }
}
