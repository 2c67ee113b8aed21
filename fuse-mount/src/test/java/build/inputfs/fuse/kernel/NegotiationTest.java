package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * INIT with kernels of several ages. A pair of sockets that keep messages apart stands for the
 * device; what such a kernel sends is put into one end before.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class NegotiationTest {
  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;

  /** What Linux 5.4 offers with 7.31, and 6.18 with 7.45: as seen. */
  private static final long FLAGS_5_4 = 0x03fffffbL;

  private static final long FLAGS_6_18 = 0x1ff_73fffffbL;

  private final Posix posix = Posix.load();
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(4096, 8);
  private final ByteBuffer buffer = memory.asByteBuffer().order(ByteOrder.nativeOrder());
  private final int[] ends = new int[2];

  @BeforeEach
  void open() {
    assertThat(posix.socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends)).isZero();
  }

  @AfterEach
  void close() {
    posix.close(ends[0]);
    posix.close(ends[1]);
    arena.close();
  }

  private void send(int major, int minor, long flags) {
    buffer.clear();
    boolean extended = minor >= 36;
    buffer.putInt(extended ? 104 : 56).putInt(26).putLong(77).putLong(0);
    buffer.putInt(0).putInt(0).putInt(0).putInt(0);
    buffer.putInt(major).putInt(minor).putInt(131072).putInt((int) flags);
    buffer.putInt((int) (flags >>> 32));
    long length = extended ? 104 : 56;
    assertThat(posix.write(ends[0], memory.address(), length)).isEqualTo(length);
  }

  private void receive() {
    buffer.clear();
    assertThat(posix.read(ends[0], memory.address(), 4096)).isEqualTo(buffer.getInt(0));
    assertThat(buffer.getLong(8)).isEqualTo(77);
  }

  private Negotiation negotiate(MountOptions options) throws MountException {
    return Negotiation.perform(posix, ends[1], options);
  }

  @Test
  void oldKernel_isAskedForNothingThatItDoesNotHave() throws Exception {
    send(7, 31, FLAGS_5_4);
    Negotiation agreed = negotiate(MountOptions.PRIVATE);
    assertThat(agreed.minor()).isEqualTo(31);
    assertThat(agreed.flags() & ~FLAGS_5_4).isZero();
    assertThat(agreed.flags()).isNotZero();
    assertThat(agreed.passthrough()).isFalse();
    receive();
    assertThat(buffer.getInt(4)).isZero();
    assertThat(buffer.getInt(16)).isEqualTo(7);
    assertThat(buffer.getInt(20)).isEqualTo(31);
    assertThat(buffer.getInt(28) & 0xffffffffL).isEqualTo(agreed.flags());
    assertThat(buffer.getInt(48)).isZero(); // flags2
    assertThat(buffer.getInt(52)).isZero(); // max_stack_depth
  }

  @Test
  void newKernel_isAskedForPassthrough_ifWantedAndPermitted() throws Exception {
    send(7, 45, FLAGS_6_18);
    Negotiation agreed = negotiate(MountOptions.PRIVATE);
    assertThat(agreed.minor()).isEqualTo(45);
    assertThat(agreed.passthrough()).isEqualTo(posix.geteuid() == 0);
    receive();
    assertThat(buffer.getInt(48) & 0xffffffffL).isEqualTo(agreed.flags() >>> 32);
    assertThat(buffer.getInt(52)).isEqualTo(agreed.passthrough() ? 1 : 0);

    send(7, 45, FLAGS_6_18);
    assertThat(negotiate(MountOptions.PRIVATE.withPassthrough(false)).passthrough()).isFalse();
  }

  @Test
  void newerMinorVersion_isAnsweredWithOurs() throws Exception {
    send(7, 99, ~0L);
    assertThat(negotiate(MountOptions.PRIVATE).minor()).isEqualTo(Protocol.MINOR);
    receive();
    assertThat(buffer.getInt(20)).isEqualTo(Protocol.MINOR);
    // Never asked for: locks, masks and set-id bits are the kernel's, pages are written through.
    long agreed = buffer.getInt(28) & 0xffffffffL;
    for (int bit : new int[] {1, 4, 6, 10, 16, 17, 19, 20, 28}) {
      assertThat(agreed & 1L << bit).as("bit " + bit).isZero();
    }
  }

  @Test
  void newerMajorVersion_isToldOursAndAsksAgain() throws Exception {
    send(8, 3, ~0L);
    send(7, 45, FLAGS_6_18);
    assertThat(negotiate(MountOptions.PRIVATE).minor()).isEqualTo(45);
    receive();
    assertThat(buffer.getInt(16)).isEqualTo(7);
    receive();
    assertThat(buffer.getInt(20)).isEqualTo(45);
  }

  @Test
  void kernelThatIsTooOld_isRefused() {
    send(7, 30, FLAGS_5_4);
    assertThatThrownBy(() -> negotiate(MountOptions.PRIVATE))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("7.30")
        .hasMessageContaining("Linux 5.4");
    receive();
    assertThat(buffer.getInt(4)).isEqualTo(-71); // EPROTO
  }

  @Test
  void withoutCachedSymlinks_kernelIsNotAskedForThem() throws Exception {
    send(7, 45, FLAGS_6_18);
    assertThat(negotiate(MountOptions.PRIVATE).flags() & Protocol.CACHE_SYMLINKS).isNotZero();
    send(7, 45, FLAGS_6_18);
    MountOptions options = MountOptions.PRIVATE.withCaching(CachePolicy.NONE);
    assertThat(negotiate(options).flags() & Protocol.CACHE_SYMLINKS).isZero();
  }

  @Test
  void rings_areAskedForWhereTheyAreWantedAndOffered() throws Exception {
    long offered = 1L << 41;
    send(7, 45, FLAGS_6_18 | offered);
    assertThat(negotiate(MountOptions.PRIVATE).ring()).isFalse();
    send(7, 45, FLAGS_6_18 & ~offered);
    assertThat(negotiate(MountOptions.PRIVATE.withRing(true)).ring()).isFalse();
    send(7, 45, FLAGS_6_18 | offered);
    assertThat(negotiate(MountOptions.PRIVATE.withRing(true)).ring()).isTrue();
    receive();
    receive();
    receive();
    assertThat(buffer.getInt(48) & (int) (offered >>> 32)).isNotZero();
  }
}
