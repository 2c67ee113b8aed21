package build.inputfs.it.programs;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each test runs a script twice: where it is tested, and on a private copy. What it prints and all
 * that it leaves must be the same. On a private copy that proves that the script is repeatable.
 * They run as root, so not where inputs are the store's own files.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HARDLINK")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ProgramsTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  @Test
  void git_fromInitToClone_works() {
    Machine.needProgram("git");
    same(
        sources(),
        """
        export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
        export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
        export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z'
        git init -q -b main .
        git add .
        git commit -q -m first
        git status --short
        for i in 1 2 3 4 5; do
          echo "line $i" >> notes
          git mv src/part$i.c src/moved$i.c
          git add -A
          git commit -q -m "change $i"
        done
        git gc -q --prune=now
        git fsck --strict 2>&1
        git count-objects -v | grep -v size
        git clone -q . copy
        git -C copy log --format='%H %s'
        git -C copy diff --stat HEAD~3
        git checkout -q -b side HEAD~2
        git merge -q -m merged main
        git stash list
        git rev-parse HEAD 'HEAD^{tree}'
        git worktree add -q tree main
        git -C tree status --short
        rm -rf .git copy/.git tree/.git
        """);
  }

  @Test
  void gcc_compilingLinkingAndRunning_works() {
    Machine.needProgram("gcc");
    same(
        sources(),
        """
        mkdir -p out
        for f in src/*.c; do gcc -O1 -Iinclude -MD -c "$f" -o "out/$(basename "$f" .c).o"; done
        ar rcsD out/libparts.a out/part*.o
        gcc -o out/program out/main.o -Lout -lparts
        ./out/program
        strip -o out/stripped out/program
        strip out/program
        cmp out/program out/stripped
        ./out/stripped
        cat out/main.d
        """);
  }

  @Test
  void make_buildsOnceAndAgainOnlyWhatChanged() {
    Machine.needProgram("make");
    InputTree tree =
        sources()
            .file(
                "Makefile",
                """
                parts := $(patsubst src/%.c,out/%.o,$(wildcard src/*.c))
                out/program: $(parts)
                \tgcc -o $@ $(sort $^)
                out/%.o: src/%.c include/part.h
                \t@mkdir -p $(@D)
                \tgcc -Iinclude -c -o $@ $<
                """);
    same(
        tree,
        """
        make -s -j2
        ./out/program
        make -q && echo up to date
        touch src/part3.c
        make -n
        make -s
        make -q && echo up to date again
        """);
  }

  @Test
  void javac_andJava_work() {
    Path jdk = Path.of(System.getProperty("java.home"));
    InputTree tree = new InputTree();
    for (int i = 0; i < 30; i++) {
      tree.file(
          "java/demo/Part%d.java".formatted(i),
          "package demo;\npublic record Part%1$d(int value) { public int twice() { return value * 2; } }\n"
              .formatted(i));
    }
    tree.file(
        "java/demo/Main.java",
        """
        package demo;
        import java.nio.file.*;
        public final class Main {
          public static void main(String[] args) throws Exception {
            Path out = Path.of(args[0]);
            Files.createDirectories(out.getParent());
            Files.writeString(out, "total " + (new Part1(20).twice() + new Part29(1).twice()));
            Files.move(out, out.resolveSibling("moved"), StandardCopyOption.ATOMIC_MOVE);
            try (var all = Files.walk(Path.of("java"))) { System.out.println(all.count()); }
            try (var map = java.nio.channels.FileChannel.open(out.resolveSibling("moved"))) {
              var bytes = map.map(java.nio.channels.FileChannel.MapMode.READ_ONLY, 0, 5);
              System.out.println((char) bytes.get(0));
            }
          }
        }
        """);
    same(
        tree,
        """
        %1$s/bin/javac -d classes java/demo/*.java
        %1$s/bin/java -XX:-UsePerfData -cp classes demo.Main results/total
        %1$s/bin/jar --create --date=2001-01-01T00:00:00Z --file demo.jar -C classes .
        %1$s/bin/java -XX:-UsePerfData -cp demo.jar demo.Main results/again
        """
            .formatted(jdk));
  }

  @Test
  void tar_packingAndUnpacking_keepsAll() {
    same(
        sources().symlink("link", "src/main.c").directory("hollow"),
        """
        tar --sort=name -cf all.tar include src link hollow
        mkdir there
        tar -xpf all.tar -C there
        tar -tvf all.tar | wc -l
        tar -df all.tar
        tar -rf all.tar data
        tar -xOf all.tar data/words | cksum
        tar -czf all.tar.gz -C there .
        rm all.tar.gz
        """);
  }

  @Test
  void rsync_copyingAndUpdating_works() {
    Machine.needProgram("rsync");
    same(
        sources().symlink("link", "src/main.c"),
        """
        mkdir away
        rsync -aH include src link data away/
        echo changed >> away/src/main.c
        rm away/src/part1.c
        rsync -aHi --checksum --delete include src link data away/ | sort
        rsync -a --inplace --no-whole-file away/data/ data/
        diff -r src away/src
        """);
  }

  @Test
  void sed_inPlace_changesInputs() {
    same(
        sources(),
        """
        sed -i 's/part/PART/g' src/main.c include/part.h
        sed -i.orig '1d' data/words
        wc -l < data/words
        wc -l < data/words.orig
        sort -r -o data/words data/words
        head -2 data/words
        """);
  }

  @Test
  void sqlite_withJournalAndWithLog_works() {
    Machine.needProgram("sqlite3");
    String fill =
        """
        CREATE TABLE t(i INTEGER PRIMARY KEY, s TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
          INSERT INTO t SELECT i, 'row ' || i FROM n;
        UPDATE t SET s = s || '!' WHERE i % 3 = 0;
        BEGIN; DELETE FROM t; ROLLBACK;
        CREATE INDEX s ON t(s);
        SELECT count(*), sum(length(s)) FROM t;
        PRAGMA integrity_check;
        """;
    same(
        new InputTree().file("fill.sql", fill),
        """
        for mode in delete truncate persist memory wal; do
          { echo "PRAGMA journal_mode=$mode;"; cat fill.sql; } | sqlite3 $mode.db
        done
        # Two writers at once, each waiting for the other's lock.
        for who in 1 2; do
          ( for i in 1 2 3 4 5 6 7 8 9 10; do
              sqlite3 -cmd '.timeout 60000' wal.db "INSERT INTO t(s) VALUES('by $who');"
              sqlite3 -cmd '.timeout 60000' delete.db "INSERT INTO t(s) VALUES('by $who');"
            done ) &
          eval p$who=$!
        done
        wait $p1
        wait $p2
        for db in wal delete; do
          sqlite3 $db.db "SELECT s, count(*) FROM t WHERE s LIKE 'by%' GROUP BY s; PRAGMA integrity_check"
          sqlite3 $db.db .dump | grep -v "by [12]" | cksum
          rm $db.db*
        done
        rm ./*-journal
        """);
  }

  @Test
  void coreutils_onInputsAndNewFiles_work() {
    same(
        sources(),
        """
        cp -a src copied
        cp --sparse=always data/words words
        cp --reflink=auto data/words words2
        mv src/part1.c include/
        mv include moved
        dd if=/dev/zero of=words bs=1 seek=10 count=5 conv=notrunc status=none
        install -m 0750 src/main.c installed
        ln -s moved/part.h link
        ln moved/part.h hard
        split -n 3 words2 piece-
        cat piece-aa piece-ab piece-ac | cmp - words2
        touch -d '2002-02-02 02:02:02Z' words words2
        find . -type f -newer words2 | LC_ALL=C sort
        find . -name 'part*.c' -exec rm {} +
        find . -depth -type d -empty -print
        du -a --apparent-size -b copied | LC_ALL=C sort
        truncate -s 100k large
        chmod -R u+w,g-r moved
        stat -c '%n %a %h %s' moved/* hard | LC_ALL=C sort
        mkdir -p a/b/c/d && rmdir -p a/b/c/d
        rm -rf data
        """);
  }

  @Test
  void python_environment_isMadeAndUsed() {
    Machine.needProgram("python3");
    same(
        sources(),
        """
        export PYTHONDONTWRITEBYTECODE=1
        python3 - <<'END'
        import os, shutil, sqlite3, tempfile, zipfile, mmap
        with zipfile.ZipFile('all.zip', 'w') as z:
            for folder, _, names in sorted(os.walk('src')):
                for name in sorted(names):
                    z.write(os.path.join(folder, name))
        zipfile.ZipFile('all.zip').extractall('unzipped')
        print(sorted(os.listdir('unzipped/src')))
        shutil.copytree('src', 'tree')
        shutil.move('tree', 'moved')
        with tempfile.TemporaryDirectory(dir='.') as t:
            shutil.copy2('data/words', t)
        with open('data/words', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
            m[0:5] = b'WORDS'
        print(open('data/words').readline().strip())
        shutil.rmtree('unzipped')
        os.remove('all.zip')
        END
        python3 -m venv --without-pip env
        env/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'
        rm -rf env
        """);
  }

  /** A small program in C with a header, and something to sort. */
  private static InputTree sources() {
    InputTree tree = new InputTree();
    StringBuilder header = new StringBuilder("#pragma once\n");
    StringBuilder calls = new StringBuilder();
    for (int i = 1; i <= 8; i++) {
      header.append("int part%d(int);\n".formatted(i));
      calls.append("  sum += part%d(sum);\n".formatted(i));
      tree.file(
          "src/part%d.c".formatted(i),
          "#include \"part.h\"\nint part%1$d(int n) { return n * %1$d + 1; }\n".formatted(i));
    }
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      words.append("word ").append(Integer.toHexString(i * 2654435)).append('\n');
    }
    return tree.file("include/part.h", header.toString())
        .file(
            "src/main.c",
            "#include <stdio.h>\n#include \"part.h\"\nint main(void) {\n  int sum = 0;\n"
                + calls
                + "  printf(\"sum %d\\n\", sum);\n}\n")
        .file("data/words", words.toString());
  }

  private void same(InputTree tree, String script) {
    Place tested = bench.place(strategy, tree);
    Place copy = bench.copy(strategy, tree);
    String printed = copy.shell(script).ok().out();
    assertThat(tested.shell(script).ok().out()).isEqualTo(printed);
    assertThat(tested.dump()).isEqualTo(copy.dump());
  }
}
