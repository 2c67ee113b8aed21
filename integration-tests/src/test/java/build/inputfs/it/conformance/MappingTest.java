package build.inputfs.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Files mapped into memory. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MappingTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void map_anInput_showsItsBytes() {
    place()
        .expect(
            """
            open 0 input.txt O_RDONLY
            map 0 0 0 12 READ SHARED
            mget 0 0 12      => hello,%20world
            map 1 0 0 12 READ|WRITE PRIVATE
            mput 1 0 J
            mget 1 0 5       => Jello
            mget 0 0 5       => hello
            cat input.txt    => hello,%20world
            map 2 0 0 12 READ|WRITE SHARED => EACCES
            protect 0 READ|WRITE => EACCES
            close 0
            unlink input.txt
            mget 0 7 5       => world
            map 3 0 0 12 READ SHARED => EBADF
            open 1 run.sh O_RDONLY
            map 4 1 0 17 READ|EXEC PRIVATE
            mget 4 0 9       => #!/bin/sh
            """);
  }

  @Test
  void map_sharedAndWritten_isSeenByReadersAndKept() {
    place()
        .expect(
            """
            open 0 file O_RDWR|O_CREAT 0644
            ftruncate 0 8192
            map 0 0 0 8192 READ|WRITE SHARED
            mput 0 4090 across-a-page
            pread 0 4090 13 => across-a-page
            open 1 file O_RDWR
            pwrite 1 4090 ACROSS => 6
            mget 0 4090 13  => ACROSS-a-page
            map 1 1 4096 4096 READ SHARED
            mget 1 0 7      => -a-page
            mput 0 4096 +
            mget 1 0 1      => +
            msync 0
            unmap 0
            unmap 1
            pread 1 4090 13 => ACROSS+a-page
            stat file       => file 0644 1 {me} 8192 now
            """);
  }

  @Test
  void map_sharedOverAnInput_changesThePrivateCopy() {
    Machine.needInputsOfItsOwn(strategy);
    Machine.needRoot();
    place()
        .expect(
            """
            open 0 twin-1 O_RDWR
            map 0 0 0 8 READ|WRITE SHARED
            mput 0 4 SAME
            msync 0
            unmap 0
            cat twin-1 => the%20SAME
            cat twin-2 => the%20same
            """);
  }

  @Test
  void map_keptAfterItsFileIsGone_stillWorks() {
    place()
        .expect(
            """
            open 0 file O_RDWR|O_CREAT 0644
            fill 0 0 100000 4 => 100000
            map 0 0 0 100000 READ|WRITE SHARED
            close 0
            unlink file
            mput 0 99000 end
            msync 0
            mget 0 99000 3  => end
            """);
  }

  @Test
  void map_ofALargeFile_showsEveryPage() {
    Place place = place();
    place.expect(
        """
        open 0 file O_RDWR|O_CREAT 0644
        fill 0 0 3000000 5 => 3000000
        map 0 0 0 3000000 READ SHARED
        open 1 big O_RDONLY
        map 1 1 0 300000 READ SHARED
        """);
    assertThat(place.ask("mget 0 0 3000000")).isEqualTo(place.ask("cat file"));
    assertThat(place.ask("mget 1 0 300000")).isEqualTo(place.ask("cat big"));
  }
}
