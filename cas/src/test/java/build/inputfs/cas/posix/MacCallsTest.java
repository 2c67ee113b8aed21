package build.inputfs.cas.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the calls of macOS come to, over real files. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class MacCallsTest {
  @TempDir Path folder = Path.of("");
  private final MacOnLinux mac = MacOnLinux.create();
  private final Posix posix = mac.posix();
  private final Posix linux = Posix.load();

  @Test
  void stat_tellsWhatLinuxTells() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "content");
    Files.createLink(folder.resolve("link"), file);
    for (Path path : List.of(file, folder, Path.of("/dev/null"))) {
      FileStat there = new FileStat();
      FileStat here = new FileStat();
      assertThat(posix.lstat(path, there)).isZero();
      assertThat(linux.lstat(path, here)).isZero();
      assertThat(describe(there)).isEqualTo(describe(here));
      assertThat(there.knowsMount()).isFalse();
    }
    assertThat(posix.lstat(folder.resolve("none"), new FileStat())).isEqualTo(-Errnos.ENOENT);
  }

  private static String describe(FileStat stat) {
    return List.of(
            stat.device(),
            stat.mode(),
            stat.nlink(),
            stat.ino(),
            stat.uid(),
            stat.gid(),
            stat.rdev(),
            stat.size(),
            stat.blocks(),
            stat.atimeSeconds(),
            stat.atimeNanos(),
            stat.mtimeSeconds(),
            stat.mtimeNanos(),
            stat.ctimeSeconds(),
            stat.ctimeNanos())
        .toString();
  }

  /** The bytes are laid out by hand, after sys/stat.h of macOS. */
  @Test
  void stat_ofRecordedBytes_isReadFieldByField() {
    byte[] raw =
        HexFormat.of()
            .parseHex(
                "04000001 a481 0200 1122334455667788 f5010000 14000000 07000002 00000000"
                        .replace(" ", "")
                    + le(1_700_000_001L)
                    + le(11)
                    + le(1_700_000_002L)
                    + le(22)
                    + le(1_700_000_003L)
                    + le(33)
                    + le(1_700_000_004L)
                    + le(44)
                    + le(5_000_000_000L)
                    + le(9_765_632L)
                    + "00".repeat(32));
    assertThat(raw).hasSize(MacLayouts.STAT);
    FileStat stat = new FileStat();
    MacLayouts.stat(raw, stat.bytes);
    assertThat(stat.device()).isEqualTo(1L << 32 | 4);
    assertThat(stat.mode()).isEqualTo(0100644);
    assertThat(stat.nlink()).isEqualTo(2);
    assertThat(stat.ino()).isEqualTo(0x8877665544332211L);
    assertThat(stat.uid()).isEqualTo(501);
    assertThat(stat.gid()).isEqualTo(20);
    assertThat(stat.rdev()).isEqualTo(2L << 32 | 7);
    assertThat(stat.atimeSeconds()).isEqualTo(1_700_000_001L);
    assertThat(stat.atimeNanos()).isEqualTo(11);
    assertThat(stat.mtimeSeconds()).isEqualTo(1_700_000_002L);
    assertThat(stat.mtimeNanos()).isEqualTo(22);
    assertThat(stat.ctimeSeconds()).isEqualTo(1_700_000_003L);
    assertThat(stat.ctimeNanos()).isEqualTo(33);
    assertThat(stat.size()).isEqualTo(5_000_000_000L);
    assertThat(stat.blocks()).isEqualTo(9_765_632L);
  }

  private static String le(long number) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void statvfs_tellsWhatLinuxTells() {
    long[] there = new long[8];
    long[] here = new long[8];
    assertThat(posix.statvfs(Path.of("/proc"), there)).isZero();
    assertThat(linux.statvfs(Path.of("/proc"), here)).isZero();
    assertThat(there).isEqualTo(here);
    byte[] raw = new byte[MacLayouts.STATVFS];
    ByteBuffer fields = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    fields.putLong(1 << 20).putLong(4096).putInt(-2).putInt(5).putInt(4).putInt(3).putInt(2);
    byte[] out = new byte[112];
    MacLayouts.statvfs(raw, out);
    ByteBuffer told = ByteBuffer.wrap(out).order(ByteOrder.nativeOrder());
    assertThat(told.getLong(0)).isEqualTo(1 << 20);
    assertThat(told.getLong(16)).isEqualTo(0xfffffffeL);
    assertThat(told.getLong(48)).isEqualTo(2);
  }

  @Test
  void entries_areThoseOfTheDirectory() throws IOException {
    Map<String, Integer> made = new TreeMap<>(Map.of(".", 4, "..", 4));
    for (int i = 0; i < 300; i++) {
      String name = i + "é".repeat(i % 60);
      made.put(name, i % 3 == 0 ? 4 : 8);
      Path path = folder.resolve(name);
      var _ = i % 3 == 0 ? Files.createDirectory(path) : Files.createFile(path);
    }
    Map<String, Integer> found = new TreeMap<>();
    int fd = posix.open(folder, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8192, 8);
      int length;
      while ((length = posix.getdents(fd, buffer.address(), buffer.byteSize())) > 0) {
        for (int at = 0; at < length; ) {
          found.put(
              buffer.getString(at + 19, UTF_8), (int) buffer.get(ValueLayout.JAVA_BYTE, at + 18));
          at += buffer.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16);
        }
      }
      assertThat(length).isZero();
    } finally {
      posix.close(fd);
    }
    assertThat(found).isEqualTo(made);
  }

  @Test
  void files_areMadeChangedAndMoved() throws IOException {
    Path file = folder.resolve("file");
    int directory = posix.open(folder, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    assertThat(posix.mknodat(directory, "file", 0100000 | 0640)).isZero();
    assertThat(posix.mknodat(directory, "fifo", 0010000 | 0640)).isEqualTo(-Errnos.ENOSYS);
    assertThat(posix.chmodat(directory, "file", 0600)).isZero();
    assertThat(mode(file)).isEqualTo(0600);
    Files.createDirectory(folder.resolve("closed"));
    try (Arena arena = Arena.ofConfined()) {
      long name = arena.allocateFrom("closed").address();
      assertThat(posix.chmodDirectory(directory, name, 0700)).isZero();
      assertThat(mode(folder.resolve("closed"))).isEqualTo(0700);
    }
    assertThat(posix.lchown(file, linux.geteuid(), linux.getegid())).isZero();
    int fd = posix.open(file, Posix.O_RDWR, 0);
    assertThat(posix.fchown(fd, linux.geteuid(), linux.getegid())).isZero();
    assertThat(posix.pwrite(fd, "content".getBytes(UTF_8), 0)).isEqualTo(7);
    assertThat(posix.fsync(fd, true)).isZero();
    byte[] path = new byte[4096];
    int length = posix.pathOf(fd, path);
    assertThat(new String(path, 0, length, UTF_8)).isEqualTo(file.toRealPath().toString());
    posix.close(fd);
    Path other = Files.writeString(folder.resolve("other"), "other");
    assertThat(rename(file, other, Posix.RENAME_NOREPLACE)).isEqualTo(-Errnos.EEXIST);
    assertThat(rename(file, other, Posix.RENAME_EXCHANGE)).isZero();
    assertThat(other).hasContent("content");
    assertThat(rename(file, folder.resolve("new"), Posix.RENAME_NOREPLACE)).isZero();
    assertThat(folder.resolve("new")).hasContent("other");
    posix.close(directory);
    assertThat(mac.called()).contains("F_BARRIERFSYNC", "F_GETPATH", "renameatx_np", "fstatat");
  }

  private int rename(Path from, Path to, int flags) {
    return posix.renameat2(Posix.AT_FDCWD, from.toString(), Posix.AT_FDCWD, to.toString(), flags);
  }

  private int mode(Path file) {
    FileStat stat = new FileStat();
    assertThat(posix.lstat(file, stat)).isZero();
    return stat.mode() & 07777;
  }

  @Test
  void clonesAndCopies_haveTheSameContent() throws IOException {
    byte[] content = new byte[700_000];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i / 7);
    }
    Path file = Files.write(folder.resolve("file"), content);
    int directory = posix.open(folder, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    int in = posix.open(file, Posix.O_RDONLY, 0);
    assertThat(posix.cloneAs(in, directory, "clone")).isZero();
    assertThat(posix.cloneAs(in, directory, "clone")).isEqualTo(-Errnos.EEXIST);
    assertThat(linux.cloneAs(in, directory, "never")).isEqualTo(-Errnos.ENOSYS);
    assertThat(folder.resolve("never")).doesNotExist();
    int out = posix.open(folder.resolve("copy"), Posix.O_RDWR | Posix.O_CREAT, 0600);
    assertThat(posix.reflink(in, out)).isEqualTo(-Errnos.ENOTTY);
    long[] from = {100_000};
    long[] to = {100_000};
    while (posix.copyFileRange(in, from, out, to, content.length) > 0) {}
    assertThat(from[0]).isEqualTo(content.length).isEqualTo(to[0]);
    assertThat(linux.lseek(in, 0, 0)).isZero();
    assertThat(posix.copyFileRange(in, out, 100_000)).isEqualTo(100_000);
    assertThat(folder.resolve("copy")).hasBinaryContent(content);
    assertThat(folder.resolve("clone")).hasBinaryContent(content);
    posix.close(out);
    posix.close(in);
    posix.close(directory);
  }

  @Test
  void callsThatMacOsLacks_failAndNameTheReason() {
    assertThat(posix.mount("none", folder, "tmpfs", 0, "")).isEqualTo(-Errnos.ENOSYS);
    assertThat(posix.umount2(folder, 0)).isIn(-Errnos.EINVAL, -Errnos.EPERM);
    assertThat(mac.called()).contains("unmount");
    assertThat(posix.openTree(folder)).isEqualTo(-Errnos.ENOSYS);
    assertThat(posix.ioUringSetup(1, 0)).isEqualTo(-Errnos.ENOSYS);
    assertThat(posix.fallocate(0, 0, 0, 1)).isEqualTo(-Errnos.EOPNOTSUPP);
    assertThat(posix.ioctl(0, 1, 0)).isEqualTo(-Errnos.ENOTTY);
    assertThat(posix.linkDescriptor(0, Posix.AT_FDCWD, "x")).isEqualTo(-Errnos.ENOSYS);
  }

  @Test
  void mounts_areReadFromTheKernelsStructures() {
    ByteBuffer raw = ByteBuffer.allocate(2 * 2168).order(ByteOrder.nativeOrder());
    raw.putLong(48, 0x1a01000004L).put(72, bytes("apfs")).put(88, bytes("/"));
    raw.put(1112, bytes("/dev/disk3s1s1"));
    raw.putLong(2168 + 48, 0x1900000031L).put(2168 + 72, bytes("macfuse"));
    raw.put(2168 + 88, bytes("/private/tmp/a view")).put(2168 + 1112, bytes("inputfs:/s"));
    assertThat(MacMounts.decode(raw.array()))
        .containsExactly(
            new MacMounts.Mounted(0x1a01000004L, "apfs", "/", "/dev/disk3s1s1"),
            new MacMounts.Mounted(0x1900000031L, "macfuse", "/private/tmp/a view", "inputfs:/s"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void socketAddresses_tellTheirLengthOnMacOs() {
    assertThat(LocalSocket.family(106, true)).isEqualTo((short) 0x016a);
    assertThat(LocalSocket.family(110, false)).isEqualTo((short) 1);
  }

  @Test
  void programs_getTheStandardStreamsThatAreNotRedirected() {
    Path file = Path.of("f");
    assertThat(Processes.inherited(List.of())).containsExactly(0, 1, 2);
    assertThat(
            Processes.inherited(
                List.of(new Processes.Redirect.To(1, file), new Processes.Redirect.Like(2, 1))))
        .containsExactly(0);
  }

  @Test
  void effectiveUser_isThatOfTheCall() throws IOException {
    assertThat(Host.effectiveUser()).isEqualTo(linux.geteuid());
  }

  @Test
  void symbols_areThoseWithInodeNumbersOf64Bits() {
    assertThat(MacCalls.symbol("fstat", "x86_64")).isEqualTo("fstat$INODE64");
    assertThat(MacCalls.symbol("fstat", "aarch64")).isEqualTo("fstat");
  }

  /** Another process, to which Java says that it is on macOS, tells which numbers it takes. */
  @Test
  void constants_onMacOs_areItsOwn() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.addAll(List.of("-Dos.name=Mac OS X", "-cp", System.getProperty("java.class.path")));
    command.add(MacConstants.class.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said.lines())
        .containsExactlyInAnyOrder(
            // sys/fcntl.h, sys/stat.h, sys/stdio.h, sys/_types/_seek_set.h
            "AT_FDCWD -2",
            "AT_SYMLINK_NOFOLLOW 32",
            "AT_SYMLINK_FOLLOW 64",
            "AT_REMOVEDIR 128",
            "O_CREAT 512",
            "O_EXCL 2048",
            "O_TRUNC 1024",
            "O_APPEND 8",
            "O_NOFOLLOW 256",
            "O_DIRECTORY 1048576",
            "O_CLOEXEC 16777216",
            "UTIME_OMIT -2",
            "UTIME_NOW -1",
            "RENAME_NOREPLACE 4",
            "RENAME_EXCHANGE 2",
            "SEEK_DATA 4",
            "SEEK_HOLE 3",
            // sys/errno.h
            "EAGAIN 35",
            "ELOOP 62",
            "ENAMETOOLONG 63",
            "ENOTEMPTY 66",
            "EDQUOT 69",
            "ESTALE 70",
            "ENOSYS 78",
            "EOPNOTSUPP 102",
            "ENOTSUP 45",
            "ENODATA 96",
            "ENOTCONN 57",
            "ECONNABORTED 53",
            "EPROTO 100",
            "EMLINK 31",
            "ENOTTY 25",
            "EXDEV 18",
            "EEXIST 17");
  }
}
