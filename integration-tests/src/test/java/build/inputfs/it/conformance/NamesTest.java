package build.inputfs.it.conformance;

import build.inputfs.it.harness.Machine;
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

/** Making, moving and removing names. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class NamesTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void rename_overEveryKind_actsAsOnADisk() {
    place()
        .expect(
            """
            put f 0644 f
            put g 0644 g
            mkdir d 0755
            mkdir e 0755
            put e/x 0644 x
            rename f g
            cat g        => f
            rename g d   => EISDIR
            rename d g   => ENOTDIR
            rename d e   => ENOTEMPTY
            rename e d
            cat d/x      => x
            rename d d/x/y => ENOTDIR
            rename d d/sub => EINVAL
            rename none g  => ENOENT
            rename g g
            cat g        => f
            link g h
            rename g h
            list .       => *g h *
            rename to-file link
            readlink link => input.txt
            rename . x   => EBUSY
            rename d/.. x => EBUSY
            """
                // Either is right by rename(2), and XFS says so.
                .replace("ENOTEMPTY", strategy == Strategy.CLONE ? "EEXIST" : "ENOTEMPTY"));
  }

  @Test
  void rename_noReplace_keepsWhatIsThere() {
    Machine.needMoreThanLibfuse(strategy, "knows no flags of renameat2");
    Machine.needToMoveInputDirectories(strategy);
    place()
        .expect(
            """
            put f 0644 f
            put g 0644 g
            rename f g NOREPLACE     => EEXIST
            rename f input.txt NOREPLACE => EEXIST
            rename input.txt f NOREPLACE => EEXIST
            rename f new NOREPLACE
            cat new                  => f
            rename dir new-dir NOREPLACE
            cat new-dir/a.txt        => aaa
            rename new-dir empty-dir NOREPLACE => EEXIST
            """);
  }

  @Test
  void rename_exchange_swapsAnyTwo() {
    Machine.needMoreThanLibfuse(strategy, "knows no flags of renameat2");
    Machine.needToMoveInputDirectories(strategy);
    place()
        .expect(
            """
            put f 0644 f
            rename f input.txt EXCHANGE
            cat f             => hello,%20world
            cat input.txt     => f
            rename dir f EXCHANGE
            cat dir           => hello,%20world
            cat f/a.txt       => aaa
            rename f empty-dir EXCHANGE
            list f            => %
            cat empty-dir/sub/deep.txt => deep
            rename f none EXCHANGE => ENOENT
            rename empty-dir empty-dir/sub EXCHANGE => EINVAL
            rename f to-file EXCHANGE
            readlink f        => input.txt
            rename f dir NOREPLACE|EXCHANGE => EINVAL
            """);
  }

  @Test
  void rename_ofADirectory_updatesItsParentAndLinks() {
    Machine.needToMoveInputDirectories(strategy);
    place()
        .expect(
            """
            mkdir p 0755
            mkdir p/q 0755
            stat p         => dir 0755 3 {me} now
            mkdir r 0755
            rename p/q r/q
            stat p         => dir 0755 2 {me} now
            stat r         => dir 0755 3 {me} now
            dots r/q       => here above
            rename dir/sub r/sub
            dots r/sub     => here above
            stat dir       => dir 0755 2 {me} now
            """);
  }

  @Test
  void directory_removed_isGoneButMayBeOpen() {
    Machine.needMoreThanLibfuse(strategy, "has no path to a removed directory");
    place()
        .expect(
            """
            rmdir dir       => ENOTEMPTY
            rmdir input.txt => ENOTDIR
            unlink dir      => EISDIR
            rmdir none      => ENOENT
            rmdir .         => EINVAL
            mkdir d 0755
            open 0 d O_RDONLY|O_DIRECTORY
            rmdir d
            fstat 0         => dir 0755 0 {me} now
            openat 1 0 new O_RDWR|O_CREAT 0644 => ENOENT
            mkdir d 0755
            mkdir d 0755    => EEXIST
            mkdir input.txt 0755 => EEXIST
            mkdir none/d 0755 => ENOENT
            mkdir dangling 0755 => EEXIST
            """);
  }

  @Test
  void workingDirectory_removedOrMoved_isToldAsOnADisk() {
    place()
        .expect(
            """
            mkdir d 0755
            chdir d
            cwd
            rename ../d ../e
            cwd
            put x 0644 x
            cat ../e/x => x
            unlink x
            rmdir ../e
            cwd        => ENOENT
            put y 0644 y => ENOENT
            """);
  }

  @Test
  void symlink_madeInTheView_isFollowed() {
    place()
        .expect(
            """
            symlink dir/sub s
            readlink s      => dir/sub
            cat s/deep.txt  => deep
            lstat s         => link 0777 1 {me} 7 now
            symlink x s     => EEXIST
            put s/new 0644 through
            cat dir/sub/new => through
            symlink % e     => ENOENT
            unlink s
            cat dir/sub/new => through
            """);
  }

  @Test
  void symlink_ofTheLongestTarget_isVerbatim() {
    Machine.need(strategy != Strategy.CLONE, "XFS takes targets of up to 1,023 bytes");
    String target = "t/".repeat(2047) + "t";
    place().expect("symlink " + target + " s\nlstat s => link 0777 1 {me} 4095 now");
    place().expect("symlink " + target + "x s => ENAMETOOLONG");
  }

  @Test
  void fifo_connectsItsTwoEnds() {
    Machine.needMoreThanLibfuse(
        strategy, "makes an inode of each name, so two names are two pipes");
    place()
        .expect(
            """
            mknod pipe FIFO 0644
            lstat pipe  => fifo 0644 1 {me} 0 now
            open 0 pipe O_RDWR|O_NONBLOCK
            write 0 through => 7
            open 1 pipe O_RDONLY|O_NONBLOCK
            read 1 20   => through
            list .      => *pipe|*
            rename pipe dir/pipe
            link dir/pipe pipe2
            same dir/pipe pipe2 => same
            unlink dir/pipe
            open 2 pipe2 O_WRONLY|O_NONBLOCK
            write 2 again => 5
            read 0 20   => again
            """);
  }

  @Test
  void socket_listensAtItsName() {
    place()
        .expect(
            """
            bind 0 sock
            lstat sock  => sock 0755 1 {me} 0 now
            connect 1 sock
            accept 2 0
            write 1 hello => 5
            read 2 9    => hello
            bind 3 sock => EADDRINUSE
            list .      => *sock=*
            rename sock dir/sock
            connect 3 dir/sock
            unlink dir/sock
            connect 4 dir/sock => ENOENT
            mknod plain SOCK 0600
            lstat plain => sock 0600 1 {me} 0 now
            connect 4 plain => ECONNREFUSED
            """);
  }

  @Test
  void mknod_ofARegularFile_makesIt() {
    place()
        .expect(
            """
            mknod file REG 0640
            stat file => file 0640 1 {me} 0 now
            mknod file REG 0640 => EEXIST
            """);
  }

  @Test
  void links_manyOfOneFile_areCounted() {
    Machine.needMoreThanLibfuse(strategy, "makes an inode of each name");
    place()
        .expect(
            """
            put f 0644 text
            link f g
            link g dir/h
            stat f  => file 0644 3 {me} 4 now
            open 0 f O_RDWR
            unlink f
            fstat 0 => file 0644 2 {me} 4 now
            write 0 T => 1
            cat dir/h => Text
            rename g dir/h
            list .  => *g*
            unlink g
            unlink dir/h
            fstat 0 => file 0644 0 {me} 4 now
            """);
  }

  @Test
  void times_ofADirectory_moveWithItsEntries() {
    place()
        .expect(
            """
            stat dir => dir 0755 3 {me} 946684800.000000000
            put dir/new 0644 x
            stat dir => dir 0755 3 {me} now
            utimens dir 0 5
            stat dir => dir 0755 3 {me} 5.000000000
            open 0 dir/new O_RDWR
            write 0 y => 1
            stat dir => dir 0755 3 {me} 5.000000000
            unlink dir/new
            stat dir => dir 0755 3 {me} now
            utimens dir 0 5
            rename dir/a.txt dir/c.txt
            stat dir => dir 0755 3 {me} now
            stat .   => dir 0755 4 {me} 946684800.000000000
            """);
  }
}
