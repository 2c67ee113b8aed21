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

/** Who may do what: mode bits, owners, and the bits that go when a file changes. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PermissionsTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void unprivilegedUser_amongRootsInputs_mayOnlyRead() {
    Machine.needRoot();
    place()
        .expect(
            """
            as 12345 12345
            cat input.txt                => hello,%20world
            exec ./run.sh                => exit 7
            list dir                     => a.txt b.txt sub/ up@
            open 0 input.txt O_RDWR      => EACCES
            open 0 input.txt O_WRONLY|O_TRUNC => EACCES
            truncate input.txt 0         => EACCES
            open 0 new O_RDWR|O_CREAT 0644 => EACCES
            mkdir new 0755               => EACCES
            unlink input.txt             => EACCES
            rename input.txt x           => EACCES
            rmdir empty-dir              => EACCES
            symlink x y                  => EACCES
            chmod input.txt 0666         => EPERM
            chown input.txt 12345 12345  => EPERM
            utimens input.txt 0 0        => EPERM
            utimens input.txt now now    => EACCES
            link dir/a.txt x             => E*
            access input.txt W_OK        => EACCES
            access input.txt R_OK
            """);
  }

  @Test
  void filesMade_byAnotherUser_areTheirs() {
    Machine.needRoot();
    place()
        .expect(
            """
            chmod dir 0777
            as 12345 54321
            put dir/theirs 0640 x
            stat dir/theirs  => file 0640 1 12345:54321 1 now
            mkdir dir/d 0755
            stat dir/d       => dir 0755 2 12345:54321 now
            symlink x dir/s
            lstat dir/s      => link 0777 1 12345:54321 1 now
            mknod dir/p FIFO 0644
            lstat dir/p      => fifo 0644 1 12345:54321 0 now
            as 23456 23456
            cat dir/theirs   => EACCES
            unlink dir/theirs
            as 0 0
            chmod dir 01777
            put dir/roots 0644 x
            as 23456 23456
            unlink dir/roots => EPERM
            unlink dir/s     => EPERM
            rename dir/d dir/e => EPERM
            """);
  }

  @Test
  void setGroupId_onADirectory_isInherited() {
    Machine.needRoot();
    place()
        .expect(
            """
            chown dir 0 777
            chmod dir 02775
            put dir/f 0644 x
            stat dir/f     => file 0644 1 0:777 1 now
            mkdir dir/d 0755
            stat dir/d     => dir 2755 2 0:777 now
            mkdir dir/d/e 0700
            stat dir/d/e   => dir 2700 2 0:777 now
            symlink x dir/s
            lstat dir/s    => link 0777 1 0:777 1 now
            """);
  }

  @Test
  void setUserId_isDroppedWhenSomebodyWrites() {
    Machine.needRoot();
    place()
        .expect(
            """
            chmod dir 0777
            as 12345 12345
            put dir/tool 0755 tool
            chmod dir/tool 06755
            stat dir/tool => file 6755 1 12345:12345 4 now
            open 0 dir/tool O_RDWR
            write 0 T     => 1
            stat dir/tool => file 0755 1 12345:12345 4 now
            chmod dir/tool 06755
            ftruncate 0 2
            stat dir/tool => file 0755 1 12345:12345 2 now
            chmod dir/tool 06755
            as 0 0
            chown dir/tool 777 777
            stat dir/tool => file 0755 1 777:777 2 now
            """);
  }

  @Test
  void chmod_ofEveryBit_isKept() {
    place()
        .expect(
            """
            put f 0644 x
            chmod f 07777
            stat f       => file 7777 1 {me} 1 now
            chmod f 0
            stat f       => file 0000 1 {me} 1 now
            chmod dir 01700
            stat dir     => dir 1700 3 {me} 946684800.000000000
            chmod none 0 => ENOENT
            """);
  }

  @Test
  void directory_withoutItsBits_isClosedToOthers() {
    Machine.needRoot();
    place()
        .expect(
            """
            chmod dir 0700
            as 12345 12345
            list dir         => EACCES
            cat dir/a.txt    => EACCES
            as 0 0
            chmod dir 0711
            as 12345 12345
            list dir         => EACCES
            cat dir/a.txt    => aaa
            as 0 0
            chmod dir 0744
            as 12345 12345
            list dir         => a.txt b.txt sub/ up@
            stat dir/a.txt   => EACCES
            """);
  }

  @Test
  void creatingReadOnlyFiles_givesAWritableDescriptor() {
    Machine.needRoot();
    place()
        .expect(
            """
            chmod dir 0777
            as 12345 12345
            open 0 dir/f O_RDWR|O_CREAT 0444
            write 0 text  => 4
            open 1 dir/f O_RDWR => EACCES
            cat dir/f     => text
            unlink dir/f
            write 0 more  => 4
            """);
  }

  @Test
  void time_setToNow_isAllowedToWritersOnly() {
    Machine.needRoot();
    place()
        .expect(
            """
            put open 0666 x
            put closed 0644 x
            as 12345 12345
            utimens open now now
            utimens open 0 0       => EPERM
            utimens closed now now => EACCES
            """);
  }
}
