package build.inputfs.fuse.jnr;

import build.inputfs.fuse.mount.MountTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a filesystem is mounted.
 *
 * @param readOnly whether every change fails with EROFS
 * @param noAtime whether reading leaves access times as they are
 * @param allowOther whether processes of other users may enter, where this user may say so
 * @param entries how long the kernel remembers a name
 * @param attributes how long it remembers attributes: where files have several names, a change
 *     waits that long if they were just looked at (see {@link SharedNames})
 * @param absences how long it remembers that there is no such name
 * @param threads how many threads may serve the mount at once
 * @param remembered of how many files the paths are remembered
 * @param ignoringCase whether a name is found that differs in the case of its letters: see {@link
 *     NameFolding}
 * @param source what the mount names as its source
 */
public record JnrOptions(
    boolean readOnly,
    boolean noAtime,
    boolean allowOther,
    Duration entries,
    Duration attributes,
    Duration absences,
    int threads,
    int remembered,
    boolean ignoringCase,
    String source) {

  /** For ever: 68 years, which no kernel's clock arithmetic overflows on. */
  public static final Duration UNLIMITED = Duration.ofSeconds(Integer.MAX_VALUE);

  /** A writable mount of a filesystem that changes only by what is asked through it. */
  public static final JnrOptions PRIVATE =
      new JnrOptions(
          false,
          true,
          true,
          UNLIMITED,
          Duration.ofSeconds(1),
          UNLIMITED,
          16,
          1 << 18,
          false,
          MountTable.SOURCE);

  /** The largest write that the kernel sends to libfuse 2, in bytes. */
  private static final int LARGEST_WRITE = 128 << 10;

  public JnrOptions withReadOnly(boolean value) {
    return new JnrOptions(
        value,
        noAtime,
        allowOther,
        entries,
        value ? UNLIMITED : attributes,
        absences,
        threads,
        remembered,
        ignoringCase,
        source);
  }

  /** Names in another case would be remembered too, and outlive the name. */
  public JnrOptions withIgnoringCase(boolean value) {
    return new JnrOptions(
        readOnly,
        noAtime,
        allowOther,
        value ? attributes : entries,
        attributes,
        absences,
        threads,
        remembered,
        value,
        source);
  }

  public JnrOptions withSource(String value) {
    return new JnrOptions(
        readOnly,
        noAtime,
        allowOther,
        entries,
        attributes,
        absences,
        threads,
        remembered,
        ignoringCase,
        value);
  }

  public JnrOptions withRemembered(int value) {
    return new JnrOptions(
        readOnly,
        noAtime,
        allowOther,
        entries,
        attributes,
        absences,
        threads,
        value,
        ignoringCase,
        source);
  }

  /** The library's own options: the same everywhere. */
  List<String> libraryOptions() {
    List<String> words = new ArrayList<>();
    words.add("default_permissions");
    words.add("use_ino");
    words.add("atomic_o_trunc");
    words.add("big_writes");
    words.add("max_write=" + LARGEST_WRITE);
    words.add("entry_timeout=" + seconds(entries));
    words.add("attr_timeout=" + seconds(attributes));
    words.add("negative_timeout=" + seconds(absences));
    return words;
  }

  private static String seconds(Duration duration) {
    return "%d.%03d".formatted(duration.toSeconds(), duration.toMillisPart());
  }
}
