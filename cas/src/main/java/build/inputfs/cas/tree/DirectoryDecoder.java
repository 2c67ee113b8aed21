package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns one encoded {@code Directory} message into an {@link InputDirectory}, or refuses it.
 *
 * <p>It reads the wire format itself, so that no name or hash becomes a String on its way. Tags are
 * field number × 8 + wire type; a field that occurs twice is taken as the protobuf specification
 * says: the last one counts, and messages are merged. For one use by one thread.
 */
final class DirectoryDecoder {
  private static final int VARINT = 0;
  private static final int BYTES = 2;

  private final Digest digest;
  private final byte[] encoded;
  private final CodedInputStream in;
  private final int hashLength;
  private final List<Node> files = new ArrayList<>();
  private final List<Node> directories = new ArrayList<>();
  private final List<Node> symlinks = new ArrayList<>();
  private final Node own = new Node(Kind.DIRECTORY);

  DirectoryDecoder(Digest digest, byte[] encoded) {
    this.digest = digest;
    this.encoded = encoded;
    this.in = CodedInputStream.newInstance(encoded);
    this.hashLength = digest.hashLength();
  }

  /** An entry as it is read: texts are ranges of the encoded message. */
  private static final class Node {
    final Kind kind;
    int nameStart;
    int nameLength;
    int hashStart;
    int hashLength;
    long size;
    boolean executable;
    int targetStart;
    int targetLength;
    boolean hasMode;
    int mode;
    boolean hasMtime;
    long seconds;
    int nanos;

    Node(Kind kind) {
      this.kind = kind;
    }

    boolean hasProperties() {
      return hasMode || hasMtime;
    }
  }

  InputDirectory decode() throws InvalidTreeException {
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (tag) {
          case 1 << 3 | BYTES -> files.add(node(Kind.FILE));
          case 2 << 3 | BYTES -> directories.add(node(Kind.DIRECTORY));
          case 3 << 3 | BYTES -> symlinks.add(node(Kind.SYMLINK));
          case 5 << 3 | BYTES -> properties(own);
          default -> skip(tag);
        }
      }
    } catch (InvalidTreeException e) {
      throw e;
    } catch (IOException e) {
      throw new InvalidTreeException(digest, "it is not a Directory message: " + e.getMessage());
    }
    checkProperties(own);
    checkOrder(files, "files");
    checkOrder(directories, "directories");
    checkOrder(symlinks, "symlinks");
    return pack(merge(merge(files, directories), symlinks));
  }

  private Node node(Kind kind) throws IOException {
    Node node = new Node(kind);
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | BYTES -> {
          node.nameLength = in.readRawVarint32();
          node.nameStart = text(node.nameLength);
        }
        case 2 << 3 | BYTES -> {
          if (kind == Kind.SYMLINK) {
            node.targetLength = in.readRawVarint32();
            node.targetStart = text(node.targetLength);
          } else {
            digest(node);
          }
        }
        case 4 << 3 | VARINT -> {
          if (kind == Kind.FILE) {
            node.executable = in.readBool();
          } else {
            skip(tag);
          }
        }
        case 4 << 3 | BYTES -> {
          if (kind == Kind.SYMLINK) {
            properties(node);
          } else {
            skip(tag);
          }
        }
        case 6 << 3 | BYTES -> {
          if (kind == Kind.FILE) {
            properties(node);
          } else {
            skip(tag);
          }
        }
        default -> skip(tag);
      }
    }
    in.popLimit(outer);
    check(node);
    return node;
  }

  private void digest(Node node) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | BYTES -> {
          node.hashLength = in.readRawVarint32();
          node.hashStart = text(node.hashLength);
        }
        case 2 << 3 | VARINT -> node.size = in.readInt64();
        default -> skip(tag);
      }
    }
    in.popLimit(outer);
  }

  private void properties(Node node) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 2 << 3 | BYTES -> {
          node.hasMtime = true;
          timestamp(node);
        }
        case 3 << 3 | BYTES -> {
          node.hasMode = true;
          mode(node);
        }
        default -> skip(tag);
      }
    }
    in.popLimit(outer);
  }

  private void timestamp(Node node) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | VARINT -> node.seconds = in.readInt64();
        case 2 << 3 | VARINT -> node.nanos = in.readInt32();
        default -> skip(tag);
      }
    }
    in.popLimit(outer);
  }

  private void mode(Node node) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (1 << 3 | VARINT)) {
        node.mode = in.readUInt32();
      } else {
        skip(tag);
      }
    }
    in.popLimit(outer);
  }

  /** Steps over a text and returns where it begins. */
  private int text(int length) throws IOException {
    int start = in.getTotalBytesRead();
    in.skipRawBytes(length);
    return start;
  }

  private void skip(int tag) throws IOException {
    if (!in.skipField(tag)) {
      throw new InvalidProtocolBufferException("a group ends that did not begin");
    }
  }

  private void check(Node node) throws InvalidTreeException {
    refuseIf(EntryRules.problemWithName(encoded, node.nameStart, node.nameLength));
    switch (node.kind) {
      case FILE, DIRECTORY -> {
        checkHash(node);
        if (node.size < 0) {
          throw refused(name(node) + " has a size of " + node.size);
        }
      }
      case SYMLINK -> {
        String wrong = EntryRules.problemWithTarget(encoded, node.targetStart, node.targetLength);
        if (wrong != null) {
          throw refused("symlink " + name(node) + ": " + wrong);
        }
      }
    }
    checkProperties(node);
  }

  private void checkHash(Node node) throws InvalidTreeException {
    if (node.hashLength != 2 * hashLength) {
      throw refused(
          "%s has a hash of %d digits, and %d are needed"
              .formatted(name(node), node.hashLength, 2 * hashLength));
    }
    for (int i = node.hashStart; i < node.hashStart + node.hashLength; i++) {
      byte b = encoded[i];
      if ((b < '0' || b > '9') && (b < 'a' || b > 'f')) {
        throw refused("the hash of " + name(node) + " is not lowercase hexadecimal");
      }
    }
  }

  private void checkProperties(Node node) throws InvalidTreeException {
    if (node.hasMode) {
      refuseIf(EntryRules.problemWithMode(node.mode));
    }
    if (node.hasMtime) {
      refuseIf(EntryRules.problemWithMtime(node.seconds, node.nanos));
    }
  }

  private void checkOrder(List<Node> nodes, String what) throws InvalidTreeException {
    for (int i = 1; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      int order = compare(nodes.get(i - 1), node);
      if (order == 0) {
        throw duplicate(node);
      }
      if (order > 0) {
        throw refused("%s are not sorted: %s is misplaced".formatted(what, name(node)));
      }
    }
  }

  private List<Node> merge(List<Node> left, List<Node> right) throws InvalidTreeException {
    if (right.isEmpty()) {
      return left;
    }
    List<Node> merged = new ArrayList<>(left.size() + right.size());
    int l = 0;
    int r = 0;
    while (l < left.size() && r < right.size()) {
      int order = compare(left.get(l), right.get(r));
      if (order == 0) {
        throw duplicate(right.get(r));
      }
      merged.add(order < 0 ? left.get(l++) : right.get(r++));
    }
    merged.addAll(left.subList(l, left.size()));
    merged.addAll(right.subList(r, right.size()));
    return merged;
  }

  private int compare(Node a, Node b) {
    return Arrays.compareUnsigned(
        encoded,
        a.nameStart,
        a.nameStart + a.nameLength,
        encoded,
        b.nameStart,
        b.nameStart + b.nameLength);
  }

  private InputDirectory pack(List<Node> nodes) {
    int count = nodes.size();
    int textLength = 0;
    boolean hasProperties = own.hasProperties();
    for (Node node : nodes) {
      textLength += node.nameLength + node.targetLength;
      hasProperties |= node.hasProperties();
    }
    byte[] flags = new byte[count];
    byte[] texts = new byte[textLength];
    int[] ends = new int[count];
    byte[] hashes = new byte[count * hashLength];
    long[] sizes = new long[count];
    PackedProperties properties = hasProperties ? new PackedProperties(count + 1) : null;
    int end = 0;
    for (int i = 0; i < count; i++) {
      Node node = nodes.get(i);
      flags[i] = (byte) (node.kind.code() | (node.executable ? InputDirectory.EXECUTABLE : 0));
      System.arraycopy(encoded, node.nameStart, texts, end, node.nameLength);
      end += node.nameLength;
      System.arraycopy(encoded, node.targetStart, texts, end, node.targetLength);
      end += node.targetLength;
      ends[i] = end;
      sizes[i] = node.kind == Kind.SYMLINK ? node.targetLength : node.size;
      packHash(node, hashes, i * hashLength);
      packProperties(node, properties, i);
    }
    packProperties(own, properties, count);
    return new InputDirectory(hashLength, flags, texts, ends, hashes, sizes, properties);
  }

  private void packHash(Node node, byte[] hashes, int offset) {
    for (int i = 0; i < node.hashLength / 2; i++) {
      int digits = node.hashStart + 2 * i;
      hashes[offset + i] =
          (byte)
              (HexFormat.fromHexDigit(encoded[digits]) << 4
                  | HexFormat.fromHexDigit(encoded[digits + 1]));
    }
  }

  private static void packProperties(Node node, @Nullable PackedProperties properties, int index) {
    if (properties != null) {
      properties.set(
          index, node.hasMode ? node.mode : -1, node.seconds, node.hasMtime ? node.nanos : -1);
    }
  }

  private String name(Node node) {
    return EntryRules.show(encoded, node.nameStart, node.nameLength);
  }

  private InvalidTreeException duplicate(Node node) {
    return refused("two entries are named " + name(node));
  }

  private void refuseIf(@Nullable String problem) throws InvalidTreeException {
    if (problem != null) {
      throw refused(problem);
    }
  }

  private InvalidTreeException refused(String reason) {
    return new InvalidTreeException(digest, reason);
  }
}
