package build.inputfs.it.immutability;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Root tries in every way it can to change the inputs of one view; where these are the store's own
 * files, which root may change, another user does. The store, and a second view of the same tree
 * that is mounted all the while, must not notice.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REFERENCE")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ImmutabilityTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  /**
   * The ways, each a script in which {@code @} stands for the input. None is expected to succeed,
   * and none to fail: only what they leave behind counts. Every one gets inputs of its own, as the
   * first change of an input makes a private copy that takes all further ones.
   */
  private static final Map<String, String> ATTACKS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("write", "open 0 @ O_RDWR\npwrite 0 0 EVIL\nfsync 0\nclose 0"),
              Map.entry("append", "open 0 @ O_WRONLY|O_APPEND\nwrite 0 EVIL\nclose 0"),
              Map.entry("direct", "open 0 @ O_RDWR|O_DIRECT\nfill 0 0 4096 1\nclose 0"),
              Map.entry("sync", "open 0 @ O_RDWR|O_SYNC\npwrite 0 1 EVIL\nclose 0"),
              Map.entry("open-truncate", "open 0 @ O_WRONLY|O_TRUNC\nclose 0"),
              Map.entry("read-truncate", "open 0 @ O_RDONLY|O_TRUNC\nclose 0"),
              Map.entry("create-truncate", "open 0 @ O_RDWR|O_CREAT|O_TRUNC 0777\nclose 0"),
              Map.entry("truncate", "truncate @ 1"),
              Map.entry("extend", "truncate @ 1000000"),
              Map.entry("ftruncate", "open 0 @ O_RDWR\nftruncate 0 0\nclose 0"),
              Map.entry("chmod", "chmod @ 0777"),
              Map.entry("chmod-setuid", "chmod @ 06755"),
              Map.entry("fchmod", "open 0 @ O_RDONLY\nfchmod 0 0666\nclose 0"),
              Map.entry("chown", "chown @ 12345 12345"),
              Map.entry("lchown", "lchown @ 12345 12345"),
              Map.entry("fchown", "open 0 @ O_RDONLY\nfchown 0 12345 12345\nclose 0"),
              Map.entry("utime", "utimens @ 1 1"),
              Map.entry("lutime", "lutimens @ 1 1"),
              Map.entry("touch", "utimens @ now now"),
              Map.entry("futime", "open 0 @ O_RDONLY\nfutimens 0 1 1\nclose 0"),
              Map.entry("read-atime", "open 0 @ O_RDONLY\nread 0 10\nclose 0"),
              Map.entry("xattr-user", "setxattr @ user.evil EVIL"),
              Map.entry("xattr-trusted", "setxattr @ trusted.evil EVIL"),
              Map.entry("xattr-security", "setxattr @ security.evil EVIL"),
              Map.entry("xattr-open", "open 0 @ O_RDONLY\nfsetxattr 0 user.evil EVIL\nclose 0"),
              Map.entry(
                  "acl",
                  "setxattr @ system.posix_acl_access"
                      + " %02%00%00%00%01%00%07%00%FF%FF%FF%FF%02%00%07%00%39%30%00%00"
                      + "%04%00%07%00%FF%FF%FF%FF%10%00%07%00%FF%FF%FF%FF%20%00%07%00%FF%FF%FF%FF"),
              Map.entry("link-chmod", "link @ @.link\nchmod @.link 0777\ntruncate @.link 0"),
              Map.entry("link-write", "link @ @.link\nopen 0 @.link O_RDWR\nwrite 0 EVIL\nclose 0"),
              Map.entry(
                  "linkfile", "open 0 @ O_RDONLY\nlinkfile 0 @.link\ntruncate @.link 1\nclose 0"),
              Map.entry(
                  "mmap",
                  "open 0 @ O_RDWR\nmap 0 0 0 4 READ|WRITE SHARED\nmput 0 0 EVIL\nmsync 0\n"
                      + "unmap 0\nclose 0"),
              Map.entry(
                  "mmap-protect",
                  "open 0 @ O_RDWR\nmap 0 0 0 4 READ SHARED\nclose 0\nprotect 0 READ|WRITE\n"
                      + "mput 0 0 EVIL\nmsync 0\nunmap 0"),
              Map.entry(
                  "mmap-then-open",
                  "open 0 @ O_RDONLY\nmap 0 0 0 4 READ PRIVATE\nmapfile 1 0 O_RDWR\n"
                      + "pwrite 1 0 EVIL\nclose 1\nunmap 0\nclose 0"),
              Map.entry(
                  "mmap-then-chmod",
                  "open 0 @ O_RDONLY\nmap 0 0 0 4 READ SHARED\nmapfile 1 0 O_RDONLY\n"
                      + "fchmod 1 0777\nfutimens 1 1 1\nclose 1\nunmap 0\nclose 0"),
              Map.entry("rename-over", "put @.new 0644 EVIL\nrename @.new @\ntruncate @ 1"),
              Map.entry(
                  "exchange", "put @.new 0644 EVIL\nrename @.new @ EXCHANGE\nchmod @.new 0777"),
              Map.entry("rename-write", "rename @ @.moved\ntruncate @.moved 2\nchmod @.moved 0777"),
              Map.entry("unlink", "unlink @\nput @ 0777 EVIL"),
              Map.entry(
                  "unlink-open", "open 0 @ O_RDWR\nunlink @\nwrite 0 EVIL\nfchmod 0 0777\nclose 0"),
              Map.entry("fallocate", "open 0 @ O_RDWR\nfallocate 0 0 0 100000\nclose 0"),
              Map.entry(
                  "punch", "open 0 @ O_RDWR\nfallocate 0 PUNCH_HOLE|KEEP_SIZE 0 4096\nclose 0"),
              Map.entry("zero", "open 0 @ O_RDWR\nfallocate 0 ZERO_RANGE 0 4096\nclose 0"),
              Map.entry(
                  "copy-onto",
                  "put @.from 0644 EVIL\nopen 0 @.from O_RDONLY\nopen 1 @ O_RDWR\ncopy 0 0 1 0 4\n"
                      + "close 0\nclose 1"),
              Map.entry(
                  "send-onto",
                  "put @.from 0644 EVIL\nopen 0 @.from O_RDONLY\nopen 1 @ O_RDWR\nsendfile 0 1 4\n"
                      + "close 0\nclose 1"),
              Map.entry(
                  "clone-onto",
                  "put @.from 0644 EVIL\nopen 0 @.from O_RDONLY\nopen 1 @ O_RDWR\nclone 1 0\n"
                      + "close 0\nclose 1"),
              Map.entry(
                  "temporary-over",
                  "open 0 . O_TMPFILE|O_RDWR 0777\nwrite 0 EVIL\nlinkfile 0 @.tmp\nrename @.tmp @\n"
                      + "close 0"),
              Map.entry(
                  "reopen", "open 0 @ O_RDONLY\nreopen 1 0 O_RDWR\nwrite 1 EVIL\nclose 1\nclose 0"),
              Map.entry(
                  "reopen-path",
                  "open 0 @ O_PATH\nreopen 1 0 O_RDWR|O_TRUNC\nwrite 1 EVIL\nclose 1\nclose 0"),
              Map.entry("handle", "handle 0 @ O_RDWR\nwrite 0 EVIL\nclose 0"),
              Map.entry("chattr", "open 0 @ O_RDONLY\nchattr 0\nclose 0"),
              Map.entry(
                  "read-while-changed",
                  "open 0 @ O_RDONLY\nread 0 2\nopen 1 @ O_RDWR\nwrite 1 EVIL\nread 0 2\nclose 0\n"
                      + "close 1")));

  private static final List<String> KINDS =
      List.of(
          "file", "run", "empty", "empty-run", "big", "to-file", "to-run", "dangling", "n/e/s/t");

  @BeforeEach
  void asRoot() {
    Machine.needRoot();
    bench.need(strategy);
  }

  @Test
  void invariant01_attacks_onInputsOfEveryKind_reachNeitherStoreNorOtherViews() {
    InputTree tree = new InputTree();
    for (String attack : ATTACKS.keySet()) {
      tree.file(attack + "/file", "file content")
          .executable(attack + "/run", "#!/bin/sh\nexit 0\n")
          .file(attack + "/empty", "")
          .executable(attack + "/empty-run", "")
          .file(attack + "/big", InputTree.pattern(200_000, 3))
          .file(attack + "/n/e/s/t", "nested content")
          .symlink(attack + "/to-file", "../targets/file")
          .symlink(attack + "/to-run", "../targets/run")
          .symlink(attack + "/dangling", "nowhere");
    }
    tree.file("targets/file", "target content").executable("targets/run", "#!/bin/sh\nexit 1\n");

    Place attacked = bench.place(strategy, tree);
    Place witness = bench.place(strategy, tree);
    // Both read all first, so that whatever is made on first use is there.
    String before = witness.dump();
    assertThat(attacked.dump()).isEqualTo(before);
    StoreSnapshot untouched = StoreSnapshot.of(bench.store().folder());

    if (!strategy.hasInputsOfItsOwn()) {
      attacked.shell("find . -type d -exec chmod 0777 {} +").ok();
      attacked.expect("as 12345 12345");
    }
    ATTACKS.forEach((name, script) -> KINDS.forEach(kind -> attack(attacked, name, kind, script)));

    assertThat(attacked.dump()).as("the attacks did something").isNotEqualTo(before);
    assertThat(untouched.changesUntil(StoreSnapshot.of(bench.store().folder()))).isEmpty();
    assertThat(witness.dump()).isEqualTo(before);
    assertThat(bench.place(strategy, tree).dump()).as("a later view").isEqualTo(before);
  }

  @Test
  void everyBlob_afterAllOfAViewWasRemoved_isStillThere() {
    InputTree tree =
        new InputTree().file("a/b", "one").executable("c", "#!/bin/sh\n").symlink("d", "a");
    BlobName root = tree.putInto(bench.store());
    Place view = bench.mount(strategy, root);
    String before = view.dump();
    StoreSnapshot untouched = StoreSnapshot.of(bench.store().folder());
    view.shell("rm -rf ./* && test -z \"$(ls -A)\"").ok();
    assertThat(untouched.changesUntil(StoreSnapshot.of(bench.store().folder()))).isEmpty();
    assertThat(bench.mount(strategy, root).dump()).isEqualTo(before);
  }

  @Test
  void directories_ofOneView_changeInNoOther() {
    Machine.needToMoveInputDirectories(strategy);
    InputTree tree = new InputTree().file("dir/a", "a").file("dir/sub/b", "b").directory("empty");
    Place changed = bench.place(strategy, tree);
    Place witness = bench.place(strategy, tree);
    String before = witness.dump();
    changed.expect(
        """
        chmod dir 0700
        chown dir 12345 12345
        utimens dir/sub 1 1
        mkdir dir/new 0755
        rename dir/sub empty/sub
        setxattr dir user.x y => *
        chmod . 0711
        """);
    assertThat(witness.dump()).isEqualTo(before);
    assertThat(bench.place(strategy, tree).dump()).isEqualTo(before);
  }

  private static void attack(Place place, String name, String kind, String script) {
    List<String> answers = new ArrayList<>();
    for (String line : script.replace("@", name + "/" + kind).lines().toList()) {
      answers.add(line + " => " + place.ask(line));
    }
    System.out.println(String.join("; ", answers));
  }
}
