package build.inputfs.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.InputTree;
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

/** Reading and writing regular files. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FilesTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void write_toNewFile_isReadBack() {
    place()
        .expect(
            """
            open 0 new O_RDWR|O_CREAT|O_EXCL 0640
            fstat 0           => file 0640 1 {me} 0 now
            write 0 abc       => 3
            write 0 def       => 3
            pread 0 1 3       => bcd
            pwrite 0 10 x     => 1
            pread 0 0 20      => abcdef%00%00%00%00x
            stat new          => file 0640 1 {me} 11 now
            open 1 new O_RDONLY|O_CREAT|O_EXCL 0600 => EEXIST
            close 0
            cat new           => abcdef%00%00%00%00x
            """);
  }

  @Test
  void create_underUmask_masksTheMode() {
    place()
        .expect(
            """
            umask 0027
            open 0 new O_RDWR|O_CREAT 0666
            fstat 0      => file 0640 1 {me} 0 now
            mkdir newdir 0777
            stat newdir  => dir 0750 2 {me} now
            umask 0
            open 1 open O_RDWR|O_CREAT 0666
            fstat 1      => file 0666 1 {me} 0 now
            open 2 none O_RDWR|O_CREAT 0000
            fstat 2      => file 0000 1 {me} 0 now
            write 2 text => 4
            """);
  }

  @Test
  void append_byTwoDescriptors_neverOverwrites() {
    place()
        .expect(
            """
            open 0 log O_WRONLY|O_CREAT|O_APPEND 0644
            open 1 log O_WRONLY|O_APPEND
            write 0 one => 3
            write 1 two => 3
            write 0 six => 3
            pwrite 1 0 end => 3
            cat log     => onetwosixend
            getfl 0     => 1025
            """);
  }

  @Test
  void truncate_shorterAndLonger_cutsAndFillsWithZeros() {
    place()
        .expect(
            """
            put file 0644 abcdefgh
            truncate file 3
            cat file         => abc
            truncate file 5
            cat file         => abc%00%00
            open 0 file O_RDWR
            ftruncate 0 1
            pread 0 0 9      => a
            ftruncate 0 0
            fstat 0          => file 0644 1 {me} 0 now
            open 1 file O_RDONLY
            ftruncate 1 5    => EINVAL
            truncate dir 0   => EISDIR
            truncate none 0  => ENOENT
            truncate file -1 => EINVAL
            put again 0644 text
            open 2 again O_WRONLY|O_TRUNC
            stat again       => file 0644 1 {me} 0 now
            open 3 again O_WRONLY|O_APPEND|O_TRUNC
            write 3 z        => 1
            cat again        => z
            """);
  }

  @Test
  void openModes_allowOnlyWhatTheySay() {
    place()
        .expect(
            """
            put file 0644 text
            open 0 file O_WRONLY
            read 0 4          => EBADF
            open 1 file O_RDONLY
            write 1 x         => EBADF
            open 2 dir O_RDONLY|O_DIRECTORY
            open 3 file O_RDONLY|O_DIRECTORY => ENOTDIR
            open 3 dir O_RDWR => EISDIR
            open 3 dir O_RDONLY|O_CREAT 0644 => EISDIR
            open 3 none O_RDONLY => ENOENT
            open 3 none/file O_RDWR|O_CREAT 0644 => ENOENT
            open 3 file/x O_RDWR|O_CREAT 0644 => ENOTDIR
            open 4 file O_PATH
            read 4 1          => EBADF
            reopen 5 4 O_RDWR
            write 5 T         => 1
            cat file          => Text
            open 6 to-file O_RDONLY|O_NOFOLLOW => ELOOP
            open 6 dangling O_RDWR|O_CREAT 0644 => ENOENT
            """);
  }

  @Test
  void sparseFile_tellsItsHolesAndTakesNoSpace() {
    Machine.needMoreThanLibfuse(strategy, "tells no holes");
    place()
        .expect(
            """
            open 0 sparse O_RDWR|O_CREAT 0644
            ftruncate 0 1048576
            blocks sparse       => none
            seek 0 0 DATA       => ENXIO
            seek 0 0 HOLE       => 0
            fill 0 524288 4096 1 => 4096
            seek 0 0 DATA       => 524288
            seek 0 524288 HOLE  => 528384
            seek 0 528384 DATA  => ENXIO
            seek 0 528384 HOLE  => 528384
            seek 0 1048576 HOLE => ENXIO
            blocks sparse       => some
            """);
  }

  @Test
  void seek_forHolesInAnInput_findsData() {
    place()
        .expect(
            """
            open 0 big O_RDONLY
            seek 0 0 DATA      => 0
            seek 0 0 HOLE      => 300000
            seek 0 300000 DATA => ENXIO
            seek 0 -1 SET      => EINVAL
            seek 0 10 SET      => 10
            seek 0 5 CUR       => 15
            """);
  }

  @Test
  void fallocate_ofAllModes_actsAsOnADisk() {
    Machine.needMoreThanLibfuse(strategy, "tells no holes");
    place()
        .expect(
            """
            open 0 file O_RDWR|O_CREAT 0644
            fallocate 0 0 0 8192
            fstat 0     => file 0644 1 {me} 8192 now
            blocks file => all
            fill 0 0 16384 3 => 16384
            fallocate 0 PUNCH_HOLE|KEEP_SIZE 4096 4096
            seek 0 0 HOLE  => 4096
            seek 0 4096 DATA => 8192
            pread 0 4094 4 => *%00%00
            fallocate 0 KEEP_SIZE 16384 65536
            fstat 0     => file 0644 1 {me} 16384 now
            fallocate 0 ZERO_RANGE 0 4096
            pread 0 0 4 => %00%00%00%00
            fallocate 0 PUNCH_HOLE 0 4096 => EOPNOTSUPP
            fallocate 0 0 0 0 => EINVAL
            open 1 file O_RDONLY
            fallocate 1 0 0 10 => EBADF
            """);
  }

  @Test
  void copyFileRange_betweenNewFiles_copiesBytes() {
    place()
        .expect(
            """
            put from 0644 hello,%20world
            open 0 from O_RDONLY
            open 1 to O_RDWR|O_CREAT 0644
            copy 0 0 1 0 100  => 12
            copy 0 12 1 0 100 => 0
            copy 0 7 1 20 5   => 5
            pread 1 0 100     => hello,%20world%00%00%00%00%00%00%00%00world
            copy 1 0 0 0 5    => EBADF
            copy 1 0 1 2 5    => EINVAL
            """);
  }

  @Test
  void copyFileRange_betweenInputsAndNewFiles_copiesBytes() {
    Machine.need(
        !strategy.isOverlay(), "overlayfs answers EXDEV, on which programs read and write");
    place()
        .expect(
            """
            open 0 big O_RDONLY
            open 1 copy O_RDWR|O_CREAT 0644
            copy 0 0 1 0 300000       => 300000
            copy 0 300000 1 300000 10 => 0
            open 2 input.txt O_RDONLY
            copy 2 7 1 0 100          => 5
            pread 1 0 5               => world
            copy 1 0 1 400000 5       => 5
            pread 1 400000 5          => world
            copy 1 0 0 0 5            => EBADF
            copy 1 0 1 2 5            => EINVAL
            stat copy                 => file 0644 1 {me} 400005 now
            sendfile 2 1 12           => 12
            pread 1 0 12              => hello,%20world
            """);
  }

  @Test
  void fsync_ofFilesAndDirectories_works() {
    place()
        .expect(
            """
            open 0 new O_RDWR|O_CREAT 0644
            write 0 x => 1
            fsync 0
            fdatasync 0
            open 1 dir O_RDONLY|O_DIRECTORY
            fsync 1
            open 2 input.txt O_RDONLY
            fsync 2
            fdatasync 2
            syncfs 0
            open 3 sync O_RDWR|O_CREAT|O_SYNC 0644
            write 3 y => 1
            cat sync  => y
            """);
  }

  @Test
  void writes_byOneDescriptor_areSeenByAllOthersAtOnce() {
    place()
        .expect(
            """
            put shared 0644 before
            open 0 shared O_RDONLY
            open 1 shared O_RDWR
            read 0 3          => bef
            pwrite 1 3 ORE    => 3
            read 0 3          => ORE
            ftruncate 1 2
            pread 0 0 10      => be
            fstat 0           => file 0644 1 {me} 2 now
            truncate shared 0
            pread 1 0 10      => %
            """);
  }

  @Test
  void unlinkedFile_whileOpen_keepsWorking() {
    place()
        .expect(
            """
            open 0 gone O_RDWR|O_CREAT 0644
            write 0 alive => 5
            unlink gone
            fstat 0       => file 0644 0 {me} 5 now
            write 0 !     => 1
            pread 0 0 9   => alive!
            ftruncate 0 2
            pread 0 0 9   => al
            fchmod 0 0600
            fstat 0       => file 0600 0 {me} 2 now
            stat gone     => ENOENT
            put gone 0644 other
            cat gone      => other
            pread 0 0 9   => al
            reopen 1 0 O_RDWR
            pwrite 1 0 AL => 2
            pread 0 0 9   => AL
            linkfile 0 back => ENOENT
            open 2 input.txt O_RDONLY
            unlink input.txt
            pread 2 0 5   => hello
            """);
  }

  @Test
  void unlinkedInput_whileOpen_hasNoLinks() {
    Machine.need(
        !strategy.isOverlay(), "overlayfs does not count the links of what it has not copied");
    place()
        .expect(
            """
            open 0 input.txt O_RDONLY
            fstat 0 => file 0444 1 {me} 12 946684800.000000000
            unlink input.txt
            fstat 0 => file 0444 0 {me} 12 946684800.000000000
            """);
  }

  @Test
  void temporaryFile_withoutAName_canBeGivenOne() {
    Machine.needMoreThanLibfuse(strategy, "knows no O_TMPFILE");
    place()
        .expect(
            """
            open 0 dir O_TMPFILE|O_RDWR 0644
            fstat 0             => file 0644 0 {me} 0 now
            write 0 text        => 4
            list dir            => a.txt b.txt sub/ up@
            linkfile 0 dir/named
            cat dir/named       => text
            fstat 0             => file 0644 1 {me} 4 now
            open 1 . O_TMPFILE|O_RDWR|O_EXCL 0600
            linkfile 1 no       => ENOENT
            open 2 . O_TMPFILE|O_RDONLY 0600 => EINVAL
            open 2 none O_TMPFILE|O_RDWR 0600 => ENOENT
            """);
  }

  @Test
  void largeOffsets_beyondFourGigabytes_areKept() {
    place()
        .expect(
            """
            open 0 huge O_RDWR|O_CREAT 0644
            pwrite 0 5000000000 end => 3
            fstat 0              => file 0644 1 {me} 5000000003 now
            pread 0 4999999999 9 => %00end
            seek 0 0 DATA        => 4999999488
            truncate huge 4294967297
            stat huge            => file 0644 1 {me} 4294967297 now
            pread 0 4294967296 9 => %00
            """
                .replace("=> 4999999488", "=> *"));
  }

  @Test
  void executable_madeInTheView_runsAndIsBusyWhileWritten() {
    place()
        .expect(
            """
            open 0 tool O_WRONLY|O_CREAT 0755
            write 0 #!/bin/sh%0Aexit%2042%0A => 18
            exec ./tool => ETXTBSY
            close 0
            exec ./tool => exit 42
            chmod tool 0644
            exec ./tool => EACCES
            """);
  }

  @Test
  void oneLargeWrite_ofSixteenMegabytes_isReadBackWhole() {
    Place place = place();
    place.expect(
        """
        open 0 large O_RDWR|O_CREAT 0644
        fill 0 -1 16777216 9 => 16777216
        fill 0 5 3000001 11  => 3000001
        """);
    Place copy = bench.copy(strategy, new InputTree());
    copy.expect(
        """
        open 0 large O_RDWR|O_CREAT 0644
        fill 0 -1 16777216 9 => 16777216
        fill 0 5 3000001 11  => 3000001
        """);
    assertThat(place.ask("cat large")).isEqualTo(copy.ask("cat large"));
    assertThat(place.ask("pread 0 3000000 13")).isEqualTo(copy.ask("pread 0 3000000 13"));
  }
}
