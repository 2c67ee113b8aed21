package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;

/** The three times of a node, to the nanosecond. Guarded by the filesystem's lock. */
final class Timestamps {
  private long atimeSeconds;
  private int atimeNanos;
  private long mtimeSeconds;
  private int mtimeNanos;
  private long ctimeSeconds;
  private int ctimeNanos;

  /** Sets all three to {@code now}: seconds and nanoseconds. */
  void setAll(long[] now) {
    setAtime(now[0], (int) now[1]);
    setMtime(now[0], (int) now[1]);
    setCtime(now[0], (int) now[1]);
  }

  void setAtime(long seconds, int nanos) {
    atimeSeconds = seconds;
    atimeNanos = nanos;
  }

  void setMtime(long seconds, int nanos) {
    mtimeSeconds = seconds;
    mtimeNanos = nanos;
  }

  void setCtime(long seconds, int nanos) {
    ctimeSeconds = seconds;
    ctimeNanos = nanos;
  }

  /** Notes that the node's attributes changed at {@code now}. */
  void changed(long[] now) {
    setCtime(now[0], (int) now[1]);
  }

  /** Notes that the node's content changed at {@code now}. */
  void modified(long[] now) {
    setMtime(now[0], (int) now[1]);
    changed(now);
  }

  /** Moves the change time forward to the one given, never back. */
  void raiseCtime(long seconds, int nanos) {
    if (seconds > ctimeSeconds || (seconds == ctimeSeconds && nanos > ctimeNanos)) {
      setCtime(seconds, nanos);
    }
  }

  /** Applies the access and modification times that {@code change} asks for. */
  void apply(AttributeChange change, long[] now) {
    if (change.setAtime) {
      setAtime(
          change.atimeNow ? now[0] : change.atimeSeconds,
          change.atimeNow ? (int) now[1] : change.atimeNanos);
    }
    if (change.setMtime) {
      setMtime(
          change.mtimeNow ? now[0] : change.mtimeSeconds,
          change.mtimeNow ? (int) now[1] : change.mtimeNanos);
    }
  }

  /** Copies the three times out. */
  void fill(Attributes out) {
    out.atimeSeconds = atimeSeconds;
    out.atimeNanos = atimeNanos;
    out.mtimeSeconds = mtimeSeconds;
    out.mtimeNanos = mtimeNanos;
    out.ctimeSeconds = ctimeSeconds;
    out.ctimeNanos = ctimeNanos;
  }

  /** Takes over the three times of {@code attributes}. */
  void take(Attributes attributes) {
    setAtime(attributes.atimeSeconds, attributes.atimeNanos);
    setMtime(attributes.mtimeSeconds, attributes.mtimeNanos);
    setCtime(attributes.ctimeSeconds, attributes.ctimeNanos);
  }
}
