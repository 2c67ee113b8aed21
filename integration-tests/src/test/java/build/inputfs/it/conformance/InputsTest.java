package build.inputfs.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a view holds before anybody has changed it. */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class InputsTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private Place place() {
    return bench.place(strategy, Trees.mixed());
  }

  @Test
  void attributes_ofEveryKindOfInput_areThoseOfTheTree() {
    place()
        .expect(
            """
            stat .                => dir 0755 4 {me} 946684800.000000000
            stat input.txt        => file 0444 1 {me} 12 946684800.000000000
            stat empty            => file 0444 1 {me} 0 946684800.000000000
            stat run.sh           => file 0555 1 {me} 17 946684800.000000000
            stat empty-run        => file 0555 1 {me} 0 946684800.000000000
            stat big              => file 0444 1 {me} 300000 946684800.000000000
            stat dir              => dir 0755 3 {me} 946684800.000000000
            stat empty-dir        => dir 0755 2 {me} 946684800.000000000
            stat dir/sub/deep.txt => file 0444 1 {me} 4 946684800.000000000
            lstat to-file         => link 0777 1 {me} 9 946684800.000000000
            stat to-file          => file 0444 1 {me} 12 946684800.000000000
            stat to-dir           => dir 0755 3 {me} 946684800.000000000
            stat dangling         => ENOENT
            stat loop             => ELOOP
            stat no-such          => ENOENT
            stat input.txt/below  => ENOTDIR
            stat input.txt/       => ENOTDIR
            """);
  }

  @Test
  void attributes_underAnyUmask_areTheSame() {
    place()
        .expect(
            """
            umask 0077
            stat input.txt => file 0444 1 {me} 12 946684800.000000000
            stat run.sh    => file 0555 1 {me} 17 946684800.000000000
            stat dir       => dir 0755 3 {me} 946684800.000000000
            """);
  }

  @Test
  void contents_ofInputs_areTheirBlobs() {
    Place place = place();
    place.expect(
        """
        cat input.txt => hello,%20world
        cat empty     => %
        cat to-file   => hello,%20world
        cat dir/up    => hello,%20world
        cat to-dir/sub/deep.txt => deep
        cat dir       => EISDIR
        open 0 big O_RDONLY
        pread 0 299990 100 => *
        pread 0 300000 1   => %
        pread 0 1000000 1  => %
        seek 0 -4 END      => 299996
        fill 0 -1 10 1     => EBADF
        """);
    // The same bytes, made by the other side's own code.
    place.expect("putfill pattern 0644 300000 7");
    assertThat(place.ask("cat big")).isEqualTo(place.ask("cat pattern"));
  }

  @Test
  void symlinks_ofAllKinds_areVerbatim() {
    place()
        .expect(
            """
            readlink to-file   => input.txt
            readlink to-dir    => dir
            readlink dangling  => no/such/file
            readlink absolute  => /etc/passwd
            readlink dir/up    => ../input.txt
            readlink loop      => loop
            readlink input.txt => EINVAL
            open 0 to-file O_RDONLY|O_NOFOLLOW => ELOOP
            cat absolute       => *bytes*
            """);
  }

  @Test
  void list_ofInputDirectories_namesEachEntryOnceWithItsType() {
    place()
        .expect(
            """
            list .         => absolute@ big dangling@ dir/ empty empty-dir/ empty-run input.txt loop@ run.sh to-dir@ to-file@ twin-1 twin-2 twin-run
            list dir       => a.txt b.txt sub/ up@
            list empty-dir => %
            list to-dir    => a.txt b.txt sub/ up@
            list input.txt => ENOTDIR
            list no-such   => ENOENT
            dots dir/sub   => here above
            dots dir       => here above
            seekdir . 4    => same
            """);
  }

  @Test
  void execute_anExecutable_runsIt() {
    place()
        .expect(
            """
            exec ./run.sh    => exit 7
            exec ./input.txt => EACCES
            exec ./empty-run => ENOEXEC
            access run.sh R_OK|X_OK
            access input.txt X_OK => EACCES
            """);
  }

  @Test
  void twins_ofOneContent_areTwoFiles() {
    Machine.needInputsOfItsOwn(strategy);
    place()
        .expect(
            """
            same twin-1 twin-2     => different
            same twin-1 twin-run   => different
            same twin-1 twin-1     => same
            same input.txt to-file => different
            """);
  }

  @Test
  void inode_ofAFileThatIsOpen_staysTheSame() {
    Machine.needToLinkInputs(strategy);
    place()
        .expect(
            """
            link input.txt second
            same input.txt second => same
            rename input.txt third
            same third second     => same
            fstat 0               => EBADF
            """);
  }

  @Test
  void names_longAndForeign_areVerbatim() {
    String longest = "n".repeat(255);
    String foreign = "grüße-日本語-🙂";
    InputTree tree =
        new InputTree()
            .file(longest, "long")
            .file(foreign, "foreign")
            .file("with space", "space")
            .file("-dash", "dash")
            .file("back\\slash", "backslash")
            .file("new\nline", "newline")
            .file("100%", "percent")
            .directory("ö/ä");
    Place place = bench.place(strategy, tree);
    place.expect(
        """
        cat %1$s        => long
        cat %2$s        => foreign
        cat with%%20space  => space
        cat ./-dash     => dash
        cat back\\slash => backslash
        cat new%%0Aline => newline
        cat 100%%25     => percent
        stat %3$s       => dir 0755 2 {me} *
        cat %1$sn       => ENAMETOOLONG
        rename %1$s %2$s
        cat %2$s        => long
        put %%FF%%FE 0644 bytes
        cat %%FF%%FE    => bytes
        """
            .formatted(longest, FsOps.escape(foreign), FsOps.escape("ö/ä")));
  }

  @Test
  void nodeProperties_ofInputs_areHonoured() {
    InputTree tree =
        new InputTree()
            .file("secret", "s")
            .file("writable", "w")
            .executable("old", "#!/bin/sh\nexit 3\n")
            .file("both", "b")
            .directory("private")
            .symlink("link", "both")
            .withProperties("secret", 0400, null)
            .withProperties("writable", 0664, null)
            .withProperties("old", null, Instant.ofEpochSecond(86_400, 123_000_000))
            .withProperties("both", 0640, Instant.ofEpochSecond(1_000_000_000))
            .withProperties("private", 0700, Instant.ofEpochSecond(1_100_000_000))
            .withProperties("link", null, Instant.ofEpochSecond(1_200_000_000));
    bench
        .place(strategy, tree)
        .expect(
            """
            stat secret   => file 0400 1 {me} 1 946684800.000000000
            stat writable => file 0664 1 {me} 1 946684800.000000000
            stat old      => file 0555 1 {me} 17 86400.123000000
            exec ./old    => exit 3
            stat both     => file 0640 1 {me} 1 1000000000.000000000
            stat private  => dir 0700 2 {me} 1100000000.000000000
            lstat link    => link 0777 1 {me} 4 1200000000.000000000
            cat secret    => s
            """);
  }

  @Test
  void deepTree_ofFortyLevels_isThereToItsEnd() {
    Machine.needToMoveInputDirectories(strategy);
    String path = "d/".repeat(40) + "leaf";
    bench
        .place(strategy, new InputTree().file(path, "found"))
        .expect("cat " + path + " => found\nrename d e\ncat e" + path.substring(1) + " => found");
  }

  @Test
  void emptyTree_isAnEmptyWritableDirectory() {
    bench
        .place(strategy, new InputTree())
        .expect(
            """
            list .  => %
            put a 0644 text
            list .  => a
            stat .  => dir 0755 2 {me} now
            """);
  }

  @Test
  void wholeTree_dumped_isThatOfThePrivateCopy() {
    Place place = place();
    Place copy = bench.copy(strategy, Trees.mixed());
    assertThat(place.dump()).isEqualTo(copy.dump());
  }

  @Test
  void statfs_ofAView_makesSense() {
    place().expect("statfs . => 255 sound\nstatfs input.txt => 255 sound");
  }
}
