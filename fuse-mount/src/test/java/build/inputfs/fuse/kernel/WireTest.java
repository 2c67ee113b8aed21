package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * The layouts of linux/fuse.h. What a request holds is written here field by field in the order of
 * the header file; what a reply must hold is compared likewise, in a buffer full of rubbish.
 */
final class WireTest {
  private final ByteBuffer in = ByteBuffer.allocateDirect(4096).order(ByteOrder.nativeOrder());
  private final ByteBuffer out = ByteBuffer.allocateDirect(8192).order(ByteOrder.nativeOrder());
  private final Request request = new Request(in);
  private final Reply reply = new Reply(out);

  WireTest() {
    for (int i = 0; i < out.capacity(); i++) {
      out.put(i, (byte) 0xa5);
    }
  }

  /** Starts a request; the operation's fields are then put behind one another. */
  private ByteBuffer request(int opcode) {
    in.clear();
    in.putInt(0).putInt(opcode).putLong(0x1122334455667788L).putLong(42);
    in.putInt(1001).putInt(1002).putInt(1003).putShort((short) 0).putShort((short) 0);
    assertThat(in.position()).isEqualTo(Request.HEADER);
    return in;
  }

  private void end() {
    in.putInt(0, in.position());
  }

  private ByteBuffer string(String text) {
    return in.put(text.getBytes(StandardCharsets.ISO_8859_1)).put((byte) 0);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  @Test
  void header_isReadFieldByField() {
    request(3);
    end();
    assertThat(request.opcode()).isEqualTo(Opcode.GETATTR);
    assertThat(request.unique()).isEqualTo(0x1122334455667788L);
    assertThat(request.node()).isEqualTo(42);
    Caller caller = new Caller();
    request.caller(caller);
    assertThat(caller.uid).isEqualTo(1001);
    assertThat(caller.gid).isEqualTo(1002);
    assertThat(caller.pid).isEqualTo(1003);
  }

  @Test
  void opcode_thatIsNotKnown_isUnknown() {
    assertThat(Opcode.of(7)).isEqualTo(Opcode.UNKNOWN);
    assertThat(Opcode.of(63)).isEqualTo(Opcode.UNKNOWN);
    assertThat(Opcode.of(4096)).isEqualTo(Opcode.UNKNOWN);
    assertThat(Opcode.of(-1)).isEqualTo(Opcode.UNKNOWN);
    for (Opcode opcode : Opcode.values()) {
      assertThat(Opcode.of(opcode.number())).isEqualTo(opcode);
    }
  }

  @Test
  void setattr_readsWhatIsValid() {
    request(4);
    in.putInt(Protocol.FATTR_MODE | Protocol.FATTR_SIZE | Protocol.FATTR_MTIME).putInt(0);
    in.putLong(1).putLong(1L << 40).putLong(3); // fh, size, lock_owner
    in.putLong(-5).putLong(6).putLong(7); // atime, mtime, ctime
    in.putInt(8).putInt(9).putInt(10).putInt(0644).putInt(0); // nanoseconds, mode
    in.putInt(12).putInt(13).putInt(0); // uid, gid
    end();
    AttributeChange change = new AttributeChange();
    change.setUid = true;
    request.setattr(change);
    assertThat(change.setMode).isTrue();
    assertThat(change.setSize).isTrue();
    assertThat(change.setMtime).isTrue();
    assertThat(change.setUid).isFalse();
    assertThat(change.setGid).isFalse();
    assertThat(change.setAtime).isFalse();
    assertThat(change.atimeNow).isFalse();
    assertThat(change.mtimeNow).isFalse();
    assertThat(change.size).isEqualTo(1L << 40);
    assertThat(change.atimeSeconds).isEqualTo(-5);
    assertThat(change.mtimeSeconds).isEqualTo(6);
    assertThat(change.atimeNanos).isEqualTo(8);
    assertThat(change.mtimeNanos).isEqualTo(9);
    assertThat(change.mode).isEqualTo(0644);
    assertThat(change.uid).isEqualTo(12);
    assertThat(change.gid).isEqualTo(13);
  }

  @Test
  void setattr_readsThatTimesAreNow() {
    request(4);
    in.putInt(
        Protocol.FATTR_ATIME
            | Protocol.FATTR_MTIME
            | Protocol.FATTR_ATIME_NOW
            | Protocol.FATTR_MTIME_NOW);
    in.position(128);
    end();
    AttributeChange change = new AttributeChange();
    request.setattr(change);
    assertThat(change.atimeNow).isTrue();
    assertThat(change.mtimeNow).isTrue();
  }

  @Test
  void names_areReadBehindTheirStructures() {
    request(8).putInt(010644).putInt(0).putInt(022).putInt(0);
    string("node");
    end();
    assertThat(request.mknodMode()).isEqualTo(010644);
    assertThat(text(request.mknodName())).isEqualTo("node");

    request(9).putInt(0755).putInt(022);
    string("folder");
    end();
    assertThat(request.mkdirMode()).isEqualTo(0755);
    assertThat(text(request.mkdirName())).isEqualTo("folder");

    request(6);
    string("name");
    string("target/of it");
    end();
    assertThat(text(request.name())).isEqualTo("name");
    assertThat(text(request.nameAfter(request.name()))).isEqualTo("target/of it");

    request(13).putLong(77);
    string("second");
    end();
    assertThat(request.linkNode()).isEqualTo(77);
    assertThat(text(request.linkName())).isEqualTo("second");
  }

  @Test
  void rename_isReadInBothForms() {
    request(12).putLong(7);
    string("a");
    string("bc");
    end();
    assertThat(request.renameParent()).isEqualTo(7);
    assertThat(text(request.renameFrom(false))).isEqualTo("a");
    assertThat(text(request.renameTo(false, request.renameFrom(false)))).isEqualTo("bc");

    request(45).putLong(8).putInt(2).putInt(0);
    string("abc");
    string("d");
    end();
    assertThat(request.renameParent()).isEqualTo(8);
    assertThat(request.rename2Flags()).isEqualTo(2);
    assertThat(text(request.renameFrom(true))).isEqualTo("abc");
    assertThat(text(request.renameTo(true, request.renameFrom(true)))).isEqualTo("d");
  }

  @Test
  void openAndCreate_areRead() {
    request(14).putInt(0x8001).putInt(0);
    end();
    assertThat(request.openFlags()).isEqualTo(0x8001);

    request(35).putInt(0xc2).putInt(0100640).putInt(022).putInt(0);
    string("fresh");
    end();
    assertThat(request.openFlags()).isEqualTo(0xc2);
    assertThat(request.createMode()).isEqualTo(0100640);
    assertThat(text(request.createName())).isEqualTo("fresh");
  }

  @Test
  void readAndWrite_areRead() {
    request(16).putLong(5).putLong(1L << 33).putInt(4096).putInt(4);
    in.putLong(0).putInt(0).putInt(0);
    assertThat(in.position()).isEqualTo(Request.WRITE_DATA);
    in.put((byte) 'x');
    end();
    assertThat(request.handle()).isEqualTo(5);
    assertThat(request.ioOffset()).isEqualTo(1L << 33);
    assertThat(request.ioSize()).isEqualTo(4096);
    assertThat(request.writeFlags()).isEqualTo(4);
  }

  @Test
  void otherFileOperations_areRead() {
    request(43).putLong(5).putLong(6).putLong(7).putInt(3).putInt(0);
    end();
    assertThat(request.handle()).isEqualTo(5);
    assertThat(request.fallocateOffset()).isEqualTo(6);
    assertThat(request.fallocateLength()).isEqualTo(7);
    assertThat(request.fallocateMode()).isEqualTo(3);

    request(46).putLong(5).putLong(6).putInt(4).putInt(0);
    end();
    assertThat(request.seekOffset()).isEqualTo(6);
    assertThat(request.seekWhence()).isEqualTo(4);

    request(47).putLong(5).putLong(6).putLong(7).putLong(8).putLong(9).putLong(10).putLong(0);
    end();
    assertThat(request.copyFromOffset()).isEqualTo(6);
    assertThat(request.copyTo()).isEqualTo(7);
    assertThat(request.copyToOffset()).isEqualTo(9);
    assertThat(request.copyLength()).isEqualTo(10);

    request(20).putLong(5).putInt(1).putInt(0);
    end();
    assertThat(request.fsyncFlags()).isEqualTo(1);
  }

  @Test
  void forgets_areRead() {
    request(2).putLong(3);
    end();
    assertThat(request.forgetCount()).isEqualTo(3);

    request(42).putInt(2).putInt(0).putLong(10).putLong(1).putLong(11).putLong(4);
    end();
    assertThat(request.batchForgetLength()).isEqualTo(2);
    assertThat(request.batchForgetNode(0)).isEqualTo(10);
    assertThat(request.batchForgetCount(0)).isEqualTo(1);
    assertThat(request.batchForgetNode(1)).isEqualTo(11);
    assertThat(request.batchForgetCount(1)).isEqualTo(4);
  }

  @Test
  void init_readsTheUpperFlagsOnlyOfKernelsThatHaveThem() {
    request(26).putInt(7).putInt(31).putInt(131072).putInt(0x03ffffff);
    end();
    assertThat(request.initMajor()).isEqualTo(7);
    assertThat(request.initMinor()).isEqualTo(31);
    assertThat(request.initMaxReadahead()).isEqualTo(131072);
    assertThat(request.initFlags()).isEqualTo(0x03ffffffL);

    request(26).putInt(7).putInt(45).putInt(131072).putInt(0x73fffffb).putInt(0x3f);
    in.position(104);
    end();
    assertThat(request.initFlags()).isEqualTo(0x3f_73fffffbL);
  }

  private Attributes attributes() {
    Attributes attributes = new Attributes();
    attributes.ino = 0x1_0000_0001L;
    attributes.size = 2;
    attributes.blocks = 3;
    attributes.mode = FileType.REGULAR | 0444;
    attributes.nlink = 4;
    attributes.uid = 5;
    attributes.gid = 6;
    attributes.atimeSeconds = 7;
    attributes.atimeNanos = 8;
    attributes.mtimeSeconds = 9;
    attributes.mtimeNanos = 10;
    attributes.ctimeSeconds = 11;
    attributes.ctimeNanos = 12;
    return attributes;
  }

  private int expectAttributes(int at) {
    out.position(at);
    for (long value : new long[] {0x1_0000_0001L, 2, 3, 7, 9, 11}) {
      assertThat(out.getLong()).isEqualTo(value);
    }
    for (int value : new int[] {8, 10, 12, FileType.REGULAR | 0444, 4, 5, 6, 0, 4096, 0}) {
      assertThat(out.getInt()).isEqualTo(value);
    }
    return out.position();
  }

  private void expectHeader(int length, int error) {
    assertThat(out.getInt(0)).isEqualTo(length);
    assertThat(out.getInt(4)).isEqualTo(error);
    assertThat(out.getLong(8)).isEqualTo(99);
  }

  @Test
  void attributes_areWritten() {
    assertThat(reply.attributes(99, attributes(), 1234)).isEqualTo(16 + 104);
    expectHeader(16 + 104, 0);
    assertThat(out.getLong(16)).isEqualTo(1234);
    assertThat(out.getLong(24)).isZero();
    assertThat(expectAttributes(32)).isEqualTo(16 + 104);
  }

  @Test
  void entry_isWritten_andAttributesThatMayChangeAreNotKept() {
    CachePolicy caching = new CachePolicy(1, 2, 3, true, true);
    Attributes attributes = attributes();
    reply.putEntry(16, 55, attributes, caching, new Successors());
    out.position(16);
    for (long value : new long[] {55, 0, 1, 2, 0}) {
      assertThat(out.getLong()).isEqualTo(value);
    }
    assertThat(expectAttributes(out.position())).isEqualTo(16 + Reply.ENTRY);

    attributes.volatileNow = true;
    reply.putEntry(16, 55, attributes, caching, new Successors());
    assertThat(out.getLong(32)).isEqualTo(1);
    assertThat(out.getLong(40)).isZero();
  }

  @Test
  void entry_ofANodeWithASuccessor_namesTheSuccessorAndKeepsNoAttributes() {
    Successors successors = new Successors();
    assertThat(successors.succeed(55)).isTrue();
    reply.putEntry(16, 55, attributes(), CachePolicy.PRIVATE, successors);
    long number = out.getLong(16);
    assertThat(number).isNotEqualTo(55);
    assertThat(Successors.toFileSystem(number)).isEqualTo(55);
    assertThat(out.getLong(40)).isZero();
    assertThat(successors.succeed(number)).isFalse();
    assertThat(successors.toKernel(56)).isEqualTo(56);
  }

  @Test
  void noEntry_isAnEntryWithoutNode() {
    assertThat(reply.noEntry(99, 7)).isEqualTo(16 + 128);
    expectHeader(16 + 128, 0);
    assertThat(out.getLong(16)).isZero();
    assertThat(out.getLong(32)).isEqualTo(7);
    assertThat(out.getLong(40)).isZero();
  }

  @Test
  void open_isWritten_aloneAndBehindAnEntry() {
    assertThat(reply.open(99, 0, 0x12345678L, 0x80, 3)).isEqualTo(16 + 16);
    assertThat(out.getLong(16)).isEqualTo(0x12345678L);
    assertThat(out.getInt(24)).isEqualTo(0x80);
    assertThat(out.getInt(28)).isEqualTo(3);
    assertThat(reply.open(99, Reply.ENTRY, 1, 2, 3)).isEqualTo(16 + 128 + 16);
    assertThat(out.getLong(144)).isEqualTo(1);
  }

  @Test
  void errors_areNegative() {
    assertThat(reply.status(99, Status.NOT_EMPTY)).isEqualTo(16);
    expectHeader(16, -39);
    assertThat(reply.failure(99, Status.IO_ERROR.asResult())).isEqualTo(16);
    expectHeader(16, -5);
  }

  @Test
  void usage_isWritten() {
    FileSystemUsage usage = new FileSystemUsage();
    usage.blockSize = 4096;
    usage.blocks = 1L << 40;
    usage.freeBlocks = 2;
    usage.availableBlocks = 3;
    usage.files = 4;
    usage.freeFiles = 5;
    assertThat(reply.usage(99, usage)).isEqualTo(16 + 80);
    out.position(16);
    for (long value : new long[] {1L << 40, 2, 3, 4, 5}) {
      assertThat(out.getLong()).isEqualTo(value);
    }
    for (int value : new int[] {4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0}) {
      assertThat(out.getInt()).isEqualTo(value);
    }
  }

  @Test
  void smallReplies_areWritten() {
    assertThat(reply.written(99, 17)).isEqualTo(24);
    assertThat(out.getInt(16)).isEqualTo(17);
    assertThat(out.getInt(20)).isZero();
    assertThat(reply.number(99, 1L << 50)).isEqualTo(24);
    assertThat(out.getLong(16)).isEqualTo(1L << 50);
    assertThat(reply.bytes(99, new byte[] {1, 2, 3})).isEqualTo(19);
    assertThat(out.get(18)).isEqualTo((byte) 3);
  }

  @Test
  void init_isWritten() {
    assertThat(reply.init(99, 40, 131072, 0x3_0000_0004L, 256, 1)).isEqualTo(16 + 64);
    out.position(16);
    assertThat(out.getInt()).isEqualTo(7);
    assertThat(out.getInt()).isEqualTo(40);
    assertThat(out.getInt()).isEqualTo(131072);
    assertThat(out.getInt()).isEqualTo(4);
    out.getShort();
    out.getShort();
    assertThat(out.getInt()).isEqualTo(1 << 20);
    assertThat(out.getInt()).isEqualTo(1);
    assertThat(out.getShort()).isEqualTo((short) 256);
    assertThat(out.getShort()).isZero();
    assertThat(out.getInt()).isEqualTo(3);
    assertThat(out.getInt()).isEqualTo(1);
    for (int i = 0; i < 6; i++) {
      assertThat(out.getInt()).isZero();
    }
  }

  @Test
  void notices_areWritten() {
    assertThat(reply.forgetAttributes(77)).isEqualTo(16 + 24);
    assertThat(out.getInt(4)).isEqualTo(2);
    assertThat(out.getLong(8)).isZero();
    assertThat(out.getLong(16)).isEqualTo(77);
    assertThat(out.getLong(24)).isNegative();
    assertThat(reply.forgetContent(78)).isEqualTo(16 + 24);
    assertThat(out.getInt(4)).isEqualTo(2);
    assertThat(out.getLong(16)).isEqualTo(78);
    assertThat(out.getLong(24)).isZero();
    assertThat(out.getLong(32)).as("to the end").isZero();
  }

  @Test
  void listing_padsNamesToEightBytes_andEndsWhereTheCallersRoomEnds() {
    DirectoryReply listing = new DirectoryReply(reply, CachePolicy.PRIVATE, new Successors());
    Entry entry = new Entry();
    entry.attributes.ino = 21;
    entry.attributes.mode = FileType.DIRECTORY | 0755;
    byte[] names = "..abcdefghi".getBytes(StandardCharsets.US_ASCII);

    listing.begin(false, 24 + 16 + 24 + 8);
    assertThat(listing.wantsNodes()).isFalse();
    assertThat(listing.hasRoom(9)).isTrue();
    listing.add(names, 2, 9, entry, 31);
    assertThat(listing.size()).isEqualTo(40);
    out.position(16);
    assertThat(out.getLong()).isEqualTo(21);
    assertThat(out.getLong()).isEqualTo(31);
    assertThat(out.getInt()).isEqualTo(9);
    assertThat(out.getInt()).isEqualTo(4);
    byte[] padded = new byte[16];
    out.get(padded);
    assertThat(padded)
        .isEqualTo(Arrays.copyOf("abcdefghi".getBytes(StandardCharsets.US_ASCII), 16));
    assertThat(listing.hasRoom(8)).isTrue();
    assertThat(listing.hasRoom(9)).isFalse();
  }

  @Test
  void listingWithNodes_putsAnEntryBeforeEachName() {
    DirectoryReply listing = new DirectoryReply(reply, CachePolicy.PRIVATE, new Successors());
    Entry entry = new Entry();
    entry.node = 5;
    entry.attributes.ino = 21;
    entry.attributes.mode = FileType.SYMLINK | 0777;
    listing.begin(true, 4096);
    listing.addDots(DirectoryReply.DOT, entry.attributes, 1);
    assertThat(listing.size()).isEqualTo(160);
    assertThat(out.getLong(16)).isZero();
    listing.add("xy".getBytes(StandardCharsets.US_ASCII), 0, 2, entry, 3);
    assertThat(out.getLong(16 + 160)).isEqualTo(5);
    assertThat(out.getInt(16 + 160 + 128 + 20)).isEqualTo(10);
    assertThat(out.get(16 + 160 + 152)).isEqualTo((byte) 'x');
    assertThat(listing.size()).isEqualTo(320);
  }
}
