package build.inputfs.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.fuse.mount.MountException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What programs see of a filesystem that libfuse serves. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class JnrMountTest {

  @Test
  void filesAndDirectories_areMadeReadWrittenAndRemoved() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      m.fs.addInput("in", "input\n");
      assertThat(
              m.sh(
                  """
                  cat in; mkdir -p a/b; echo one > a/b/f; echo two >> a/b/f; cat a/b/f
                  ln -s f a/b/l; readlink a/b/l; cat a/b/l
                  mv a/b a/c; cat a/c/f; ls a; mkfifo p; stat -c '%F' p
                  chmod 640 a/c/f; touch -d @12345.5 a/c/f; stat -c '%a %s %Y' a/c/f
                  truncate -s 3 a/c/f; cat a/c/f; echo; rm a/c/f a/c/l p; rmdir a/c a; ls
                  """))
          .isEqualTo("input\none\ntwo\nf\none\ntwo\none\ntwo\nc\nfifo\n640 8 12345\none\nin\n");
      m.fs.awaitNoOpens();
      assertThat(m.mount.mechanism()).startsWith("jnr transport, libfuse 2.");
    }
  }

  @Test
  void names_mayBeAnyBytes_andLong() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      assertThat(
              m.python(
                  """
                  odd = b'a\\xff\\xfe b\\n\\x01'
                  long = b'x' * 255
                  for name in (odd, long):
                    os.mkdir(name)
                    with open(name + b'/' + name, 'wb') as f: f.write(name)
                    os.rename(name + b'/' + name, name + b'/' + name[::-1])
                    assert os.listdir(name) == [name[::-1]], os.listdir(name)
                    assert open(name + b'/' + name[::-1], 'rb').read() == name
                  assert sorted(os.listdir(b'.')) == sorted([odd, long])
                  try:
                    open(b'y' * 256, 'wb'); print('opened')
                  except OSError as e: print(e.errno)
                  """))
          .isEqualTo("36\n");
    }
  }

  @Test
  void offsetsAndSizes_beyondFourGigabytes_areKept() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      assertThat(
              m.python(
                  """
                  f = os.open('big', os.O_RDWR | os.O_CREAT)
                  at = (5 << 30) + 7
                  assert os.pwrite(f, b'here', at) == 4
                  assert os.fstat(f).st_size == at + 4
                  assert os.pread(f, 10, at - 1) == b'\\0here'
                  os.ftruncate(f, 9 << 30)
                  assert os.stat('big').st_size == 9 << 30
                  os.close(f)
                  print('ok')
                  """))
          .isEqualTo("ok\n");
    }
  }

  @Test
  void removedWhileOpen_staysUsableAndLeavesNoName() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      assertThat(
              m.python(
                  """
                  os.mkdir('d')
                  f = os.open('d/f', os.O_RDWR | os.O_CREAT, 0o644)
                  g = os.open('d/g', os.O_RDWR | os.O_CREAT, 0o644)
                  os.write(f, b'kept'); os.write(g, b'old')
                  os.unlink('d/f')
                  with open('d/new', 'w') as n: n.write('new')
                  os.rename('d/new', 'd/g')
                  assert os.listdir('d') == ['g'], os.listdir('d')
                  os.write(f, b' on'); os.ftruncate(g, 2); os.fchmod(f, 0o600)
                  assert os.fstat(f).st_nlink == 0, os.fstat(f)
                  assert os.fstat(f).st_size == 7
                  assert os.fstat(f).st_mode & 0o777 == 0o600
                  assert os.pread(f, 9, 0) == b'kept on' and os.pread(g, 9, 0) == b'ol'
                  assert open('d/g').read() == 'new'
                  os.unlink('d/g'); os.rmdir('d')
                  assert os.listdir('.') == []
                  assert os.pread(f, 9, 0) == b'kept on'
                  os.close(f); os.close(g)
                  print('ok')
                  """))
          .isEqualTo("ok\n");
      m.fs.awaitNoOpens();
    }
  }

  @Test
  void changeThroughOneName_isSeenThroughAnother() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      assertThat(
              m.python(
                  """
                  with open('a', 'w') as f: f.write('first')
                  assert os.stat('a').st_nlink == 1
                  os.link('a', 'b')
                  assert os.stat('a').st_nlink == os.stat('b').st_nlink == 2
                  assert os.stat('a').st_ino == os.stat('b').st_ino
                  os.chmod('a', 0o600)
                  assert os.stat('b').st_mode & 0o777 == 0o600
                  with open('b', 'a') as f: f.write(' second')
                  assert os.stat('a').st_size == 12
                  assert open('a').read() == 'first second'
                  os.unlink('b')
                  assert os.stat('a').st_nlink == 1
                  print('ok')
                  """))
          .isEqualTo("ok\n");
    }
  }

  @Test
  void whatWasLookedUp_isNotAskedForAgain() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      m.fs.addInput("in", "input\n");
      m.sh("cat in; test ! -e missing");
      m.fs.awaitNoOpens();
      long reads = m.count(Callback.READ);
      long getattrs = 0;
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      boolean quick = false;
      while (!quick && System.nanoTime() < limit) {
        getattrs = m.count(Callback.GETATTR);
        long start = System.nanoTime();
        m.sh("cat in > /dev/null; test ! -e missing");
        quick = System.nanoTime() - start < TimeUnit.SECONDS.toNanos(1);
      }
      assertThat(m.count(Callback.READ)).isEqualTo(reads);
      // Attributes run out after a second: of the root and of the file, while one is looked at for
      // less than that.
      if (quick) {
        assertThat(m.count(Callback.GETATTR)).isLessThanOrEqualTo(getattrs + 2);
      } else {
        System.out.println("not told: how often attributes are asked for, on so slow a machine");
      }
    }
  }

  @Test
  void directoryOfManyFiles_isListedWhole() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE.withRemembered(100))) {
      assertThat(
              m.python(
                  """
                  for i in range(3000): open('name-%d' % i, 'w').close()
                  assert len(set(os.listdir('.'))) == 3000
                  for i in range(0, 3000, 2): os.unlink('name-%d' % i)
                  names = os.listdir('.')
                  assert sorted(names) == sorted('name-%d' % i for i in range(1, 3000, 2))
                  for n in names: os.stat(n)
                  print(len(names))
                  """))
          .isEqualTo("1500\n");
    }
  }

  @Test
  void change_ofAReadOnlyMount_isRefused() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE.withReadOnly(true))) {
      m.fs.addInput("in", "input\n");
      assertThat(m.sh("cat in; ! touch new 2>&1; ! rm in 2>&1"))
          .startsWith("input\n")
          .contains("Read-only file system");
    }
  }

  @Test
  void missingLibrary_isToldWithItsPackage() {
    assertThatThrownBy(() -> Libfuse.load(List.of("libfuse-none.so.2"), "install libfuse2"))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("libfuse-none.so.2")
        .hasMessageEndingWith("install libfuse2");
  }
}
