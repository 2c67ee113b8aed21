package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What programs see in a mount, with files that the kernel uses by itself (passthrough) and with
 * files that go through the page cache.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class FuseSessionTest {
  private static TestMount mount(boolean passthrough) throws Exception {
    return TestMount.of(MountOptions.PRIVATE.withPassthrough(passthrough));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void namesAndContents_behaveAsOnADisk(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      m.fs.addInput("in", "input\n");
      assertThat(
              m.sh(
                  """
                  cat in
                  mkdir -p a/b/c
                  echo one > a/b/one
                  cat a/b/one
                  echo two >> a/b/one
                  cat a/b/one
                  ln a/b/one a/two
                  stat -c %h a/two
                  ln -s b/one a/link
                  readlink a/link
                  cat a/link
                  mv a/b/one a/b/three
                  test ! -e a/b/one
                  cat a/b/three
                  rm a/two
                  stat -c %h a/b/three
                  mkfifo p
                  test -p p
                  truncate -s 3 a/b/three
                  cat a/b/three; echo
                  rmdir a/b 2>&1 || true
                  rm -r a
                  ls -A
                  mkdir d
                  ls -di . d/.. | awk '{print $1}' | uniq | wc -l
                  """))
          .isEqualTo(
              """
              input
              one
              one
              two
              2
              b/one
              one
              two
              one
              two
              1
              one
              rmdir: failed to remove 'a/b': Directory not empty
              in
              p
              1
              """);
      m.fs.awaitNoOpens();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bigFile_isReadAndWrittenWhole(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      assertThat(
              m.sh(
                  """
                  head -c 5000001 /dev/urandom > big
                  md5sum < big > sum
                  dd if=big of=copy bs=1M 2>/dev/null
                  md5sum < copy | cmp - sum
                  dd if=copy of=again bs=4k 2>/dev/null
                  cp again third
                  md5sum < third | cmp - sum
                  stat -c %s third
                  """))
          .isEqualTo("5000001\n");
      assertThat(m.session.passthrough()).isEqualTo(passthrough);
      boolean served = m.count(Opcode.READ) + m.count(Opcode.WRITE) > 0;
      assertThat(served).isEqualTo(!passthrough);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void writesByAnotherUser_clearSetIdBits(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      assertThat(
              m.sh(
                  """
                  as() { setpriv --reuid 12345 --regid 12345 --clear-groups "$@"; }
                  chmod 0777 .
                  for f in append truncate direct set plain; do
                    as sh -c "echo x > $f; chmod 6755 $f"
                  done
                  stat -c %a append
                  as sh -c 'echo y >> append'
                  as sh -c ': > truncate'
                  as dd if=/dev/zero of=direct bs=4096 count=1 conv=notrunc oflag=direct 2>/dev/null
                  as truncate -s 5 set
                  stat -c '%n %a' append truncate direct set plain
                  chmod 6755 append; echo z >> append; stat -c %a append
                  chown 54321 plain; stat -c %a plain
                  """))
          .isEqualTo(
              """
              6755
              append 755
              truncate 755
              direct 755
              set 755
              plain 6755
              6755
              755
              """);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void modeBits_areChecked(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      m.fs.addInput("in", "input\n");
      assertThat(
              m.sh(
                  """
                  as() { setpriv --reuid 12345 --regid 12345 --clear-groups "$@" 2>&1 || true; }
                  as sh -c 'cat in'
                  as sh -c 'echo x > in'
                  as touch new
                  umask 027; mkdir d; : > f; stat -c %a d f
                  as ls d
                  """))
          .contains("input\n", "cannot create in: Permission denied")
          .contains("'new': Permission denied", "750\n640\n", "'d': Permission denied");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void lessCommonCalls_work(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      assertThat(
              m.python(
                  """
                  import mmap, fcntl, ctypes, errno, socket
                  libc = ctypes.CDLL(None, use_errno=True)
                  def rename2(a, b, flags):
                    r = libc.renameat2(-100, a, -100, b, flags)
                    return 'ok' if r == 0 else errno.errorcode[ctypes.get_errno()]
                  def fails(f):
                    try: f()
                    except OSError as e: return errno.errorcode[e.errno]
                    return 'ok'

                  # Shared, writable mappings
                  f = os.open('m', os.O_RDWR | os.O_CREAT)
                  os.ftruncate(f, 8192)
                  with mmap.mmap(f, 8192) as map:
                    map[4096:4100] = b'mmap'
                    map.flush()
                    print(os.pread(f, 4, 4096))
                  print(open('m', 'rb').read()[4096:4100])

                  # An unlinked file lives on
                  os.write(f, b'gone'); os.unlink('m')
                  print(os.pread(f, 4, 0), os.fstat(f).st_nlink, os.path.exists('m'))
                  os.close(f)

                  # Holes, fallocate, copy_file_range
                  f = os.open('holes', os.O_RDWR | os.O_CREAT)
                  os.pwrite(f, b'x', 1 << 20)
                  print(os.lseek(f, 0, os.SEEK_DATA) == 1 << 20, os.lseek(f, 0, os.SEEK_HOLE))
                  print(fails(lambda: os.lseek(f, 2 << 20, os.SEEK_DATA)))
                  os.posix_fallocate(f, 0, 2 << 20)
                  print(os.fstat(f).st_size)
                  g = os.open('copy', os.O_RDWR | os.O_CREAT)
                  print(os.copy_file_range(f, g, 10, 1 << 20, 5), os.pread(g, 20, 0))
                  os.fsync(g); os.fdatasync(g); os.sync()

                  # O_TMPFILE gets a name by linkat
                  t = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600)
                  os.write(t, b'tmp')
                  libc.linkat(-100, b'/proc/self/fd/%d' % t, -100, b'named', 0x400)
                  print(open('named').read(), os.fstat(t).st_nlink)

                  # renameat2
                  open('p', 'w').write('P'); open('q', 'w').write('Q')
                  print(rename2(b'p', b'q', 1), rename2(b'p', b'q', 2), open('p').read())
                  print(rename2(b'p', b'w', 4), rename2(b'p', b'r', 1), os.path.exists('p'))

                  # What there is not
                  print(fails(lambda: os.setxattr('q', 'user.a', b'b')))
                  print(fails(lambda: os.getxattr('q', 'user.a')))
                  print(fails(lambda: fcntl.ioctl(g, 0x5401)), fails(lambda: fcntl.ioctl(g, 0x80086601)))
                  print(fails(lambda: os.mknod('dev', 0o020600, os.makedev(1, 3))))

                  # Locks
                  fcntl.flock(g, fcntl.LOCK_EX); fcntl.lockf(g, fcntl.LOCK_EX)
                  h = os.open('copy', os.O_RDWR)
                  print(fails(lambda: fcntl.flock(h, fcntl.LOCK_EX | fcntl.LOCK_NB)))

                  s = socket.socket(socket.AF_UNIX); s.bind('sock')
                  print(fails(lambda: os.open('sock', os.O_RDONLY)))
                  os.utime('q', ns=(5_000_000_001, 6_000_000_002))
                  print(os.stat('q').st_atime_ns, os.stat('q').st_mtime_ns)
                  print(os.statvfs('.').f_namemax, fails(lambda: open('n' * 256, 'w')))
                  print(len(os.readlink('/proc/self/cwd')) > 1, fails(lambda: os.readlink('q')))
                  """))
          .isEqualTo(
              """
              b'mmap'
              b'mmap'
              b'gone' 0 False
              True 0
              ENXIO
              2097152
              10 b'\\x00\\x00\\x00\\x00\\x00x\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'
              tmp 1
              EEXIST ok Q
              EINVAL ok False
              ENOTSUP
              ENOTSUP
              ENOTTY ENOTTY
              EPERM
              EAGAIN
              ENXIO
              5000000001 6000000002
              255 ENAMETOOLONG
              True EINVAL
              """);
      m.fs.awaitNoOpens();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void inputOpenedForWriting_whileSomebodyReadsIt_becomesAPrivateCopy(boolean passthrough)
      throws Exception {
    try (TestMount m = mount(passthrough)) {
      m.fs.addInput("in", "input\n");
      String printed =
          m.python(
              """
              old = open('in', 'rb', 0)
              inode = os.fstat(old.fileno()).st_ino
              print(old.read(2))
              new = open('in', 'r+b', 0)
              new.seek(0, 2)
              new.write(b'more\\n')
              print(os.fstat(old.fileno()).st_size, os.stat('in').st_size)
              print(inode == os.stat('in').st_ino == os.fstat(new.fileno()).st_ino)
              print(open('in', 'rb').read())
              old.seek(0)
              print(old.read())
              new.truncate(3)
              old.close()
              print(open('in', 'rb').read(), os.stat('in').st_size)
              new.close()
              os.unlink('in')
              """);
      // The kernel reads the old file for those who opened it before: so does overlayfs.
      String old = passthrough ? "b'input\\n'" : "b'input\\nmore\\n'";
      assertThat(printed)
          .isEqualTo(
              """
              b'in'
              11 11
              True
              b'input\\nmore\\n'
              %s
              b'inp' 3
              """
                  .formatted(old));
      m.fs.awaitNoOpens();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void moreInputsThanBackingFilesAreKept_canAllBeReadTwice(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      for (int i = 0; i < 1100; i++) {
        m.fs.addInput("f" + i, "content of " + i);
      }
      String twice = "for i in 1 2; do cat f* | md5sum; done | uniq | wc -l";
      assertThat(m.sh(twice)).isEqualTo("1\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void directoryOfManyEntries_isListedWhole(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      assertThat(
              m.sh(
                  """
                  mkdir d; cd d
                  seq -f 'a-rather-long-name-%.0f' 1 5000 | xargs touch
                  ls | wc -l
                  ls -l | wc -l
                  ls -f | sort | uniq -d | wc -l
                  cd ..; rm -r d; ls -A
                  """))
          .isEqualTo("5000\n5001\n0\n");
      // Whatever the kernel learnt of it was counted and is given back, in its own time.
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (m.fs.nodeCount() >= 10 && System.nanoTime() < limit) {
        Thread.sleep(5);
      }
      assertThat(m.fs.nodeCount()).isLessThan(10);
    }
  }

  /** A backing file must not be on a stacked filesystem, as the layers of containers are. */
  @Test
  void backingFilesThatTheKernelRefuses_goThroughThePageCache() throws Exception {
    TestMount.requireFuse();
    Path layers = Files.createTempDirectory("inputfs-kernel-layers");
    try {
      Child.sh(
          layers,
          """
          mount -t tmpfs tmpfs .
          cd "$0"; mkdir lower upper work merged
          mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged
          """);
      try (TestMount m =
          TestMount.of(
              MountOptions.PRIVATE,
              (posix, disk) -> new MemoryFileSystem(posix, layers.resolve("merged")))) {
        m.fs.addInput("in", "input\n");
        assertThat(m.session.passthrough()).isTrue();
        assertThat(m.sh("cat in; echo x > y; cat y in; cat in"))
            .isEqualTo("input\nx\ninput\ninput\n");
        assertThat(m.session.passthrough()).isFalse();
        assertThat(m.session.mechanism()).endsWith("through the page cache");
        // What was read is kept in the page cache from then on: one request for each file.
        assertThat(m.count(Opcode.READ)).isEqualTo(2);
        m.fs.awaitNoOpens();
      }
    } finally {
      Child.sh(Path.of("/"), "umount -R -l " + layers + "; rmdir " + layers);
    }
  }

  /** Cached for ever means: asked once. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void kernel_asksOnce(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      m.fs.addInput("in", "input\n");
      String look =
          "test ! -e nothing; stat in > /dev/null; test -r in; ls > /dev/null; ls -l > /dev/null";
      m.sh("ln -s in link; cat link > /dev/null; " + look);
      long lookups = m.count(Opcode.LOOKUP);
      long getattrs = m.count(Opcode.GETATTR);
      long listings = m.count(Opcode.READDIR) + m.count(Opcode.READDIRPLUS);
      m.sh("readlink link; " + look.repeat(10).replace("null" + "test", "null; test"));
      assertThat(m.count(Opcode.LOOKUP)).isEqualTo(lookups);
      assertThat(m.count(Opcode.GETATTR)).isEqualTo(getattrs);
      assertThat(m.count(Opcode.READDIR) + m.count(Opcode.READDIRPLUS)).isEqualTo(listings);
      assertThat(m.count(Opcode.READLINK)).isEqualTo(1);
      assertThat(m.count(Opcode.OPENDIR)).isEqualTo(1);
      assertThat(m.count(Opcode.FLUSH)).isEqualTo(1);
      assertThat(m.count(Opcode.INIT)).isEqualTo(1);
      assertThat(m.session.requests()).containsEntry("LOOKUP", lookups);

      // And what it keeps is not out of date.
      assertThat(m.sh("echo x > nothing; test -s nothing; rm in; ls")).isEqualTo("link\nnothing\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withoutCaching_kernelAsksEachTime(boolean passthrough) throws Exception {
    MountOptions options =
        MountOptions.PRIVATE.withPassthrough(passthrough).withCaching(CachePolicy.NONE);
    try (TestMount m = TestMount.of(options)) {
      m.sh("test ! -e nothing");
      // Behind the kernel's back.
      m.fs.addInput("nothing", "something\n");
      assertThat(m.sh("cat nothing; ls")).isEqualTo("something\nnothing\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void create_whenTheNameCameToBeMeanwhile_opensIt(boolean passthrough) throws Exception {
    try (TestMount m = mount(passthrough)) {
      m.sh("test ! -e late");
      m.fs.addInput("late", "late\n");
      assertThat(m.sh("echo more >> late; cat late")).isEqualTo("late\nmore\n");
      m.sh("test ! -e later");
      m.fs.addInput("later", "later\n");
      assertThat(m.sh("set -C; (echo more > later) 2>&1 || true")).contains("cannot create later");
      m.fs.awaitNoOpens();
      assertThat(new String(m.fs.contentOf("later"), StandardCharsets.US_ASCII))
          .isEqualTo("later\n");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readOnlyMount_refusesChanges(boolean passthrough) throws Exception {
    MountOptions options = MountOptions.PRIVATE.withPassthrough(passthrough).withReadOnly(true);
    try (TestMount m = TestMount.of(options)) {
      m.fs.addInput("in", "input\n");
      assertThat(m.sh("cat in; (echo x >> in) 2>&1 || true; mkdir d 2>&1 || true"))
          .contains("input\n", "in: Read-only file system", "'d': Read-only file system");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void handlerThatThrows_costsOneCallAndNotTheMount(boolean passthrough) throws Exception {
    MountOptions options =
        MountOptions.PRIVATE.withPassthrough(passthrough).withCaching(CachePolicy.NONE);
    try (TestMount m =
        TestMount.of(
            options,
            (posix, disk) ->
                new MemoryFileSystem(posix, disk) {
                  @Override
                  protected void beforeLookup(String name) {
                    if (name.equals("bug")) {
                      throw new IllegalStateException("a bug, made for this test");
                    }
                  }
                })) {
      assertThat(m.sh("for i in 1 2 3 4 5; do cat bug 2>&1 || true; done; echo fine > new; ls"))
          .isEqualTo("cat: bug: Input/output error\n".repeat(5) + "new\n");
    }
  }
}
