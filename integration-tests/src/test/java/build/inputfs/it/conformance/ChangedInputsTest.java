package build.inputfs.it.conformance;

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

/**
 * Changing inputs, by a process that mode bits do not bind: it gets a private copy. Where inputs
 * are the store's own files, no such process may run.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HARDLINK")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ChangedInputsTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void write_toAnInput_changesItAloneAndKeepsItsAttributes() {
    Machine.needRoot();
    place()
        .expect(
            """
            open 0 twin-1 O_RDWR
            pwrite 0 4 SAME  => 4
            cat twin-1       => the%20SAME
            cat twin-2       => the%20same
            stat twin-1      => file 0444 1 {me} 8 now
            open 1 input.txt O_WRONLY|O_APPEND
            write 1 !        => 1
            cat input.txt    => hello,%20world!
            cat to-file      => hello,%20world!
            open 2 big O_RDWR
            pwrite 2 299999 xyz => 3
            stat big         => file 0444 1 {me} 300002 now
            pread 2 299999 9 => xyz
            """);
  }

  @Test
  void truncate_ofAnInput_cutsAPrivateCopy() {
    Machine.needRoot();
    place()
        .expect(
            """
            truncate input.txt 5
            cat input.txt  => hello
            truncate big 300001
            stat big       => file 0444 1 {me} 300001 now
            open 0 dir/a.txt O_WRONLY|O_TRUNC
            stat dir/a.txt => file 0444 1 {me} 0 now
            open 1 empty O_RDWR
            write 1 now    => 3
            cat empty      => now
            """);
  }

  @Test
  void chmod_ofInputs_changesTheModeAlone() {
    place()
        .expect(
            """
            chmod input.txt 0644
            stat input.txt => file 0644 1 {me} 12 946684800.000000000
            cat input.txt  => hello,%20world
            open 0 input.txt O_RDWR
            write 0 J      => 1
            cat input.txt  => Jello,%20world
            stat input.txt => file 0644 1 {me} 12 now
            chmod run.sh 0444
            exec ./run.sh  => EACCES
            chmod run.sh 0755
            exec ./run.sh  => exit 7
            chmod twin-1 0755
            stat twin-2    => file 0444 1 {me} 8 946684800.000000000
            chmod dir 0700
            stat dir       => dir 0700 3 {me} 946684800.000000000
            chmod to-file 0600
            stat input.txt => file 0600 1 {me} 12 now
            lstat to-file  => link 0777 1 {me} 9 946684800.000000000
            """);
  }

  @Test
  void execute_ofAnInputMadeExecutable_runsIt() {
    InputTree tree = new InputTree().file("script", "#!/bin/sh\nexit 5\n");
    bench
        .place(strategy, tree)
        .expect(
            """
            exec ./script => EACCES
            chmod script 0755
            exec ./script => exit 5
            """);
  }

  @Test
  void times_ofInputs_canBeSet() {
    place()
        .expect(
            """
            utimens input.txt 5 1000.5
            stat input.txt => file 0444 1 {me} 12 1000.000000005
            utimens input.txt omit omit
            stat input.txt => file 0444 1 {me} 12 1000.000000005
            utimens input.txt omit now
            stat input.txt => file 0444 1 {me} 12 now
            utimens dir 0 7
            stat dir       => dir 0755 3 {me} 7.000000000
            lutimens to-file 0 8
            lstat to-file  => link 0777 1 {me} 9 8.000000000
            stat input.txt => file 0444 1 {me} 12 now
            open 0 run.sh O_RDONLY
            futimens 0 9 9.999999999
            stat run.sh    => file 0555 1 {me} 17 9.999999999
            utimens twin-1 0 -1
            stat twin-1    => file 0444 1 {me} 8 -1.000000000
            utimens twin-1 0 4294967296
            stat twin-1    => file 0444 1 {me} 8 now
            """);
  }

  @Test
  void owner_ofInputs_canBeChangedByRoot() {
    Machine.needRoot();
    place()
        .expect(
            """
            chown input.txt 12345 54321
            stat input.txt => file 0444 1 12345:54321 12 946684800.000000000
            chown run.sh 12345 -1
            stat run.sh    => file 0555 1 12345:0 17 946684800.000000000
            lchown to-dir 3 4
            lstat to-dir   => link 0777 1 3:4 3 946684800.000000000
            stat dir       => dir 0755 3 0:0 946684800.000000000
            chown dir 12345 12345
            as 12345 12345
            put dir/mine 0644 text
            stat dir/mine  => file 0644 1 12345:12345 4 now
            unlink dir/a.txt
            put other 0644 x => EACCES
            open 0 input.txt O_RDWR => EACCES
            chmod input.txt 0644
            open 0 input.txt O_RDWR
            write 0 H      => 1
            """);
  }

  @Test
  void openDescriptor_forWritingAcrossTheFirstChange_seesIt() {
    Machine.needRoot();
    place()
        .expect(
            """
            open 0 input.txt O_RDWR
            pread 0 0 5      => hello
            pwrite 0 0 J     => 1
            pread 0 0 5      => Jello
            open 1 input.txt O_RDONLY
            pread 1 0 5      => Jello
            unlink input.txt
            pwrite 0 1 u     => 1
            pread 1 0 5      => Jullo
            """);
  }

  @Test
  void openForWriting_whileOthersReadTheInput_works() {
    Machine.needRoot();
    // What descriptors 0 and 2 read after the change is left open: views may differ there.
    place()
        .expect(
            """
            open 0 input.txt O_RDONLY
            pread 0 0 5      => hello
            open 1 input.txt O_RDWR
            pwrite 1 0 J     => 1
            pread 1 0 5      => Jello
            open 2 input.txt O_RDONLY
            pread 2 0 5      => Jello
            cat input.txt    => Jello,%20world
            map 0 1 0 12 READ|WRITE SHARED
            mput 0 1 u
            mget 0 0 5       => Jullo
            msync 0
            cat input.txt    => Jullo,%20world
            open 3 run.sh O_RDONLY
            chmod run.sh 0755
            open 4 run.sh O_WRONLY|O_TRUNC
            write 4 #!/bin/sh%0Aexit%208%0A => 17
            close 4
            exec ./run.sh    => exit 8
            pread 0 0 1      => *
            open 5 big O_RDONLY
            map 1 5 0 4096 READ SHARED
            truncate big 10
            stat big         => file 0444 1 {me} 10 now
            open 6 big O_RDWR
            fstat 6          => file 0444 1 {me} 10 now
            pwrite 6 0 x     => 1
            close 5
            fstat 6          => file 0444 1 {me} 10 now
            pread 6 0 1      => x
            """);
  }

  @Test
  void link_ofAnInput_sharesItsChanges() {
    Machine.needMoreThanLibfuse(strategy, "makes an inode of each name");
    Machine.needToLinkInputs(strategy);
    place()
        .expect(
            """
            link input.txt dir/second
            stat input.txt   => file 0444 2 {me} 12 946684800.000000000
            same input.txt dir/second => same
            chmod dir/second 0644
            stat input.txt   => file 0644 2 {me} 12 946684800.000000000
            open 0 input.txt O_RDWR
            pwrite 0 0 J     => 1
            cat dir/second   => Jello,%20world
            unlink input.txt
            stat dir/second  => file 0644 1 {me} 12 now
            link run.sh run2
            exec ./run2      => exit 7
            link to-file to-file-2
            readlink to-file-2 => input.txt
            link dir x       => EPERM
            link none x      => ENOENT
            link run.sh run2 => EEXIST
            """);
  }

  @Test
  void inputs_renamedAndReplaced_behaveAsAnyFile() {
    Machine.needToMoveInputDirectories(strategy);
    place()
        .expect(
            """
            rename input.txt dir/moved
            cat dir/moved    => hello,%20world
            stat input.txt   => ENOENT
            cat to-file      => ENOENT
            put input.txt 0644 new
            cat to-file      => new
            rename dir/a.txt dir/b.txt
            cat dir/b.txt    => aaa
            list dir         => b.txt moved sub/ up@
            rename dir/sub sub
            cat sub/deep.txt => deep
            unlink run.sh
            stat run.sh      => ENOENT
            mkdir run.sh 0755
            list run.sh      => %
            rmdir empty-dir
            put empty-dir 0600 file
            cat empty-dir    => file
            """);
  }

  @Test
  void rmTree_ofAllInputs_leavesAnEmptyWritableDirectory() {
    Place place = place();
    place.shell("rm -rf ./*").ok();
    place.expect(
        """
        list .  => %
        mkdir dir 0755
        list dir => %
        put dir/a.txt 0644 other
        cat dir/a.txt => other
        """);
  }
}
